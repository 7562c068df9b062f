"""Look-ups of recorded answers, gathered: all that are asked for in one turn of the event loop are one query.

Agents that become ready together ask together. Each statement has to find its snapshot of the file and lets
another thread run meanwhile, which for one answer takes longer than reading it.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from orchestrator.core.frozen import Digest
from orchestrator.core.turn import Answer
from orchestrator.store.journal.reader import JournalReader


@dataclass(frozen=True, slots=True)
class _Asked:
    """A turn key that somebody waits for the answer of, in one run or (None) in any."""

    key: Digest
    run: str | None
    answer: asyncio.Future[Answer | None]


class Lookups:
    """Asks a reader for answers; what it cannot read, it raises to all who asked together."""

    def __init__(self, reader: JournalReader) -> None:
        self._reader = reader
        self._asked: list[_Asked] = []

    def find(self, key: Digest, run: str | None) -> asyncio.Future[Answer | None]:
        """The newest recorded answer of a turn key, as `JournalReader.find` gives it."""
        loop = asyncio.get_running_loop()
        if not self._asked or self._asked[-1].answer.get_loop() is not loop:
            loop.call_soon(self._look_up)
        asked = _Asked(key, run, loop.create_future())
        self._asked.append(asked)
        return asked.answer

    def _look_up(self) -> None:
        asked, self._asked = self._asked, []
        for run in {each.run for each in asked}:
            waiting = [each for each in asked if each.run == run and not each.answer.done()]
            try:
                found = self._reader.find_all([each.key for each in waiting], run)
            except Exception as error:
                for each in waiting:
                    each.answer.set_exception(error)
            else:
                for each in waiting:
                    each.answer.set_result(found.get(each.key))
