"""What collecting keeps is whole, what it drops is gone, and whoever kills it finds one file or the other."""

from __future__ import annotations

import asyncio
import os
import random
import sqlite3
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from orchestrator.core.errors import FolderBusy, StoreError, UserError
from orchestrator.core.facts import RunEnded
from orchestrator.core.paths import RunPaths
from orchestrator.store.folder_lock import FolderLock
from orchestrator.store.journal import AgentFSJournal, open_journal_readonly
from orchestrator.store.journal.examine import damages
from orchestrator.store.journal.gc import Footprint, Keeping, collect, dispensable, footprints, remove_run
from tests.orchestrator.store.conftest import NOON, Turn, make_record
from tests.orchestrator.store.journal.damage import content, write_journal


@pytest.fixture
def paths(tmp_path: Path) -> RunPaths:
    """A folder with three runs: `r` is done and has all turns, `s` and `t` reuse some and failed."""
    paths = RunPaths(tmp_path)
    write_journal(paths.journal)
    return paths


def _told(path: Path) -> dict[str, Any]:
    """Every run with its facts, and each body that these name."""
    with open_journal_readonly(path) as journal:
        return {
            record.slug: (
                record,
                [(seq, fact) for seq, fact in journal.facts(record.slug)],
                {
                    digest: journal.body(digest)
                    for _, fact in journal.facts(record.slug)
                    if fact.kind == "turn-ended" and fact.answer
                    for digest in (fact.key, fact.answer)
                },
            )
            for record in journal.runs()
        }


def test_runs_are_told_with_what_they_take(paths: RunPaths) -> None:
    r, s, t = footprints(paths.journal)
    assert [one.run for one in (r, s, t)] == ["r", "s", "t"]
    assert (r.turns, r.reused, s.turns, s.reused) == (12, 0, 4, 4)
    assert r.bytes > 12 * 8000 > s.bytes == t.bytes > 0
    assert (r.ending, s.ending) == ("done", "failed")
    assert not r.is_resumable and s.is_resumable


def test_a_run_that_is_dropped_leaves_what_kept_runs_need(paths: RunPaths) -> None:
    before, size = _told(paths.journal), paths.journal.stat().st_size
    done = collect(paths, Keeping(runs=0), NOON)
    assert [one.run for one in done.dropped] == ["r"]
    assert (done.before, done.after) == (size, paths.journal.stat().st_size) and done.after < size * 0.6
    after = _told(paths.journal)
    assert after == {slug: before[slug] for slug in ("s", "t")}
    assert damages(paths.journal) == []
    assert [file.name for file in paths.journal.parent.iterdir() if "agent-db" in file.name] == [
        "agent-db.db"
    ]
    assert paths.journal.stat().st_mode & 0o777 == 0o600


def test_keeping_everything_writes_nothing(paths: RunPaths) -> None:
    before = paths.journal.read_bytes()
    assert collect(paths, Keeping(runs=1), NOON).dropped == ()
    assert collect(paths, Keeping(), NOON).dropped == ()
    assert paths.journal.read_bytes() == before


def test_a_rewritten_journal_has_the_same_rows(paths: RunPaths) -> None:
    asyncio.run(_add_run(paths, "u"))
    whole = content(paths.journal)
    asyncio.run(_add_run(paths, "v"))
    remove_run(paths, "v")
    again = content(paths.journal)
    for table in (
        "journal_facts",
        "journal_bodies",
        "tool_calls",
        "journal_turns",
        "journal_runs",
        "fs_config",
    ):
        assert len(again[table]) == len(whole[table]), table
    assert again["journal_facts"] == whole["journal_facts"]
    assert again["kv_store"] == whole["kv_store"]


async def _add_run(paths: RunPaths, slug: str) -> None:
    journal = AgentFSJournal(paths.journal)
    await journal.open_run(make_record(slug))
    turn = Turn("n1", run=slug, text=f"the answer of {slug}")
    await journal.commit(slug, [turn.ended], turn.bodies)
    await journal.commit(slug, [RunEnded(ending="done", at=NOON)], {})
    await journal.close()


def test_a_journal_that_was_collected_goes_on(paths: RunPaths) -> None:
    collect(paths, Keeping(runs=0), NOON)

    async def story() -> None:
        journal = AgentFSJournal(paths.journal)
        turn = Turn("n0", run="t", prompt="ask 0 " * 200, text="answer 0 " * 700)
        assert await journal.find(turn.key, None) == turn.recorded
        assert await journal.open_run(make_record("r")) == "r"
        await journal.commit("t", [turn.ended], turn.bodies)
        await journal.close()

    asyncio.run(story())
    assert damages(paths.journal) == []


