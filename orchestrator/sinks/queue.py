"""The base of all sinks: a queue and a thread, so that the run never waits for anybody who watches."""

from __future__ import annotations

from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import TypeAlias

from orchestrator.core.facts import Fact, Signal

BATCH_LIMIT = 1000
"""Items at most between two calls of `flush`."""

_Entry: TypeAlias = tuple[int | None, Fact | Signal]


class QueueSink:
    """Hands items to `handle` in a thread of its own, in order; one that fails falls silent.

    Subclasses override `handle`; `flush` to write at once what several items came to; and `idle` when they
    want to act every `idle_s` seconds without an item.
    """

    idle_s: float | None = None
    gather_s = 0.0
    """How long an item may wait for others, so that all are flushed together."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.failure: Exception | None = None
        self._queue: SimpleQueue[_Entry | None] = SimpleQueue()
        self._closing = Event()
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
        self._closing.set()
        if self._is_running and self._thread.is_alive():
            self._queue.put(None)
            self._thread.join()

    def _work(self) -> None:
        is_closed = False
        try:
            while not is_closed:
                try:
                    entries, is_closed = self._take()
                except Empty:
                    self.idle()
                    continue
                try:
                    for entry in entries:
                        self.handle(*entry)
                finally:
                    self.flush()
            self.finish()
        except Exception as error:
            self.failure = error
            if not is_closed:
                self._drain()

    def _take(self) -> tuple[list[_Entry], bool]:
        """What is queued, waiting for it, and whether that is all there will be. Raises Empty when idle."""
        entry = self._queue.get(timeout=self.idle_s)
        if self.gather_s:
            self._closing.wait(self.gather_s)
        entries: list[_Entry] = []
        while entry is not None:
            entries.append(entry)
            if len(entries) >= BATCH_LIMIT:
                return entries, False
            try:
                entry = self._queue.get_nowait()
            except Empty:
                return entries, False
        return entries, True

    def _drain(self) -> None:
        while self._queue.get() is not None:
            pass

    def handle(self, seq: int | None, item: Fact | Signal) -> None:
        """Show one item."""
        raise NotImplementedError

    def flush(self) -> None:
        """Write what the items handled since the last time came to, even if the last of them failed."""

    def idle(self) -> None:
        """Do what is due when nothing happened for `idle_s` seconds."""

    def finish(self) -> None:
        """Write what is left."""
