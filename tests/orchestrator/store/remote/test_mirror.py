"""A mirror ends up equal to the file it follows, whatever happens to its connection."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orchestrator.core.errors import StoreRefused
from orchestrator.core.places import Remote
from orchestrator.store.agentfs.files import list_names, read_file
from orchestrator.store.journal import AgentFSJournal
from orchestrator.store.remote import MirrorSink, rows, sink
from orchestrator.store.remote.mirror import Mirror
from tests.doubles.libsql_server import LibsqlServer

TABLES = (
    *("fs_config", "fs_inode", "fs_dentry", "fs_data", "fs_symlink", "kv_store", "tool_calls"),
    *("journal_runs", "journal_facts", "journal_turns", "journal_bodies", "agentlark_schema"),
)


@pytest.fixture
def server() -> Iterator[LibsqlServer]:
    with LibsqlServer() as server:
        yield server


async def write(journal: AgentFSJournal, turns: Any) -> None:
    for turn in turns:
        if turn.id.run not in [record.slug for record in journal.runs()]:
            await journal.open_run(turn.record)
        await journal.commit(turn.id.run, [turn.started, turn.acted()], {})
        await journal.commit(turn.id.run, [turn.ended, turn.node_ended()], turn.bodies)


@pytest.fixture
def story(make_turn: Any, record: Any) -> Any:
    """Turns of two runs, some of them large."""

    def turns(first: int, last: int) -> list[Any]:
        made = []
        for number in range(first, last):
            run = f"r{number % 2}"
            turn = make_turn(f"n{number}", run=run, text=f"{number} " + "x" * (9000 * (number % 3)))
            turn.record = record(run)
            made.append(turn)
        return made

    return turns


def equal(path: Path, server: LibsqlServer) -> bool:
    db = sqlite3.connect(path)
    try:
        return all(
            sorted(db.execute(f"SELECT * FROM {table}").fetchall(), key=repr) == server.table(table)
            for table in TABLES
        )
    finally:
        db.close()


async def caught_up(path: Path, remote: Remote, attempts: int = 1) -> None:
    db = sqlite3.connect(path, isolation_level=None)
    mirror = Mirror(remote, db)
    try:
        for attempt in range(attempts):
            try:
                await mirror.catch_up()
                return
            except Exception:
                if attempt == attempts - 1:
                    raise
    finally:
        await mirror.close()
        db.close()


@pytest.mark.parametrize("scheme", ["http", "ws"])
def test_a_mirror_is_equal_and_goes_on_where_it_was(
    path: Path, server: LibsqlServer, story: Any, scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "BATCH_ROWS", 7)

    async def live() -> None:
        journal = AgentFSJournal(path)
        for first in range(0, 12, 4):
            await write(journal, story(first, first + 4))
            await caught_up(path, Remote(server.url(scheme)))
            assert equal(path, server)
        before = server.requests
        await caught_up(path, Remote(server.url(scheme)))
        assert server.requests - before <= 5
        await journal.close()

    asyncio.run(live())
    assert "01-plan.json" in list_names(server.db, "/runs/r0/agents/n2")
    assert read_file(server.db, "/runs/r0/agents/n2/01-plan.json").count(b"x") > 17_000


@pytest.mark.parametrize("scheme", ["http", "ws"])
@pytest.mark.parametrize("seed", range(4))
def test_lost_connections_lose_and_double_nothing(
    path: Path, server: LibsqlServer, story: Any, scheme: str, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "BATCH_ROWS", 5)
    rng = random.Random(seed)
    server.losses.extend(rng.choice(("", "", "before", "after")) for _ in range(60))

    async def live() -> None:
        journal = AgentFSJournal(path)
        for first in range(0, 12, 4):
            await write(journal, story(first, first + 4))
            await caught_up(path, Remote(server.url(scheme)), attempts=80)
            facts = server.db.execute(
                "SELECT run, count(*), max(seq) FROM journal_facts GROUP BY run"
            ).fetchall()
            assert all(count == last for _, count, last in facts)
        await journal.close()

    asyncio.run(live())
    assert equal(path, server)


def test_whoever_sees_a_fact_finds_its_bodies(
    path: Path, server: LibsqlServer, story: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "BATCH_ROWS", 3)
    server.losses.extend(["", "after"] * 40)

    async def live() -> None:
        journal = AgentFSJournal(path)
        await write(journal, story(0, 8))
        await journal.close()
        for _ in range(100):
            try:
                await caught_up(path, Remote(server.url()))
                break
            except Exception:
                orphans = """SELECT count(*) FROM journal_turns t
                    WHERE NOT EXISTS (SELECT 1 FROM fs_data d WHERE d.ino = t.ino)"""
                if server.table("sqlite_schema"):
                    assert server.db.execute(orphans).fetchone() == (0,)

    asyncio.run(live())
    assert equal(path, server)


def test_a_database_of_something_else_is_refused(path: Path, server: LibsqlServer, story: Any) -> None:
    server.db.execute("CREATE TABLE songs (title TEXT)")

    async def live() -> None:
        journal = AgentFSJournal(path)
        await write(journal, story(0, 1))
        await journal.close()
        with pytest.raises(StoreRefused, match="something else"):
            await caught_up(path, Remote(server.url()))

    asyncio.run(live())


def test_a_mirror_of_another_journal_is_refused(
    path: Path, tmp_path: Path, server: LibsqlServer, story: Any, record: Any, later: Any
) -> None:
    other = tmp_path / "other.db"

    async def live() -> None:
        for file, started in ((path, 0), (other, 5)):
            journal = AgentFSJournal(file)
            await journal.open_run(record("r0", started=later(started)))
            await write(journal, story(0, 1))
            await journal.close()
        await caught_up(path, Remote(server.url()))
        with pytest.raises(StoreRefused, match="mirrors another journal"):
            await caught_up(other, Remote(server.url()))

    asyncio.run(live())
    assert equal(path, server)


def test_a_mirror_of_an_older_shape_is_refused(path: Path, server: LibsqlServer, story: Any) -> None:
    async def live() -> None:
        journal = AgentFSJournal(path)
        await write(journal, story(0, 1))
        await journal.close()
        await caught_up(path, Remote(server.url()))
        server.db.execute("UPDATE agentlark_schema SET version = 0")
        with pytest.raises(StoreRefused, match="another version"):
            await caught_up(path, Remote(server.url()))

    asyncio.run(live())


def _wait_until(holds: Any) -> None:
    end = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.parametrize("scheme", ["http", "ws"])
def test_the_sink_follows_a_run_through_an_outage(
    path: Path, story: Any, scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sink, "LAG_S", 0.01)
    monkeypatch.setattr(sink, "FIRST_WAIT_S", 0.02)

    async def live(server: LibsqlServer) -> None:
        journal = AgentFSJournal(path)
        await write(journal, story(0, 2))
        mirror = MirrorSink(path, Remote(server.url(scheme), "secret-token-1"))
        await asyncio.to_thread(_wait_until, lambda: server.requests > 3 and mirror.failure is None)
        server.is_down = True
        turns = story(2, 8)
        await write(journal, turns)
        mirror.see(5, turns[0].ended)
        await asyncio.to_thread(_wait_until, lambda: mirror.failure is not None)
        assert "is behind by" in str(mirror.failure)
        server.is_down = False
        await asyncio.to_thread(_wait_until, lambda: mirror.failure is None)
        await write(journal, story(8, 10))
        mirror.close()
        mirror.close()
        assert mirror.failure is None
        await journal.close()

    with LibsqlServer("secret-token-1") as server:
        asyncio.run(live(server))
        assert equal(path, server)


@pytest.mark.parametrize("scheme", ["http", "ws"])
def test_what_is_missing_at_the_end_is_said_without_the_token_and_sent_by_the_next_run(
    path: Path, story: Any, scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sink, "FIRST_WAIT_S", 0.01)

    async def live(url: str) -> None:
        journal = AgentFSJournal(path)
        await write(journal, story(0, 3))
        failed = MirrorSink(path, Remote(url, "a-wrong-token"))
        failed.close()
        assert failed.failure is not None and "12 facts" in str(failed.failure)
        assert "a-wrong-token" not in str(failed.failure) + repr(Remote(url, "a-wrong-token"))
        mirror = MirrorSink(path, Remote(url, "the-right-one"))
        mirror.close()
        assert mirror.failure is None
        await journal.close()

    with LibsqlServer("the-right-one") as server:
        asyncio.run(live(server.url(scheme)))
        assert equal(path, server)


def test_nobody_there_does_not_hold_up_the_end(path: Path, story: Any) -> None:
    async def live() -> None:
        journal = AgentFSJournal(path)
        await write(journal, story(0, 1))
        mirror = MirrorSink(path, Remote("http://127.0.0.1:9"))
        begun = time.monotonic()
        mirror.close()
        assert mirror.failure is not None and time.monotonic() - begun < 8
        await journal.close()

    asyncio.run(live())
