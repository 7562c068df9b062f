"""A damaged journal is mended as far as it can be, nothing false is kept, and what is lost has a name."""

from __future__ import annotations

import asyncio
import os
import random
import sqlite3
from pathlib import Path

import pytest

from orchestrator.core.errors import StoreError, StoreRefused
from orchestrator.core.facts import RunEnded, TurnEnded, TurnStarted
from orchestrator.store.journal import AgentFSJournal
from orchestrator.store.journal.examine import damages
from orchestrator.store.journal.repair import Mended, mend
from tests.orchestrator.store.journal.damage import put, taken, told, write_journal, write_killed

DAMAGES = 300 if os.environ.get("AGENTLARK_SOAK") else 30


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    path = tmp_path_factory.mktemp("sound") / "agent-db.db"
    write_journal(path)
    return taken(path)


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    path = tmp_path_factory.mktemp("killed") / "agent-db.db"
    write_killed(path)
    return taken(path)


def _alter(path: Path, files: dict[str, bytes], *statements: str) -> None:
    put(path, files)
    with sqlite3.connect(path) as db:
        for statement in statements:
            db.execute(statement)
    db.close()


def _mended(path: Path) -> Mended:
    mended = mend(path)
    assert mended is not None and damages(path) == [] and mend(path) is None
    return mended


def _answers(path: Path) -> int:
    return sum(len(bodies) for _, _, bodies in told(path).values())


def test_a_sound_journal_is_left_alone(sound: dict[str, bytes], tmp_path: Path) -> None:
    path = tmp_path / "agent-db.db"
    put(path, sound)
    assert mend(path) is None and taken(path) == sound and len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE journal_turns SET key = x'00' WHERE id = 3",
        "DELETE FROM journal_turns",
        "DELETE FROM journal_bodies",
        "UPDATE journal_runs SET record = '{}' WHERE slug = 's'",
        "DELETE FROM journal_runs WHERE slug = 'r'",
        "UPDATE fs_dentry SET name = 'x' WHERE name = '01-plan.json'",
        "UPDATE fs_inode SET mode = 0, size = 7",
        "DELETE FROM tool_calls",
        "UPDATE kv_store SET value = 'null'",
        "DROP INDEX journal_turns_key",
    ],
)
def test_what_follows_from_the_facts_or_is_kept_twice_is_put_right(
    sound: dict[str, bytes], tmp_path: Path, damage: str
) -> None:
    path = tmp_path / "agent-db.db"
    put(path, sound)
    before = told(path)
    _alter(path, sound, damage)
    altered = path.read_bytes()
    mended = _mended(path)
    assert told(path) == before and mended.lost == () and mended.cut == ()
    assert mended.damaged.name == "agent-db.damaged.db" and mended.damaged.read_bytes() == altered
    assert {file.stat().st_mode & 0o777 for file in (path, mended.damaged)} == {0o600}
    assert {file.name for file in tmp_path.iterdir()} == {path.name, mended.damaged.name}


def test_after_a_lost_fact_a_run_has_its_turns_and_can_be_resumed(
    sound: dict[str, bytes], tmp_path: Path
) -> None:
    path = tmp_path / "agent-db.db"
    put(path, sound)
    before = told(path)
    _alter(path, sound, "UPDATE journal_facts SET fact = fact || ' ' WHERE run = 1 AND seq = 10")
    mended = _mended(path)
    after = told(path)
    assert mended.lost == ("r: fact 10",) and mended.cut == ("r",)
    assert after["s"] == before["s"] and after["t"] == before["t"]
    facts, kept = before["r"][1], after["r"][1]
    assert kept == facts[:9] + [fact for fact in facts[10:] if isinstance(fact, TurnStarted | TurnEnded)]
    assert not any(isinstance(fact, RunEnded) and fact.ending == "done" for fact in kept)


def _spoil_answer(number: int) -> str:
    """Alter an answer where it stands, in all runs."""
    return f"UPDATE fs_data SET data = CAST(replace(data, 'answer {number} ', 'answer X ') AS BLOB)"


def test_a_lost_answer_of_a_finished_run_is_named_and_its_facts_stay(
    sound: dict[str, bytes], tmp_path: Path
) -> None:
    path = tmp_path / "agent-db.db"
    put(path, sound)
    before = told(path)
    _alter(path, sound, _spoil_answer(1))
    mended = _mended(path)
    assert mended.lost == ("r: the answer of n1, step 1",) and mended.cut == ()
    assert told(path)["r"][1] == before["r"][1]
    assert len(before["r"][2]) - len(told(path)["r"][2]) == 1


