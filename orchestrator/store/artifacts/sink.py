"""The projection as a sink: a thread of its own that follows a run and is never waited for until its end."""

from __future__ import annotations

from threading import Event, Thread

from orchestrator.core.errors import StoreError
from orchestrator.core.facts import Fact, RunEnded, Signal, TurnEnded
from orchestrator.core.ports import RunRecord
from orchestrator.store.artifacts.heard import HeardJournal
from orchestrator.store.artifacts.projection import ArtifactProjection, Recorded, recorded

LAG_S = 0.2
"""How long the thread lets turns gather before it catches up, so that it takes many in one transaction."""


class ArtifactSink:
    """Keeps the artifacts of one run up to date; the run's own work is never held up or failed by it.

    It takes the facts that the journal has, those of earlier sessions too, and for the last time when the run
    has ended, when it closes the projection, too: other sinks take their time then. Close it before the
    journal.
    """

    name = "artifacts"

    def __init__(self, projection: ArtifactProjection, journal: Recorded, run: str | RunRecord) -> None:
        self.failure: Exception | None = None
        """Why artifacts are missing; None while there is one for every turn, or will be."""
        self._unreadable: tuple[str, ...] = ()
        self._projection = projection
        self._journal = HeardJournal(journal)
        self._run = run
        self._news = Event()
        self._ending = Event()
        self._thread = Thread(target=self._work, name="artifacts", daemon=True)
        self._thread.start()

    def see(self, seq: int | None, item: Fact | Signal) -> None:
        """Note a fact; a turn that may leave an artifact and the end of the run are seen to. Never raises."""
        if seq is None or isinstance(item, Signal):
            return
        self._journal.hear(seq, item)
        if isinstance(item, RunEnded):
            self._end()
        elif isinstance(item, TurnEnded) and item.was_sent:
            self._news.set()

    def close(self) -> None:
        """Catch up to the end of what is committed, then stop. Safe to call again; never raises."""
        self._end()
        self._thread.join()

    def _end(self) -> None:
        self._ending.set()
        self._news.set()

    def _work(self) -> None:
        while not self._ending.is_set():
            self._news.wait()
            self._ending.wait(LAG_S)
            self._news.clear()
            self._catch_up()
        self._catch_up()
        try:
            self._projection.close()
        except StoreError as error:
            self.failure = error

    def _catch_up(self) -> None:
        """Take what is new; whatever goes wrong is kept for whoever asks, and tried again the next time."""
        try:
            if isinstance(self._run, str):
                self._run = recorded(self._journal, self._run)
            caught = self._projection.catch_up(self._journal, self._run)
        except Exception as error:
            self.failure = error
        else:
            self._unreadable += caught.unreadable
            self.failure = _missing(self._unreadable) if self._unreadable else None


def _missing(unreadable: tuple[str, ...]) -> StoreError:
    return StoreError(
        f"{len(unreadable)} turns left no artifact, because they cannot be read: {'; '.join(unreadable[:3])}"
    )
