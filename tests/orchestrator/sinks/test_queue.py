"""The base of all sinks: in order, in a thread of its own, and silent once it failed."""

from __future__ import annotations

from threading import Event, Thread, current_thread

import pytest

from orchestrator.core.facts import Fact, Signal
from orchestrator.sinks.queue import BATCH_LIMIT, QueueSink
from tests.doubles.facts import ended, turn_started

PATIENCE_S = 10


class Notebook(QueueSink):
    """Keeps what it handles; breaks on the item named `bad`, or at the end."""

    def __init__(self, breaks_at_end: bool = False) -> None:
        super().__init__("notebook")
        self.handled: list[int | None] = []
        self.flushed: list[int] = []
        self.finished = 0
        self.threads: set[str] = set()
        self.idled = Event()
        self._breaks_at_end = breaks_at_end

    def handle(self, seq: int | None, item: Fact | Signal) -> None:
        self.threads.add(current_thread().name)
        if getattr(item, "node", "") == "bad":
            raise OSError("no space left")
        self.handled.append(seq)

    def flush(self) -> None:
        self.flushed.append(len(self.handled))

    def idle(self) -> None:
        self.idled.set()

    def finish(self) -> None:
        self.finished += 1
        if self._breaks_at_end:
            raise BrokenPipeError("nobody reads")


def close(sink: QueueSink) -> None:
    """Close a sink, in a thread so that one that never returns is a failed test and not a hanging one."""
    closing = Thread(target=sink.close, daemon=True)
    closing.start()
    closing.join(PATIENCE_S)
    assert not closing.is_alive(), "close() never returns"


def test_items_are_handled_in_order_in_the_sinks_own_thread_and_all_before_it_is_closed() -> None:
    sink = Notebook()
    for seq in range(500):
        sink.see(seq, turn_started("a"))
    close(sink)
    assert sink.handled == list(range(500))
    assert sink.threads == {"sink-notebook"}
    assert (sink.finished, sink.failure) == (1, None)


def test_a_sink_that_fails_falls_silent_and_says_why() -> None:
    sink = Notebook()
    for seq, node in enumerate(("a", "bad", "c")):
        sink.see(seq, ended(node))
    close(sink)
    assert sink.handled == [0]
    assert str(sink.failure) == "no space left"
    assert sink.finished == 0


def test_a_failed_sink_still_takes_items_so_that_nobody_waits_for_it() -> None:
    sink = Notebook()
    sink.see(1, ended("bad"))
    for seq in range(2, 100):
        sink.see(seq, ended("a"))
    close(sink)
    assert sink.handled == []


def test_a_sink_that_fails_while_it_finishes_can_be_closed_all_the_same() -> None:
    sink = Notebook(breaks_at_end=True)
    sink.see(1, ended("a"))
    close(sink)
    assert str(sink.failure) == "nobody reads"


def test_closing_twice_is_fine() -> None:
    sink = Notebook()
    sink.see(1, ended("a"))
    close(sink)
    close(sink)
    assert sink.finished == 1


def test_a_sink_that_saw_nothing_starts_no_thread_and_closes() -> None:
    sink = Notebook()
    close(sink)
    assert sink.finished == 0


def test_a_sink_is_idle_when_nothing_comes() -> None:
    sink = Notebook()
    sink.idle_s = 0.001
    sink.see(1, ended("a"))
    assert sink.idled.wait(PATIENCE_S)
    close(sink)


def test_what_gathers_is_flushed_together_after_the_last_of_it() -> None:
    sink = Notebook()
    sink.gather_s = PATIENCE_S
    for seq in range(5):
        sink.see(seq, ended("a"))
    close(sink)  # ends the waiting, too
    assert sink.flushed == [5]


def test_a_long_queue_is_flushed_in_parts() -> None:
    sink = Notebook()
    sink.gather_s = PATIENCE_S
    for seq in range(2 * BATCH_LIMIT + 1):
        sink.see(seq, ended("a"))
    close(sink)
    assert sink.flushed == [BATCH_LIMIT, 2 * BATCH_LIMIT, 2 * BATCH_LIMIT + 1]


def test_what_was_handled_before_a_failure_is_flushed() -> None:
    sink = Notebook()
    sink.gather_s = PATIENCE_S
    for seq, node in enumerate(("a", "bad", "c")):
        sink.see(seq, ended(node))
    close(sink)
    assert (sink.flushed, str(sink.failure)) == ([1], "no space left")


def test_the_base_handles_nothing_by_itself() -> None:
    with pytest.raises(NotImplementedError):
        QueueSink("x").handle(1, ended("a"))
