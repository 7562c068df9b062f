"""What the journal promises of its file: durable, private, readable by others while it is written."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest

from orchestrator.core.errors import StoreError, StoreRefused
from orchestrator.core.facts import RunEnded
from orchestrator.store.agentfs import connection
from orchestrator.store.journal import AgentFSJournal, open_journal_readonly


def test_what_was_closed_is_there_when_opened_again_and_goes_on_counting(
    path: Path, make_turn: Any, record: Any, later: Any
) -> None:
    turn = make_turn()

    async def before() -> None:
        journal = AgentFSJournal(path)
        await journal.open_run(record())
        await journal.commit("r", [turn.started, turn.ended], turn.bodies)
        await journal.close()

    async def after() -> None:
        journal = AgentFSJournal(path)
        assert await journal.find(turn.key, "r") == turn.recorded
        assert await journal.commit("r", [RunEnded(ending="done", at=later(1))], {}) == 3
        assert await journal.open_run(record()) == "r-2"
        await journal.close()

    asyncio.run(before())
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    asyncio.run(after())


def test_files_are_for_their_owner_alone(path: Path, record: Any) -> None:
    async def story() -> None:
        journal = AgentFSJournal(path)
        await journal.open_run(record())
        files = sorted(path.parent.iterdir())
        assert len(files) == 4
        assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
        assert path.parent.stat().st_mode & 0o777 == 0o700
        await journal.close()

    asyncio.run(story())


def test_a_full_disk_stops_recording_and_says_what_is_not_recorded(
    path: Path, make_turn: Any, record: Any
) -> None:
    async def story() -> None:
        journal = AgentFSJournal(path)
        await journal.open_run(record())
        small = make_turn()
        await journal.commit("r", [small.ended], small.bodies)
        db = journal._connections.write
        pages = db.execute("PRAGMA page_count").fetchone()[0]
        db.execute(f"PRAGMA max_page_count={pages + 1}")
        big = make_turn("builder", text="x" * 100_000)
        several = await asyncio.gather(
            *(journal.commit("r", [big.ended], big.bodies) for _ in range(3)), return_exceptions=True
        )
        assert all(isinstance(error, StoreError) for error in several)
        assert "full" in str(several[0]) and "not recorded" in str(several[0])
        with pytest.raises(StoreError, match="nothing more is recorded"):
            await journal.commit("r", [small.started], {})
        assert await journal.find(small.key, "r") == small.recorded
        assert len(list(journal.facts("r"))) == 1
        await journal.close()

    asyncio.run(story())
    with sqlite3.connect(path) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    db.close()


def test_a_reader_sees_commits_of_a_writer_that_goes_on(path: Path, make_turn: Any, record: Any) -> None:
    async def story() -> None:
        journal = AgentFSJournal(path)
        await journal.open_run(record())
        reader = open_journal_readonly(path)
        for step in range(1, 20):
            turn = make_turn(step=step, text=str(step))
            await journal.commit("r", [turn.ended], turn.bodies)
            assert [seq for seq, _ in reader.facts("r")] == list(range(1, step + 1))
            assert reader.find(turn.key, None) == turn.recorded
        reader.close()
        await journal.close()

    asyncio.run(story())


def test_a_reader_neither_waits_for_a_transaction_nor_holds_it_up(path: Path, record: Any) -> None:
    async def story() -> None:
        journal = AgentFSJournal(path)
        await journal.open_run(record())
        other = sqlite3.connect(path, isolation_level=None, timeout=0)
        other.execute("BEGIN IMMEDIATE")
        other.execute("INSERT INTO kv_store (key, value) VALUES ('a', '1')")
        started = time.monotonic()
        reader = open_journal_readonly(path)
        assert [run.slug for run in reader.runs()] == ["r"]
        reader.close()
        assert time.monotonic() - started < connection.PROBE_S / 2
        other.execute("COMMIT")
        other.close()
        await journal.close()

    asyncio.run(story())


def test_reading_creates_nothing(path: Path) -> None:
    path.parent.mkdir()
    with pytest.raises(StoreRefused, match="no journal") as refused:
        open_journal_readonly(path)
    assert refused.value.remedy
    assert list(path.parent.iterdir()) == []


def test_two_processes_worth_of_writers_take_turns(path: Path, make_turn: Any, record: Any) -> None:
    async def story() -> None:
        first, second = AgentFSJournal(path), AgentFSJournal(path)
        await asyncio.gather(first.open_run(record("a")), second.open_run(record("b")))

        async def write(journal: AgentFSJournal, run: str) -> None:
            for step in range(1, 30):
                turn = make_turn(f"n{step % 3}", step, run=run, text=f"{run}{step}")
                assert await journal.commit(run, [turn.ended], turn.bodies) == step

        await asyncio.gather(write(first, "a"), write(second, "b"))
        await first.close()
        await second.close()

    asyncio.run(story())
    with sqlite3.connect(path) as db:
        assert db.execute("SELECT count(*), count(DISTINCT ino) FROM journal_turns").fetchone() == (58, 58)
    db.close()
