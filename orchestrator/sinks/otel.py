"""Spans over OTLP: handed to the SDK's batch processor, which has a bounded queue and a thread of its own.

Whatever the collector does, a run is neither slowed nor failed: spans that it does not take are dropped and
counted, and at the end it is given a few seconds and no more. The SDK is imported when a sink is made, and
nothing of it is set up for the rest of the process.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from threading import Thread
from typing import TYPE_CHECKING, cast

from agentlark import __version__
from orchestrator.core.errors import UserError
from orchestrator.core.facts import Fact, Signal
from orchestrator.sinks.otel_spans import SpanFold, SpanRecord
from orchestrator.sinks.queue import QueueSink

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

MOST_QUEUED = 8192
BATCH = 512
EXPORT_S = 5.0
"""What one export may take, repeats included."""
CLOSE_S = 5.0
"""What is waited for the last of them at the end of a run."""

REMEDY = "install it: pip install 'agentlark[otel]'"


class OtelSink(QueueSink):
    """Sends a run's spans to `{endpoint}/v1/traces`. Raises UserError when the SDK is not installed."""

    def __init__(self, endpoint: str, fold: SpanFold, *, close_s: float = CLOSE_S) -> None:
        super().__init__("otel")
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
            from opentelemetry.sdk.trace.export import BatchSpanProcessor
        except ImportError as error:
            raise UserError(f"telemetry needs the extra `otel`: {error.name} is missing", REMEDY) from error
        _quieten()
        self._fold = fold
        self._endpoint = endpoint
        self._close_s = close_s
        self._handed = 0
        url = f"{endpoint.rstrip('/').removesuffix('/v1/traces')}/v1/traces"
        self._counting = _Counting(OTLPSpanExporter(endpoint=url, timeout=EXPORT_S))
        self._processor = BatchSpanProcessor(
            cast("SpanExporter", self._counting),
            max_queue_size=MOST_QUEUED,
            schedule_delay_millis=1000,
            max_export_batch_size=BATCH,
            export_timeout_millis=EXPORT_S * 1000,
        )

    def handle(self, seq: int | None, item: Fact | Signal) -> None:
        """Hand on the spans that end with a fact."""
        if seq is None:
            return
        for span in self._fold.take(item):  # type: ignore[arg-type]  # what has a number is a fact
            self._handed += 1
            self._processor.on_end(readable(span))

    def finish(self) -> None:
        """Give the collector its last seconds; what it has not taken then is given up."""
        ending = Thread(target=self._processor.shutdown, name="otel-shutdown", daemon=True)
        ending.start()
        ending.join(self._close_s)
        missing = self._handed - self._counting.taken
        if missing:
            self.failure = OSError(f"{missing} of {self._handed} spans were not taken by {self._endpoint}")


class _Counting:
    """An exporter that counts the spans that were taken."""

    def __init__(self, exporter: SpanExporter) -> None:
        self.taken = 0
        self._exporter = exporter

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Export as the exporter does."""
        from opentelemetry.sdk.trace.export import SpanExportResult

        result = self._exporter.export(spans)
        self.taken += len(spans) if result is SpanExportResult.SUCCESS else 0
        return result

    def shutdown(self) -> None:
        """Shut the exporter down."""
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Flush the exporter."""
        return bool(self._exporter.force_flush(timeout_millis))


def readable(span: SpanRecord) -> ReadableSpan:
    """A span as the SDK exports it."""
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import Event, ReadableSpan
    from opentelemetry.sdk.util.instrumentation import InstrumentationScope
    from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

    def context(span_id: int) -> SpanContext:
        return SpanContext(
            span.trace_id, span_id, is_remote=False, trace_flags=TraceFlags(TraceFlags.SAMPLED)
        )

    failed = {} if span.error is None else {"error.type": span.error}
    return ReadableSpan(
        name=span.name,
        context=context(span.span_id),
        parent=None if span.parent_id is None else context(span.parent_id),
        resource=Resource({"service.name": "agentlark", "service.version": __version__}),
        attributes={**span.attributes, **failed},
        events=[Event(each.name, dict(each.attributes), _nanoseconds(each.at)) for each in span.moments],
        kind=SpanKind.CLIENT if span.kind == "client" else SpanKind.INTERNAL,
        status=Status(StatusCode.UNSET if span.error is None else StatusCode.ERROR),
        start_time=_nanoseconds(span.began),
        end_time=_nanoseconds(span.ended),
        instrumentation_scope=InstrumentationScope("agentlark", __version__),
    )


def _nanoseconds(at: datetime) -> int:
    return round(at.timestamp() * 1_000_000) * 1000


def _quieten() -> None:
    """Keep the SDK's own complaints off the terminal: what was not taken is said once, at the end."""
    logger = logging.getLogger("opentelemetry")
    logger.addHandler(logging.NullHandler())
    logger.propagate = False
