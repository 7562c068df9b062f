"""Facts as NDJSON: one committed fact a line, with its number, as programs read them; and waits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from orchestrator.core.facts import Fact, Signal, Waiting
from orchestrator.sinks.queue import QueueSink


class NdjsonSink(QueueSink):
    """Writes every fact as `{"seq": n, …}`, and who waits until when as `{"seq": null, …}`.

    Other signals are left out, because they may be lost; of a wait, so may be what it says.
    """

    def __init__(self, out: TextIO) -> None:
        super().__init__("json")
        self._out = out

    def handle(self, seq: int | None, item: Fact | Signal) -> None:
        """Write one fact, or one wait."""
        if seq is not None or isinstance(item, Waiting):
            with _read_by_somebody():
                self._out.write(as_line(seq, item))

    def flush(self) -> None:
        """Let the reader have the lines written so far."""
        with _read_by_somebody():
            self._out.flush()


def as_line(seq: int | None, item: Fact | Signal) -> str:
    """A fact and its number, or a signal, as one line of JSON."""
    return f'{{"seq":{"null" if seq is None else seq},{item.model_dump_json()[1:]}\n'


@contextmanager
def _read_by_somebody() -> Iterator[None]:
    """Say in words what a broken pipe means here."""
    try:
        yield
    except BrokenPipeError as error:
        raise BrokenPipeError("the reader of --json has gone") from error
