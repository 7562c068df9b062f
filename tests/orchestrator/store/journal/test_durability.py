"""SIGKILL at random moments: what was acknowledged is there, what is there has no gap."""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

from orchestrator.core.facts import TurnEnded
from orchestrator.store.artifacts import ArtifactProjection
from orchestrator.store.journal import JournalReader, open_journal_readonly

ROUNDS = 80 if os.environ.get("AGENTLARK_SOAK") else 8
WRITER = Path(__file__).with_name("writing_process.py")


def _write_and_kill(path: Path, artifacts: Path, seed: int) -> list[tuple[int, str, str]]:
    """Run a writer, kill it at a moment that the seed decides, and give what it had been promised."""
    rng = random.Random(seed)
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(part for part in sys.path if part)}
    command = [sys.executable, str(WRITER), str(path), str(artifacts), str(seed)]
    acks: list[str] = []
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None and writer.stdout.readline() == "ready\n"
        for _ in range(rng.choice((0, 1, 10, 100, 400))):
            acks.append(writer.stdout.readline())
        time.sleep(rng.random() * 0.01)
        writer.kill()
        acks += writer.stdout.readlines()
    whole = [line.split() for line in acks if line.endswith("\n")]
    return [(int(last), key, digest) for last, key, digest in whole]


def _check(reader: JournalReader, acks: list[tuple[int, str, str]]) -> int:
    """Every acknowledged commit is there, every recorded body is sound; gives the number of answers."""
    facts = list(reader.facts("killed"))
    assert [seq for seq, _ in facts] == list(range(1, len(facts) + 1))
    assert max((last for last, _, _ in acks), default=0) <= len(facts)
    for last, key, digest in acks:
        ended = facts[last - 2][1]
        assert isinstance(ended, TurnEnded) and (ended.key, ended.answer) == (key, digest)
    answered = [fact for _, fact in facts if isinstance(fact, TurnEnded)]
    for fact in answered:
        assert fact.answer is not None
        assert reader.body(fact.key) and reader.body(fact.answer)
    return len(answered)


def test_a_killed_writer_leaves_all_that_was_acknowledged_and_no_gap(tmp_path: Path) -> None:
    path, artifacts = tmp_path / ".agentfs" / "agent-db.db", tmp_path / "memory" / "artifacts.agentfs.db"
    acks: list[tuple[int, str, str]] = []
    answered = 0
    for seed in range(ROUNDS):
        acks += _write_and_kill(path, artifacts, seed)
        reader = open_journal_readonly(path)
        answered = _check(reader, acks)
        reader.close()
    assert answered >= len(acks) > 0
    with sqlite3.connect(path) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert db.execute("SELECT count(*) FROM journal_turns").fetchone() == (answered,)
    db.close()
    _check_artifacts(path, artifacts, answered)


def _check_artifacts(path: Path, artifacts: Path, answered: int) -> None:
    reader = open_journal_readonly(path)
    projection = ArtifactProjection(artifacts)
    projection.catch_up_all(reader)
    projection.close()
    reader.close()
    with sqlite3.connect(artifacts) as db:
        found = db.execute(
            "SELECT count(*), count(DISTINCT seq), count(DISTINCT name) FROM artifacts"
        ).fetchone()
        assert found == (answered, answered, answered)
        files = "SELECT count(*) FROM fs_dentry WHERE name LIKE '%.json'"
        assert db.execute(files).fetchone() == (answered,)
    db.close()
