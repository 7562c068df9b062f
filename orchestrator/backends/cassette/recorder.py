"""Recording a cassette: a sink that writes one line for each turn of a run, whoever answers it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from threading import Event, Thread
from typing import BinaryIO, Protocol

from orchestrator.backends.cassette.line import Entry, Head, Postponed, as_line
from orchestrator.backends.cassette.reading import refuse_to_replace
from orchestrator.core.errors import UserError
from orchestrator.core.facts import Acted, Action, Fact, Signal, TurnEnded, TurnStarted
from orchestrator.core.frozen import Digest
from orchestrator.core.turn import Done, Failed, TurnId, TurnInput

GATHER_S = 0.1
"""How long turns gather before they are written together."""


class Recorded(Protocol):
    """As much of a journal as a cassette is made of."""

    def facts(self, run: str, after: int = 0) -> Iterable[tuple[int, Fact]]:
        """A run's facts above a number, in order."""
        ...

    def body(self, digest: Digest) -> bytes:
        """A verified body."""
        ...


def open_cassette(path: Path) -> BinaryIO:
    """The file to record into, readable by its owner alone; a cassette that it held is gone.

    Raises UserError when it cannot be written, or holds something else.
    """
    refuse_to_replace(path)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        os.fchmod(handle, 0o600)
    except OSError as error:
        raise UserError(f"--record {path}: {error.strerror}", "name a file that can be written") from error
    return os.fdopen(handle, "wb")


class CassetteRecorder:
    """Writes a run's turns from its journal, those of earlier sessions first; the run never waits for it."""

    def __init__(self, file: BinaryIO, head: Head, journal: Recorded) -> None:
        self.name = "cassette"
        self.failure: Exception | None = None
        self._file = file
        self._head = head
        self._journal = journal
        self._seen = 0
        self._actions: dict[TurnId, list[Action]] = {}
        self._news = Event()
        self._ending = Event()
        self._thread = Thread(target=self._work, name="sink-cassette", daemon=True)
        self._thread.start()

    def see(self, seq: int | None, item: Fact | Signal) -> None:
        """Note that there is something new."""
        if seq is not None and isinstance(item, TurnEnded):
            self._news.set()

    def close(self) -> None:
        """Write what is left and let go of the file. Safe to call again."""
        self._ending.set()
        self._news.set()
        self._thread.join()

    def _work(self) -> None:
        try:
            with self._file as file:
                file.write(as_line(self._head))
                is_last = False
                while not is_last:
                    self._news.wait()
                    self._ending.wait(GATHER_S)
                    self._news.clear()
                    is_last = self._ending.is_set()
                    file.writelines(map(as_line, self._entries()))
                    file.flush()
        except Exception as error:
            self.failure = error

    def _entries(self) -> Iterator[Entry]:
        """The turns that ended since the last time."""
        for seq, fact in self._journal.facts(self._head.run, self._seen):
            self._seen = seq
            if isinstance(fact, TurnStarted):
                self._actions[fact.id] = []
            elif isinstance(fact, Acted):
                self._actions.setdefault(fact.id, []).append(_action(fact))
            elif isinstance(fact, TurnEnded) and fact.ending != "cancelled":
                yield self._entry(fact)

    def _entry(self, fact: TurnEnded) -> Entry:
        return Entry(
            node=fact.id.node,
            step=fact.id.step,
            attempt=fact.attempt,
            origin="reused" if fact.origin == "reused" else "live",
            key=fact.key,
            input=TurnInput.model_validate_json(self._journal.body(fact.key)),
            outcome=self._outcome(fact),
            actions=tuple(self._actions.pop(fact.id, ())),
        )

    def _outcome(self, fact: TurnEnded) -> Done | Failed | Postponed:
        if fact.answer is not None:
            return Done.model_validate_json(self._journal.body(fact.answer))
        error = fact.error or fact.ending
        if fact.ending == "deferred":
            return Postponed(reason=error)
        return Failed(error=error, paid=fact.paid, usage=fact.usage)


def _action(fact: Acted) -> Action:
    shared = fact.model_dump(include=set(Action.model_fields))
    return Action.model_validate(shared)
