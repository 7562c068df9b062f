"""Facts as NDJSON: one committed fact a line, with its number, as programs read them."""

from __future__ import annotations

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
            self._out.write(f'{{"seq":{seq},{item.model_dump_json()[1:]}\n')
            self._out.flush()
