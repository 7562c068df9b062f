"""Whatever of a finished file is altered or cut off is found."""

from __future__ import annotations

import os
import random
import sqlite3
from pathlib import Path

import pytest

from orchestrator.core.errors import StoreDamaged, StoreRefused
from orchestrator.store.journal import AgentFSJournal
from orchestrator.store.journal.examine import damages
from tests.orchestrator.store.journal.damage import content, put, taken, write_journal, write_killed

SHARE = 1 if os.environ.get("AGENTLARK_SOAK") else 10
FLIPS = 500 // SHARE
TRUNCATIONS = 200 // SHARE


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sound") / "agent-db.db"
    write_journal(path)
    return path


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files of a journal whose writer was killed."""
    path = tmp_path_factory.mktemp("killed") / "agent-db.db"
    write_killed(path)
    return taken(path)


def _found(path: Path) -> list[str]:
    try:
        return damages(path)
    except StoreRefused as error:  # refused, with the reason
        return [error.message]


def test_a_sound_journal_has_no_damages(sound: Path) -> None:
    assert damages(sound) == []


def test_every_flipped_bit_that_alters_anything_is_found(sound: Path, tmp_path: Path) -> None:
    whole, recorded = sound.read_bytes(), content(sound)
    rng = random.Random(20260401)
    path = tmp_path / "agent-db.db"
    found = harmless = 0
    while found < FLIPS:
        spoilt = bytearray(whole)
        place, bit = rng.randrange(len(whole)), rng.randrange(8)
        spoilt[place] ^= 1 << bit
        path.write_bytes(spoilt)
        if _found(path):
            found += 1
        else:  # in room that no row fills: nobody can tell, whatever is asked of the file
            harmless += 1
            assert content(path) == recorded, f"byte {place}, bit {bit}"
    assert harmless < FLIPS


def test_every_truncation_is_found(sound: Path, tmp_path: Path) -> None:
    whole = sound.read_bytes()
    rng = random.Random(20260402)
    path = tmp_path / "agent-db.db"
    sizes = [0, 1, 15, 16, 100, len(whole) - 1, *range(4096, len(whole), 4096)]
    sizes += [rng.randrange(len(whole)) for _ in range(TRUNCATIONS)]
    for size in rng.sample(sizes, TRUNCATIONS):
        path.write_bytes(whole[:size])
        assert _found(path), f"cut off at {size} of {len(whole)}"


def test_a_journal_whose_writer_was_killed_has_no_damages(killed: dict[str, bytes], tmp_path: Path) -> None:
    path = tmp_path / "agent-db.db"
    put(path, killed)
    assert damages(path) == []
    put(path, {end: killed[end] for end in ("", "-wal")})
    assert damages(path) == []


def test_what_is_flipped_or_cut_off_where_a_writer_was_killed_is_found(
    killed: dict[str, bytes], tmp_path: Path
) -> None:
    path = tmp_path / "agent-db.db"
    put(path, killed)
    recorded = content(path)
    rng = random.Random(20260403)
    found = {"flip": 0, "cut off": 0}
    harmless = 0
    while found["flip"] < FLIPS or found["cut off"] < TRUNCATIONS:
        end = rng.choice(("", "-wal"))
        spoilt = bytearray(killed[end])
        place, bit = rng.randrange(len(spoilt)), rng.randrange(8)
        how = "flip" if found["flip"] < FLIPS else "cut off"
        if how == "flip":
            spoilt[place] ^= 1 << bit
        else:
            del spoilt[place:]
        put(path, {**killed, end: bytes(spoilt)})
        if _found(path):
            found[how] += 1
        else:  # in a byte that nothing reads
            harmless += 1
            put(path, {**killed, end: bytes(spoilt)})
            assert content(path) == recorded, f"{how} at {place} of {end or 'the file'}"
    assert harmless < FLIPS


@pytest.mark.parametrize("end", ["", "-wal"])
def test_a_file_that_is_gone_where_a_writer_was_killed_is_found(
    killed: dict[str, bytes], tmp_path: Path, end: str
) -> None:
    path = tmp_path / "agent-db.db"
    put(path, {**killed, end: b""})
    assert damages(path)
    put(path, {**killed, end: b""})
    with pytest.raises(StoreDamaged, match=r"lacks what was recorded last|is empty"):
        AgentFSJournal(path)


@pytest.mark.parametrize(
    ("damage", "finding"),
    [
        (
            "UPDATE fs_dentry SET name = '02-plan.json' WHERE name = '01-plan.json'",
            "/r/agents/n0/01-plan.json",
        ),
        ("UPDATE fs_inode SET mtime = mtime + 1 WHERE mode = 33188", "the entry of"),
        ("UPDATE fs_inode SET ctime = ctime + 1 WHERE mode = 16877", "the entry of"),
        ("UPDATE fs_inode SET nlink = 4 WHERE nlink = 3", "the entry of"),
        ("UPDATE fs_inode SET mode = 33252 WHERE mode = 33188", "the entry of"),
        (
            "UPDATE fs_data SET data = CAST(replace(data, 'overloaded', 'overloadee') AS BLOB)",
            "the content of",
        ),
        ("UPDATE fs_data SET data = CAST(data AS TEXT)", "the content of"),
        ("UPDATE journal_turns SET origin = 'live' WHERE origin = 'reused'", "the row of fact 2 of s"),
        ("UPDATE journal_turns SET run = 9 WHERE run = 3", "of no run"),
        ("DELETE FROM journal_turns WHERE run = 3", "of t"),
        ("DELETE FROM journal_bodies WHERE size = 5", "has no body"),
        ("DELETE FROM tool_calls WHERE id = 1", "tool call"),
        ("UPDATE tool_calls SET duration_ms = 5 WHERE id = 1", "tool call"),
        ("UPDATE kv_store SET value = '\"u\"' WHERE value = '\"t\"'", "the entry agentlark:last-run"),
        ("UPDATE kv_store SET created_at = 1", "the entry agentlark:"),
        ("UPDATE fs_config SET value = 2048 WHERE key = 'chunk_size'", "chunk_size"),
        ("UPDATE agentlark_schema SET part = 'kournal'", "version of the journal"),
        ("UPDATE journal_runs SET slug = 'q' WHERE slug = 's'", "record of run q was altered"),
        ("UPDATE journal_facts SET run = 7 WHERE run = 2", "of no run"),
        ("DROP INDEX journal_turns_key", "the definition of journal_turns"),
        ("PRAGMA user_version = 1", "user_version"),
        ("UPDATE fs_dentry SET parent_ino = 999 WHERE id = 4", "of nothing"),
    ],
)
def test_what_does_not_follow_from_the_facts_is_found(
    sound: Path, tmp_path: Path, damage: str, finding: str
) -> None:
    path = tmp_path / "agent-db.db"
    path.write_bytes(sound.read_bytes())
    with sqlite3.connect(path) as db:
        db.execute(damage)
    db.close()
    assert any(finding in found for found in damages(path)), damages(path)


def test_what_others_keep_beside_ours_is_no_damage(sound: Path, tmp_path: Path) -> None:
    path = tmp_path / "agent-db.db"
    path.write_bytes(sound.read_bytes())
    with sqlite3.connect(path) as db:
        db.execute(
            "INSERT INTO fs_inode (ino, mode, nlink, atime, mtime, ctime) VALUES (999, 33188, 1, 1, 1, 1)"
        )
        db.execute("INSERT INTO fs_dentry (name, parent_ino, ino) VALUES ('theirs', 1, 999)")
        db.execute("INSERT INTO kv_store (key, value) VALUES ('theirs', '1')")
        db.execute("INSERT INTO tool_calls (name, started_at) VALUES ('theirs', 1)")
        db.execute("UPDATE fs_inode SET atime = 9")
        db.execute("CREATE TABLE theirs (a)")
    db.close()
    assert damages(path) == []
