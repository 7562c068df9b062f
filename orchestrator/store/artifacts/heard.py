"""A run's journal whose newest facts were heard as they were committed: they need not be read back."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from queue import SimpleQueue

from orchestrator.core.facts import Fact
from orchestrator.core.frozen import Digest
from orchestrator.core.ports import RunRecord
from orchestrator.store.artifacts.projection import Recorded


class HeardJournal:
    """Gives the facts of one run: those that were heard, where they follow on, else those in the journal.

    `hear` may be called in another thread than everything else.
    """

    def __init__(self, journal: Recorded) -> None:
        self._journal = journal
        self._coming: SimpleQueue[tuple[int, Fact]] = SimpleQueue()
        self._heard: deque[tuple[int, Fact]] = deque()
        """Numbered without gaps."""

    def hear(self, seq: int, fact: Fact) -> None:
        """Take note of a fact that is committed; returns at once."""
        self._coming.put((seq, fact))

    def runs(self) -> Sequence[RunRecord]:
        """All recorded runs."""
        return self._journal.runs()

    def facts(self, run: str, after: int = 0) -> Iterable[tuple[int, Fact]]:
        """The run's facts above a number, in order; what was heard is let go of once it has been passed."""
        self._listen()
        while self._heard and self._heard[0][0] <= after:
            self._heard.popleft()
        follows_on = bool(self._heard) and self._heard[0][0] == after + 1
        return tuple(self._heard) if follows_on else self._journal.facts(run, after)

    def body(self, digest: Digest) -> bytes:
        """A verified body."""
        return self._journal.body(digest)

    def _listen(self) -> None:
        while not self._coming.empty():
            seq, fact = self._coming.get()
            if self._heard and self._heard[-1][0] != seq - 1:
                self._heard.clear()
            self._heard.append((seq, fact))
