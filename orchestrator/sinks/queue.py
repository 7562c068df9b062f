"""The base of all sinks: a queue and a thread, so that the run never waits for anybody who watches."""

from __future__ import annotations

from queue import Empty, SimpleQueue
from threading import Thread

from orchestrator.core.facts import Fact, Signal


class QueueSink:
    """Hands items to `handle` in a thread of its own, in order; one that fails falls silent.

    Subclasses override `handle`, and `idle` when they want to act every `idle_s` seconds without an item.
    """

    idle_s: float | None = None

    def __init__(self, name: str) -> None:
        self.name = name
        self.failure: Exception | None = None
        self._queue: SimpleQueue[tuple[int | None, Fact | Signal] | None] = SimpleQueue()
        self._thread = Thread(target=self._work, name=f"sink-{name}", daemon=True)
        self._is_running = False

    def see(self, seq: int | None, item: Fact | Signal) -> None:
        """Queue an item; returns at once."""
        if not self._is_running:
            self._is_running = True
            self._thread.start()
        self._queue.put((seq, item))

    def close(self) -> None:
        """Handle what is queued and end the thread; asking twice is fine."""
        if self._is_running and self._thread.is_alive():
            self._queue.put(None)
            self._thread.join()

    def _work(self) -> None:
        is_closed = False
        try:
            while not is_closed:
                try:
                    entry = self._queue.get(timeout=self.idle_s)
                except Empty:
                    self.idle()
                    continue
                if entry is None:
                    is_closed = True
                else:
                    self.handle(*entry)
            self.finish()
        except Exception as error:
            self.failure = error
            if not is_closed:
                self._drain()

    def _drain(self) -> None:
        while self._queue.get() is not None:
            pass

    def handle(self, seq: int | None, item: Fact | Signal) -> None:
        """Show one item."""
        raise NotImplementedError

    def idle(self) -> None:
        """Do what is due when nothing happened for `idle_s` seconds."""

    def finish(self) -> None:
        """Write what is left."""