def test_a_lost_answer_of_a_run_that_can_be_resumed_is_asked_for_again(
    sound: dict[str, bytes], tmp_path: Path
) -> None:
    path = tmp_path / "agent-db.db"
    _alter(path, sound, _spoil_answer(3))
    mended = _mended(path)
    assert mended.cut == ("s", "t")
    for run in ("s", "t"):
        _, facts, _ = told(path)[run]
        assert all(fact.id.node != "n3" for fact in facts if isinstance(fact, TurnEnded))
        assert sum(isinstance(fact, TurnEnded) for fact in facts) == 3


def test_a_log_that_was_cut_off_is_given_up_and_what_it_lacks_is_named(
    killed: dict[str, bytes], tmp_path: Path
) -> None:
    path = tmp_path / "agent-db.db"
    half = {**killed, "-wal": killed["-wal"][: len(killed["-wal"]) // 2]}
    put(path, half)
    mended = _mended(path)
    facts = told(path)["u"][1]
    assert 2 < len(facts) < 37 and mended.cut == ("u",)
    assert mended.lost == (f"u: what was recorded last, facts {len(facts) + 1} to 37",)
    assert mended.damaged.read_bytes() == half[""]
    assert mended.damaged.with_name(f"{mended.damaged.name}-wal").read_bytes() == half["-wal"]
    asyncio.run(AgentFSJournal(path).close())


@pytest.mark.parametrize("seed", range(DAMAGES))
def test_whatever_is_altered_only_what_was_recorded_is_told(
    sound: dict[str, bytes], killed: dict[str, bytes], tmp_path: Path, seed: int
) -> None:
    rng = random.Random(seed)
    files = rng.choice((sound, killed))
    path = tmp_path / "agent-db.db"
    put(path, files)
    before = told(path)
    end = rng.choice([end for end in files if end != "-mark"])
    spoilt = bytearray(files[end])
    for _ in range(rng.choice((1, 1, 1, 5, 40))):
        spoilt[rng.randrange(len(spoilt))] ^= 1 << rng.randrange(8)
    if not rng.randrange(4):
        del spoilt[rng.randrange(len(spoilt)) :]
    put(path, {**files, end: bytes(spoilt)})
    try:
        mended = mend(path)
    except StoreError as error:  # past mending: it stays, or a copy with its log
        has_log = "-wal" in files
        kept = tmp_path / ("agent-db.damaged.db" if has_log else "agent-db.db")
        assert bool(error.remedy) and kept.read_bytes() == (files[""] if end else spoilt)  # noqa: PT017
        return
    assert damages(path) == [] and mend(path) is None
    after = told(path)
    for run, (record, facts, bodies) in after.items():
        assert record == before[run][0] and bodies.items() <= before[run][2].items()
        assert [fact for fact in before[run][1] if fact in facts] == facts
    if mended is None or not mended.lost:
        assert after == before
    else:
        assert mended.damaged.read_bytes() == (spoilt if not end else files[""])


def test_one_flipped_bit_takes_little_with_it(sound: dict[str, bytes], tmp_path: Path) -> None:
    path = tmp_path / "agent-db.db"
    put(path, sound)
    whole = _answers(path)
    kept: list[float] = []
    for seed in range(DAMAGES):
        rng = random.Random(seed)
        spoilt = bytearray(sound[""])
        spoilt[rng.randrange(28 * 4096, len(spoilt))] ^= 1 << rng.randrange(
            8
        )  # behind the tables' definitions
        put(path, {"": bytes(spoilt)})
        mend(path)
        kept.append(_answers(path) / whole)
    assert sum(kept) / len(kept) > 0.95


def test_other_programs_files_stay_and_their_damage_is_named(sound: dict[str, bytes], tmp_path: Path) -> None:
    path = tmp_path / "agent-db.db"
    _alter(
        path,
        sound,
        "INSERT INTO fs_inode (ino, mode, nlink, atime, mtime, ctime) VALUES (999, 33188, 1, 1, 1, 1)",
        "INSERT INTO fs_dentry (name, parent_ino, ino) VALUES ('theirs', 1, 999)",
        "INSERT INTO fs_data VALUES (999, 0, x'6869')",
        "UPDATE kv_store SET value = 'null'",
    )
    _mended(path)
    db = sqlite3.connect(path)
    found = db.execute("SELECT data FROM fs_data JOIN fs_dentry USING (ino) WHERE name = 'theirs'").fetchall()
    db.close()
    assert found == [(b"hi",)]


def test_what_is_locked_or_of_a_newer_version_is_left_alone(sound: dict[str, bytes], tmp_path: Path) -> None:
    path = tmp_path / "agent-db.db"
    _alter(path, sound, "UPDATE agentlark_schema SET version = 9")
    before = path.read_bytes()
    with pytest.raises(StoreRefused, match="newer agentlark"):
        mend(path)
    assert path.read_bytes() == before and len(list(tmp_path.iterdir())) == 1
