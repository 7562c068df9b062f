"""The console without a terminal: a line when something changes, a heartbeat when nothing does."""

from __future__ import annotations

import time
from typing import TextIO

from agentlark.diagnostics import visible
from orchestrator.core.facts import Acted, Fact, Signal, TextDelta, TurnEnded, TurnStarted
from orchestrator.sinks.describe import describe, time_of
from orchestrator.sinks.queue import QueueSink

HEARTBEAT_S = 30.0


class PlainSink(QueueSink):
    """Writes a line per fact and per wait; `verbose` adds what agents do, `stream` what they say as well.

    After `heartbeat_s` seconds without a line it says who is at work, so that nobody takes a long turn for
    a hang, whether the agents are silent or stream text that is not shown here.
    """

    def __init__(
        self,
        out: TextIO,
        verbose: bool = False,
        heartbeat_s: float = HEARTBEAT_S,
        *,
        stream: bool = False,
    ) -> None:
        super().__init__("console")
        self.idle_s = self._heartbeat_s = heartbeat_s
        self._out = out
        self._verbose = verbose or stream
        self._stream = stream
        self._running: dict[str, tuple[str, float]] = {}
        self._printed_s = time.monotonic()

    def handle(self, seq: int | None, item: Fact | Signal) -> None:
        """Write the item's line, if it has one."""
        if isinstance(item, TurnStarted):
            self._running[item.id.node] = (item.purpose, time.monotonic())
        elif isinstance(item, TurnEnded):
            self._running.pop(item.id.node, None)
        if isinstance(item, TextDelta) and self._stream:
            for text in visible(item.text).splitlines():
                self._print(f"          {item.id.node} │ {text}")
            return
        line = None if isinstance(item, Acted) and not self._verbose else describe(item)
        if line is not None:
            for part in line.splitlines():
                self._print(f"{time_of(item)}  {part}")
        elif time.monotonic() - self._printed_s >= self._heartbeat_s:
            self.idle()

    def idle(self) -> None:
        """Say who is still at work."""
        now = time.monotonic()
        busy = [
            f"{name} {purpose} for {now - since:.0f} s" for name, (purpose, since) in self._running.items()
        ]
        shown = ", ".join(busy[:5]) + (f" and {len(busy) - 5} more" if len(busy) > 5 else "")
        self._print(f"          still running: {shown or 'waiting'}")

    def _print(self, line: str) -> None:
        self._printed_s = time.monotonic()
        self._out.write(line + "\n")
        self._out.flush()
