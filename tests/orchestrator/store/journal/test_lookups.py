"""Answers that are asked for together are looked up together, and each goes to whoever asked for it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from orchestrator.core.errors import StoreDamaged
from orchestrator.core.frozen import Digest, digest_of
from orchestrator.core.turn import Answer
from orchestrator.store.agentfs.connection import open_memory
from orchestrator.store.journal import AgentFSJournal, open_journal_readonly
from orchestrator.store.journal.lookups import Lookups
from orchestrator.store.journal.reader import JournalReader
from orchestrator.store.journal.tables import JOURNAL


class Watched(JournalReader):
    """A reader of an empty journal that notes what it is asked."""

    def __init__(self, failure: Exception | None = None) -> None:
        super().__init__(open_memory(JOURNAL))
        self.asked: list[tuple[int, str | None]] = []
        self._failure = failure

    def find_all(self, keys: Sequence[Digest], run: str | None) -> dict[Digest, Answer]:
        self.asked.append((len(keys), run))
        if self._failure is not None:
            raise self._failure
        return super().find_all(keys, run)


KEYS = [digest_of(bytes([number])) for number in range(7)]


def test_one_look_serves_all_who_ask_in_the_same_turn_of_the_loop() -> None:
    reader = Watched()
    lookups = Lookups(reader)

    async def story() -> None:
        found = await asyncio.gather(*(lookups.find(key, None) for key in KEYS))
        assert found == [None] * len(KEYS)
        await lookups.find(KEYS[0], "r")

    asyncio.run(story())
    assert reader.asked == [(7, None), (1, "r")]


def test_who_asks_in_another_loop_is_answered_though_the_first_loop_was_closed_meanwhile() -> None:
    lookups = Lookups(Watched())

    async def ask_and_leave() -> None:
        lookups.find(KEYS[0], None)
        raise LookupError

    async def ask() -> None:
        assert await asyncio.wait_for(lookups.find(KEYS[1], None), 10) is None

    with pytest.raises(LookupError):
        asyncio.run(ask_and_leave())
    asyncio.run(ask())


def test_who_was_cancelled_gets_nothing_and_the_others_their_answers() -> None:
    reader = Watched()
    lookups = Lookups(reader)

    async def story() -> None:
        first, second = lookups.find(KEYS[0], None), lookups.find(KEYS[1], None)
        first.cancel()
        assert await second is None
        assert first.cancelled()

    asyncio.run(story())
    assert reader.asked == [(1, None)]


def test_what_cannot_be_read_is_raised_to_all_who_asked_for_it_together() -> None:
    lookups = Lookups(Watched(StoreDamaged("altered")))

    async def story() -> None:
        raised = await asyncio.gather(*(lookups.find(key, None) for key in KEYS), return_exceptions=True)
        assert [type(error) for error in raised] == [StoreDamaged] * len(KEYS)

    asyncio.run(story())


def test_of_many_keys_each_gives_its_newest_answer_and_unknown_ones_none(
    path: Path, make_turn: Any, record: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestrator.store.journal.reader.KEYS_AT_ONCE", 2)
    turns = [make_turn(node=f"n{number}", text=f"answer {number} " * 500) for number in range(5)]
    again = make_turn(node="n3", text="another answer")

    async def story() -> None:
        journal = AgentFSJournal(path)
        for run in ("r", "s"):
            await journal.open_run(record(run))
        for turn in turns:
            await journal.commit("r", [turn.ended], turn.bodies)
        await journal.commit("s", [again.ended], again.bodies)
        await journal.close()

    asyncio.run(story())
    keys = [turn.key for turn in turns]
    with open_journal_readonly(path) as reader:
        expected = {turn.key: turn.recorded for turn in turns}
        assert again.key == keys[3]
        assert reader.find_all([*keys, KEYS[0]], "r") == expected
        assert reader.find_all([*keys, KEYS[0]], None) == expected | {again.key: again.recorded}
        assert reader.find_all(keys, "s") == {again.key: again.recorded}
        assert reader.find_all([], None) == {}
