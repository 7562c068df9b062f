"""A journal of an older version is brought up to date, and what it was before is kept."""

from __future__ import annotations

import asyncio
import gzip
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from orchestrator.core.errors import StoreError, StoreRefused
from orchestrator.core.facts import RunEnded, TurnEnded
from orchestrator.store.agentfs import backup
from orchestrator.store.journal import AgentFSJournal, open_journal_readonly
from orchestrator.store.journal.examine import damages


@pytest.fixture
def older(path: Path, record: Any, make_turn: Any) -> Path:
    """A journal with a run and a turn as version 1 had it."""
    turn = make_turn()

    async def story() -> None:
        journal = AgentFSJournal(path)
        await journal.open_run(record())
        await journal.commit("r", [turn.started, turn.ended], turn.bodies)
        await journal.close()

    asyncio.run(story())
    with sqlite3.connect(path) as db:
        db.execute("ALTER TABLE journal_runs DROP COLUMN crc")
        db.execute("UPDATE agentlark_schema SET version = 1")
    db.close()
    return path


def _version(path: Path) -> int:
    db = sqlite3.connect(path)
    version = int(db.execute("SELECT version FROM agentlark_schema WHERE part = 'journal'").fetchone()[0])
    db.close()
    return version


def test_whoever_reads_an_older_journal_gets_all_of_it_and_a_backup_is_kept(
    older: Path, record: Any, make_turn: Any
) -> None:
    before = older.read_bytes()
    with open_journal_readonly(older) as journal:
        assert list(journal.runs()) == [record()]
        assert len(list(journal.facts("r"))) == 2
        assert journal.find(make_turn().key, None) == make_turn().recorded
    assert _version(older) == 2
    kept = older.with_name("agent-db.version-1.db")
    assert _version(kept) == 1 and len(kept.read_bytes()) == len(before)
    assert kept.stat().st_mode & 0o777 == 0o600


def test_a_file_that_version_1_wrote_is_read_in_full(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(gzip.decompress(Path(__file__).with_name("version-1.db.gz").read_bytes()))
    written = path.read_bytes()
    with open_journal_readonly(path) as journal:
        (record,) = journal.runs()
        facts = [fact for _, fact in journal.facts(record.slug)]
        answered = [fact for fact in facts if isinstance(fact, TurnEnded) and fact.answer]
        assert isinstance(facts[-1], RunEnded) and facts[-1].ending == "done"
        assert len(answered) == 12
        for fact in answered:
            assert fact.answer is not None
            assert journal.body(fact.key) and journal.body(fact.answer)
            assert journal.find(fact.key, record.slug) is not None
    assert _version(path) == 2 and damages(path) == []
    kept = path.with_name("agent-db.version-1.db")
    assert _version(kept) == 1 and len(kept.read_bytes()) == len(written)


def test_an_older_journal_is_brought_up_to_date_once(older: Path) -> None:
    for _ in range(3):
        asyncio.run(AgentFSJournal(older).close())
    names = sorted(file.name for file in older.parent.iterdir())
    assert names == ["agent-db.db", "agent-db.version-1.db"]


def test_without_room_for_a_backup_nothing_is_changed(older: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(db: sqlite3.Connection, to: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(backup, "copy_database", full)
    with pytest.raises(StoreError, match="no backup of"):
        AgentFSJournal(older)
    assert _version(older) == 1
    assert [file.name for file in older.parent.iterdir() if file.suffix == ".db"] == ["agent-db.db"]


def test_a_second_migration_keeps_the_first_backup(older: Path) -> None:
    saved = older.with_name("saved")
    shutil.copy(older, saved)
    asyncio.run(AgentFSJournal(older).close())
    shutil.copy(saved, older)
    asyncio.run(AgentFSJournal(older).close())
    assert older.with_name("agent-db.version-1.db").exists()
    assert older.with_name("agent-db.version-1-2.db").exists()


def test_a_newer_journal_is_refused_and_left_as_it_is(older: Path) -> None:
    with sqlite3.connect(older) as db:
        db.execute("UPDATE agentlark_schema SET version = 3")
    db.close()
    before = older.read_bytes()
    for opening in (AgentFSJournal, open_journal_readonly):
        with pytest.raises(StoreRefused, match="version 3 of a newer agentlark"):
            opening(older)
    assert older.read_bytes() == before
    assert [file.name for file in older.parent.iterdir()] == [older.name]
