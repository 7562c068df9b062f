"""Spans of a run for a collector, where one was named."""

from __future__ import annotations

from importlib.util import find_spec

from orchestrator.core.errors import UserError
from orchestrator.core.ports import Sink
from orchestrator.core.settings import Settings
from orchestrator.schedule.state import RunState
from orchestrator.store.journal import AgentFSJournal

REMEDY = "install it: pip install 'agentlark[otel]'"


def check_telemetry(settings: Settings) -> tuple[str, ...]:
    """What there is to say about spans before anything is spent.

    Raises UserError when they were asked for by a flag and the SDK is missing; where only the environment
    names a collector, which may be meant for others, that is said and the run goes on without.
    """
    telemetry = settings.telemetry
    if telemetry is None or _is_installed():
        return ()
    missing = "spans need the extra `otel`, which is not installed"
    if telemetry.endpoint.origin.startswith("--"):
        raise UserError(f"{telemetry.endpoint.origin}: {missing}", REMEDY)
    return (f"note: {telemetry.endpoint.origin} is set, but {missing}: none are sent; {REMEDY}",)


def telemetry_sinks(settings: Settings, state: RunState, journal: AgentFSJournal) -> list[Sink]:
    """The sink that sends spans; none where no collector was named or the SDK is missing."""
    telemetry = settings.telemetry
    if telemetry is None or not _is_installed():
        return []
    from orchestrator.sinks.otel import OtelSink
    from orchestrator.sinks.otel_spans import SpanFold

    sources = state.squad.sources
    workflow = sources[0].path if sources else "squad"
    fold = SpanFold(state.in_order(), workflow, journal.body if telemetry.content else None)
    return [OtelSink(telemetry.endpoint.value, fold)]


def _is_installed() -> bool:
    try:
        return all(find_spec(f"opentelemetry.{name}") for name in ("sdk", "exporter.otlp.proto.http"))
    except ModuleNotFoundError:
        return False