def test_what_others_keep_in_the_file_stays(paths: RunPaths) -> None:
    with sqlite3.connect(paths.journal) as db:
        add = (
            "INSERT INTO fs_inode (ino, mode, nlink, size, atime, mtime, ctime) VALUES (?, ?, 1, ?, 1, 2, 3)"
        )
        db.executemany(add, [(901, 0o040755, 0), (902, 0o100600, 2), (903, 0o100600, 2)])
        s = db.execute("SELECT ino FROM fs_dentry WHERE name = 's'").fetchone()[0]
        r = db.execute("SELECT ino FROM fs_dentry WHERE name = 'r'").fetchone()[0]
        entries = [("theirs", 1, 901), ("note", 901, 902), ("again", s, 902), ("dropped", r, 903)]
        db.executemany("INSERT INTO fs_dentry (name, parent_ino, ino) VALUES (?, ?, ?)", entries)
        db.execute("UPDATE fs_inode SET nlink = 2 WHERE ino = 902")
        db.executemany("INSERT INTO fs_data VALUES (?, 0, ?)", [(902, b"hi"), (903, b"no")])
        db.execute("INSERT INTO kv_store (key, value, created_at, updated_at) VALUES ('theirs', '1', 2, 3)")
        db.execute("INSERT INTO tool_calls (name, status, started_at) VALUES ('theirs', 'success', 1)")
        db.execute('CREATE TABLE "their ""table" (a)')
        db.execute('INSERT INTO "their ""table" VALUES (7)')
    db.close()
    collect(paths, Keeping(runs=0), NOON)
    db = sqlite3.connect(paths.journal)
    files = db.execute(
        "SELECT d.name, i.mode, i.nlink, i.size, i.mtime, f.data FROM fs_dentry d JOIN fs_inode i USING (ino)"
        " LEFT JOIN fs_data f USING (ino) WHERE i.mtime = 2 ORDER BY d.name"
    ).fetchall()
    assert files == [
        ("again", 0o100600, 2, 2, 2, b"hi"),
        ("note", 0o100600, 2, 2, 2, b"hi"),
        ("theirs", 0o040755, 1, 0, 2, None),
    ]
    assert db.execute("SELECT * FROM kv_store WHERE key = 'theirs'").fetchall() == [("theirs", "1", 2, 3)]
    assert db.execute("SELECT count(*) FROM tool_calls WHERE name = 'theirs'").fetchone() == (1,)
    assert db.execute('SELECT a FROM "their ""table"').fetchall() == [(7,)]
    db.close()
    assert damages(paths.journal) == []


def test_a_damaged_journal_is_not_collected(paths: RunPaths) -> None:
    with sqlite3.connect(paths.journal) as db:
        db.execute("UPDATE journal_facts SET crc = 1 WHERE run = 2 AND seq = 2")
    db.close()
    before = paths.journal.read_bytes()
    with pytest.raises(StoreError, match="missing or altered"):
        collect(paths, Keeping(runs=0), NOON)
    assert paths.journal.read_bytes() == before
    assert not list(paths.journal.parent.glob(".*rewritten*"))


def test_while_a_run_goes_nothing_is_dropped(paths: RunPaths) -> None:
    lock = FolderLock(paths.lock)
    with pytest.raises(FolderBusy):
        collect(paths, Keeping(runs=0), NOON)
    lock.release()


def test_a_run_is_removed_by_name_resumable_or_not(paths: RunPaths) -> None:
    with pytest.raises(UserError, match="no run 'x'") as refused:
        remove_run(paths, "x")
    assert "r, s, t" in refused.value.remedy
    assert [one.run for one in remove_run(paths, "s").dropped] == ["s"]
    assert [one.run for one in footprints(paths.journal)] == ["r", "t"]


def _made(number: int, ending: str | None = "done", size: int = 10, days: int = 0) -> Footprint:
    return Footprint(f"run-{number}", NOON - timedelta(days=days), ending, 1, 0, size)


@pytest.mark.parametrize(
    ("keeping", "dropped"),
    [
        (Keeping(), ""),
        (Keeping(runs=9), ""),
        (Keeping(runs=2), "02"),
        (Keeping(runs=0), "0245"),
        (Keeping(days=5), "02"),
        (Keeping(bytes=50), "0"),
        (Keeping(bytes=0), "0245"),
        (Keeping(bytes=10_000), ""),
        (Keeping(runs=3, days=2), "024"),
    ],
)
def test_only_finished_runs_are_dispensable_and_the_newest_stay(keeping: Keeping, dropped: str) -> None:
    endings = ["done", None, "done", "interrupted", "done", "done"]
    found = [_made(number, ending, days=10 - 2 * number) for number, ending in enumerate(endings)]
    assert "".join(one.run[-1] for one in dispensable(found, keeping, NOON + timedelta(hours=1))) == dropped


COLLECTING = """
import sqlite3, os, signal, sys
from pathlib import Path
from datetime import datetime, UTC
from orchestrator.core.paths import RunPaths
from orchestrator.store.journal import gc, rewrite
left = [int(sys.argv[2])]
def die(*_):
    left[0] -= 1
    if left[0] <= 0:
        os.kill(os.getpid(), signal.SIGKILL)
connect = sqlite3.connect
def connecting(*given, **named):
    connection = connect(*given, **named)
    connection.set_trace_callback(die)
    return connection
sqlite3.connect = connecting
sys.addaudithook(lambda event, _: die() if event in ("os.rename", "os.remove") else None)
gc.collect(RunPaths(Path(sys.argv[1])), gc.Keeping(runs=0), datetime.now(UTC))
"""


def test_killed_anywhere_it_leaves_the_old_file_or_the_new_one(paths: RunPaths) -> None:
    whole = paths.journal.read_bytes()
    before = _told(paths.journal)
    points = 60 if os.environ.get("AGENTLARK_SOAK") else 6
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(part for part in sys.path if part)}
    seen = set()
    for point in [*random.Random(7).sample(range(1, 600), points - 1), 10_000]:
        paths.journal.write_bytes(whole)
        done = subprocess.run([sys.executable, "-c", COLLECTING, str(paths.folder), str(point)], env=env)
        after = _told(paths.journal)
        assert after in (before, {slug: before[slug] for slug in ("s", "t")})
        assert damages(paths.journal) == []
        seen.add((done.returncode, len(after)))
        collect(paths, Keeping(runs=0), NOON)
        assert len(_told(paths.journal)) == 2
        assert not list(paths.journal.parent.glob(".*rewritten*"))
    assert {(-9, 3), (0, 2)} <= seen
