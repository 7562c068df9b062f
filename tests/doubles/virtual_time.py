"""An event loop whose clock jumps: nobody waits for real, and a deadlock is a failed test.

Whenever nothing can run now, time goes on at once to the next timer. With no timer left either, only a
thread could still wake the loop; if none does, everybody waits for everybody.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

T = TypeVar("T")

EPOCH = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
_PATIENCE_S = 5.0


class _JumpingSelector(selectors.DefaultSelector):
    """Skips the time that it would have waited."""

    skipped_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            ready = super().select(_PATIENCE_S)
            assert ready, "deadlock: no timer is set, nothing can run, and no thread reports"
            return ready
        ready = super().select(0)
        if not ready:
            self.skipped_s += max(0.0, timeout)
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop that starts at second 0 and skips every wait."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.skipped_s


def run_virtual(work: Coroutine[Any, Any, T], debug: bool = False) -> T:
    """What the coroutine gives, run to its end in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop, debug=debug) as runner:
        return runner.run(work)


class LoopClock:
    """The running loop's time as a `Clock`."""

    def now(self) -> datetime:
        return EPOCH + timedelta(seconds=self.monotonic_s())

    def monotonic_s(self) -> float:
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
