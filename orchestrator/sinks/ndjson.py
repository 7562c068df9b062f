"""Facts as NDJSON: one committed fact a line, with its number, as programs read them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from orchestrator.core.facts import Fact, Signal
from orchestrator.sinks.queue import QueueSink


class NdjsonSink(QueueSink):
    """Writes every fact as `{"seq": n, …}`; signals are left out, because they may be lost."""

    def __init__(self, out: TextIO) -> None:
        super().__init__("json")
        self._out = out

    def handle(self, seq: int | None, item: Fact | Signal) -> None:
        """Write one fact."""
        if seq is not None:
            with _read_by_somebody():
                self._out.write(as_line(seq, item))

    def flush(self) -> None:
        """Let the reader have the lines written so far."""
        with _read_by_somebody():
            self._out.flush()


def as_line(seq: int, item: Fact | Signal) -> str:
    """A fact and its number as one line of JSON."""
    return f'{{"seq":{seq},{item.model_dump_json()[1:]}\n'


@contextmanager
def _read_by_somebody() -> Iterator[None]:
    """Say in words what a broken pipe means here."""
    try:
        yield
    except BrokenPipeError as error:
        raise BrokenPipeError("the reader of --json has gone") from error
