"""A snapshot of a live file is whole, stands alone, and never takes a place that is taken."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from orchestrator.core.errors import StoreRefused, UserError
from orchestrator.store.agentfs.snapshot import snapshot
from orchestrator.store.journal import AgentFSJournal, open_journal_readonly


def test_what_is_committed_while_it_is_written_is_in_it(
    path: Path, tmp_path: Path, record: Any, make_turn: Any
) -> None:
    out = tmp_path / "copy.db"

    async def story() -> None:
        journal = AgentFSJournal(path)
        await journal.open_run(record())
        turn = make_turn(text="x" * 9000)
        await journal.commit("r", [turn.ended], turn.bodies)
        assert await asyncio.to_thread(snapshot, path, out) == out.stat().st_size
        again = make_turn(step=2)
        await journal.commit("r", [again.ended], again.bodies)
        await journal.close()

    asyncio.run(story())
    assert [found.name for found in tmp_path.iterdir() if found.name.startswith(".copy")] == []
    assert not out.with_name("copy.db-wal").exists() and out.stat().st_mode & 0o777 == 0o600
    with sqlite3.connect(out) as db:
        assert db.execute("PRAGMA journal_mode").fetchone() == ("delete",)
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    db.close()
    with open_journal_readonly(out) as journal:
        ((_, ended),) = journal.facts("r")
        assert ended.kind == "turn-ended" and ended.answer is not None and journal.body(ended.answer)


def test_a_taken_place_is_left_alone_unless_forced(path: Path, tmp_path: Path) -> None:
    asyncio.run(AgentFSJournal(path).close())
    out = tmp_path / "copy.db"
    out.write_text("mine")
    with pytest.raises(UserError, match="exists already"):
        snapshot(path, out)
    assert out.read_text() == "mine"
    snapshot(path, out, is_forced=True)
    open_journal_readonly(out).close()


@pytest.mark.parametrize(
    ("out", "says"),
    [("", "is a folder"), ("nowhere/x.db", "cannot be written"), (".agentfs/agent-db.db", "itself")],
)
def test_a_place_that_cannot_be_is_refused(path: Path, tmp_path: Path, out: str, says: str) -> None:
    asyncio.run(AgentFSJournal(path).close())
    with pytest.raises(UserError, match=says):
        snapshot(path, tmp_path / out, is_forced=True)
    open_journal_readonly(path).close()


def test_nothing_to_copy_is_said(path: Path, tmp_path: Path) -> None:
    with pytest.raises(StoreRefused, match="yet"):
        snapshot(path, tmp_path / "copy.db")
    assert list(tmp_path.iterdir()) == []
