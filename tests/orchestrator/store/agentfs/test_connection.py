"""Files that we must not write are refused before a byte of them changes."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from orchestrator.core.errors import StoreError, StoreRefused
from orchestrator.store.agentfs import connection
from orchestrator.store.agentfs.connection import readable
from orchestrator.store.agentfs.schema import TABLES
from orchestrator.store.journal import AgentFSJournal, open_journal_readonly


def _sql(*statements: str) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        with sqlite3.connect(path) as db:
            for statement in statements:
                db.execute(statement)
        db.close()

    return write


BAD_FILES: dict[str, tuple[Callable[[Path], object], str]] = {
    "text": (lambda path: path.write_text("once upon a time"), "is not a database"),
    "header": (
        lambda path: path.write_bytes(b"SQLite format 3\0" + b"\xff" * 4000),
        "not a database|damaged",
    ),
    "foreign": (_sql("CREATE TABLE songs (title TEXT)"), "database of something else"),
    "older": (
        _sql(
            "CREATE TABLE fs_config (key, value)",
            "CREATE TABLE fs_inode (ino INTEGER, mode INTEGER)",
        ),
        "another version: fs_inode lacks atime_nsec",
    ),
    "spec-shaped": (
        _sql(*TABLES[:-4], "CREATE TABLE tool_calls (id INTEGER PRIMARY KEY, name TEXT, parameters TEXT)"),
        "another version: tool_calls lacks",
    ),
    "newer AgentFS": (
        _sql(*TABLES, "INSERT INTO fs_config VALUES ('schema_version', '0.10')"),
        "schema version 0.10",
    ),
    "newer journal": (
        _sql(
            *TABLES,
            "CREATE TABLE agentlark_schema (part TEXT PRIMARY KEY, version INTEGER)",
            "INSERT INTO agentlark_schema VALUES ('journal', 99)",
        ),
        "journal version 99",
    ),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_file_that_is_not_ours_is_refused_and_left_as_it_was(tmp_path: Path, name: str) -> None:
    make, message = BAD_FILES[name]
    path = tmp_path / "agent-db.db"
    make(path)
    before = path.read_bytes()
    for opening in (AgentFSJournal, open_journal_readonly):
        with pytest.raises(StoreRefused, match=message) as refused:
            opening(path)
        assert refused.value.remedy
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["agent-db.db"]


def test_a_folder_in_the_way_is_refused(tmp_path: Path) -> None:
    for opening in (AgentFSJournal, open_journal_readonly):
        with pytest.raises(StoreRefused, match="is a folder"):
            opening(tmp_path)


def test_a_file_where_the_folder_should_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".agentfs").write_text("")
    with pytest.raises(StoreRefused, match=r"cannot be (read|created)"):
        AgentFSJournal(tmp_path / ".agentfs" / "agent-db.db")


def test_a_file_locked_by_another_program_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asyncio.run(AgentFSJournal(path).close())
    monkeypatch.setattr(connection, "PROBE_S", 0.05)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("PRAGMA locking_mode=EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    for opening in (AgentFSJournal, open_journal_readonly):
        with pytest.raises(StoreRefused, match="locked by another program") as refused:
            opening(path)
        assert "close what holds it" in refused.value.remedy
    other.execute("ROLLBACK")
    other.close()


def test_a_journal_that_another_program_is_writing_is_refused(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asyncio.run(AgentFSJournal(path).close())
    monkeypatch.setattr(connection, "PROBE_S", 0.05)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreRefused, match="locked by another program") as refused:
        AgentFSJournal(path)
    assert "close what holds it" in refused.value.remedy
    open_journal_readonly(path).close()
    other.close()
    asyncio.run(AgentFSJournal(path).close())


def test_a_read_only_file_is_refused_for_writing_and_can_be_read(
    path: Path, record: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        journal = AgentFSJournal(path)
        await journal.open_run(record())
        await journal.close()

    asyncio.run(story())
    # Nothing is read-only for root, so the system's answer is made up.
    monkeypatch.setattr(os, "access", lambda place, mode: mode != os.W_OK)
    reader = open_journal_readonly(path)
    assert [run.slug for run in reader.runs()] == ["r"]
    with pytest.raises(StoreRefused, match="is read-only") as refused:
        AgentFSJournal(path)
    assert "permissions" in refused.value.remedy
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    reader.close()


def test_an_empty_file_is_taken_for_a_new_one(path: Path, record: Any) -> None:
    path.parent.mkdir()
    path.touch()

    async def story() -> None:
        journal = AgentFSJournal(path)
        assert await journal.open_run(record()) == "r"
        await journal.close()

    asyncio.run(story())


def test_an_agentfs_file_of_others_gets_our_tables_beside_theirs(tmp_path: Path, record: Any) -> None:
    path = tmp_path / "theirs.db"
    _sql(*TABLES, "INSERT INTO kv_store (key, value) VALUES ('theirs', '1')")(path)
    with pytest.raises(StoreRefused, match="no journal"):
        open_journal_readonly(path)

    async def story() -> None:
        journal = AgentFSJournal(path)
        await journal.open_run(record())
        await journal.close()

    asyncio.run(story())
    with sqlite3.connect(path) as db:
        assert db.execute("SELECT value FROM kv_store WHERE key = 'theirs'").fetchone() == ("1",)
    db.close()


def test_odd_characters_in_a_path_are_no_trouble(tmp_path: Path, record: Any) -> None:
    path = tmp_path / "a b?c#d%20é" / "x&y=1.db"

    async def story() -> None:
        journal = AgentFSJournal(path)
        await journal.open_run(record())
        await journal.close()

    asyncio.run(story())
    assert path.is_file()


def test_escape_sequences_in_a_path_do_not_act_in_the_message(tmp_path: Path) -> None:
    path = tmp_path / "\x1b[31mred"
    path.write_text("once upon a time")
    with pytest.raises(StoreRefused) as refused:
        AgentFSJournal(path)
    assert "\x1b" not in str(refused.value) and "\\x1b[31mred" in str(refused.value)


def test_on_a_full_disk_it_is_the_disk_that_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR_SHMSIZE
    with pytest.raises(StoreError, match="which may be full"), readable(str(tmp_path / "x.db")):
        raise error
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR_READ
    with pytest.raises(StoreError, match="cannot be read from its disk"), readable(str(tmp_path / "x.db")):
        raise error
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=0))
    with pytest.raises(StoreError, match="the disk is full") as refused, readable(str(tmp_path / "x.db")):
        raise error
    assert "make room" in refused.value.remedy
