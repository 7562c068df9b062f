"""What was heard of a run is not read back, and nothing is left out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.core.facts import Fact, NodeEnded
from orchestrator.core.frozen import Digest
from orchestrator.core.ports import RunRecord
from orchestrator.store.artifacts.heard import HeardJournal
from tests.doubles.virtual_time import EPOCH


def fact(seq: int) -> Fact:
    return NodeEnded(node=f"n{seq}", ending="done", at=EPOCH)


class Kept:
    """A journal of one run that notes what is read of it."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.reads = 0

    def runs(self) -> Sequence[RunRecord]:
        return ()

    def facts(self, run: str, after: int = 0) -> Iterable[tuple[int, Fact]]:
        self.reads += 1
        return [(seq, fact(seq)) for seq in range(after + 1, self.count + 1)]

    def body(self, digest: Digest) -> bytes:
        return digest.encode()


def numbers(found: Iterable[tuple[int, Fact]]) -> list[int]:
    return [seq for seq, _ in found]


def test_facts_that_follow_on_what_was_taken_are_not_read_back() -> None:
    kept = Kept(5)
    journal = HeardJournal(kept)
    for seq in (3, 4, 5):
        journal.hear(seq, fact(seq))
    assert numbers(journal.facts("r", 2)) == [3, 4, 5]
    assert numbers(journal.facts("r", 4)) == [5]
    assert kept.reads == 0


def test_what_came_before_the_first_that_was_heard_is_read() -> None:
    kept = Kept(5)
    journal = HeardJournal(kept)
    journal.hear(5, fact(5))
    assert numbers(journal.facts("r", 2)) == [3, 4, 5]
    assert kept.reads == 1


@given(st.sets(st.integers(1, 12)), st.lists(st.integers(0, 12), min_size=1))
def test_whatever_was_heard_the_facts_are_those_of_the_journal_as_far_as_they_go(
    heard: set[int], asked: list[int]
) -> None:
    journal = HeardJournal(Kept(12))
    for seq in sorted(heard):
        journal.hear(seq, fact(seq))
    for after in sorted(asked):
        found = list(journal.facts("r", after))
        assert found == [(seq, fact(seq)) for seq in range(after + 1, after + 1 + len(found))]
        assert found or after == 12
