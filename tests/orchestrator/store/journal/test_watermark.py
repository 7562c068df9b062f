"""How far a journal was acknowledged is noted while it is written, and only then."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from orchestrator.core.errors import StoreDamaged
from orchestrator.store.journal import AgentFSJournal, open_journal_readonly
from orchestrator.store.journal.watermark import Acknowledged, Watermark, read_watermark, watermark_path


def test_the_newest_acknowledged_fact_is_noted_before_its_waiter_goes_on(
    path: Path, record: Any, make_turn: Any
) -> None:
    async def story() -> None:
        journal = AgentFSJournal(path)
        assert read_watermark(path) is None
        await journal.open_run(record())
        assert read_watermark(path) == ("r", 0)
        turn = make_turn()
        await journal.commit("r", [turn.started], {})
        await journal.commit("r", [turn.ended, turn.node_ended()], turn.bodies)
        assert read_watermark(path) == ("r", 3)
        open_journal_readonly(path).close()
        await journal.close()

    asyncio.run(story())
    assert not watermark_path(path).exists()


def test_a_journal_that_has_less_is_damaged_for_readers_and_writers(path: Path, record: Any) -> None:
    async def story() -> None:
        journal = AgentFSJournal(path)
        await journal.open_run(record())
        await journal.close()

    asyncio.run(story())
    for noted in (Acknowledged("r", 1), Acknowledged("s", 0)):
        mark = Watermark(path)
        mark.raise_to(noted)
        for opening in (AgentFSJournal, open_journal_readonly):
            with pytest.raises(StoreDamaged, match="lacks what was recorded last") as refused:
                opening(path)
            assert "doctor --repair" in refused.value.remedy
        mark.close()


@pytest.mark.parametrize("note", [b"", b"\0" * 512, b'00000000 ["r", 7]', b"\xff\xfe"])
def test_a_note_that_is_not_whole_says_nothing(path: Path, note: bytes) -> None:
    asyncio.run(AgentFSJournal(path).close())
    watermark_path(path).write_bytes(note)
    assert read_watermark(path) is None
    open_journal_readonly(path).close()
    asyncio.run(AgentFSJournal(path).close())
    assert not watermark_path(path).exists()


def test_whoever_removes_a_journal_begins_a_new_one(path: Path, record: Any) -> None:
    asyncio.run(AgentFSJournal(path).close())
    mark = Watermark(path)
    mark.raise_to(Acknowledged("r", 9))
    path.unlink()
    asyncio.run(AgentFSJournal(path).close())
    mark = Watermark(path)
    mark.raise_to(Acknowledged("r", 9))
    path.write_bytes(b"")
    for opening in (AgentFSJournal, open_journal_readonly):
        with pytest.raises(StoreDamaged, match="is empty"):
            opening(path)


def test_a_slug_of_any_length_is_no_trouble(path: Path, record: Any) -> None:
    async def story() -> None:
        journal = AgentFSJournal(path)
        await journal.open_run(record("r" * 2000))
        assert read_watermark(path) is None
        await journal.close()

    asyncio.run(story())
