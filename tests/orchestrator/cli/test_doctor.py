"""`doctor` on a folder whose journal is damaged, as a user meets it."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from orchestrator.core.paths import RunPaths
from orchestrator.store.folder_lock import FolderLock
from tests.orchestrator.cli.conftest import Command
from tests.orchestrator.cli.going import holds_soon, started

LOST_FACT = """UPDATE journal_facts SET fact = fact || ' ' WHERE seq =
    (SELECT max(seq) FROM journal_facts WHERE fact LIKE '%"kind":"node-ended"%')"""


@pytest.fixture
def journal(agentlark: Command, config: Path, tmp_path: Path) -> Path:
    """The journal of a folder with a finished run."""
    assert agentlark("run", "--backend", "rehearsal", "-q").returncode == 0
    return RunPaths(tmp_path).journal


def _spoil(journal: Path) -> None:
    with sqlite3.connect(journal) as db:
        assert db.execute(LOST_FACT).rowcount == 1
    db.close()


def _run(agentlark: Command) -> tuple[str, int]:
    """How the run ended, and how many turns it sent."""
    run = json.loads(agentlark("runs", "ls", "--json").stdout.splitlines()[0])
    return run["ending"], run["turns"]


def _check(agentlark: Command, *options: str) -> tuple[int, dict[str, str]]:
    done = agentlark("doctor", "--json", *options)
    checks = json.loads(done.stdout)["checks"]
    return done.returncode, next(check for check in checks if check["name"] == "journal")


def test_damage_is_told_with_its_place_and_what_to_do(agentlark: Command, journal: Path) -> None:
    assert _check(agentlark)[1]["status"] == "ok"
    _spoil(journal)
    code, check = _check(agentlark)
    assert code == 1 and check["status"] == "broken" and check["remedy"] == "agentlark doctor --repair"
    assert str(journal) in check["detail"] and "missing or altered" in check["detail"]


def test_a_resume_of_a_damaged_run_says_how_to_mend_it(agentlark: Command, journal: Path) -> None:
    _spoil(journal)
    refused = agentlark("resume")
    assert refused.returncode == 1
    assert "missing or altered" in refused.stderr and "agentlark doctor --repair" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_repaired_run_is_resumed_and_repeats_nothing(agentlark: Command, journal: Path) -> None:
    before = _run(agentlark)
    _spoil(journal)
    mended = agentlark("doctor", "--repair")
    assert mended.returncode == 0, mended.stderr
    assert "damaged file is kept as" in mended.stderr and "lost: " in mended.stderr
    assert "resume" in mended.stderr
    assert _check(agentlark)[1]["status"] == "ok"
    resumed = agentlark("resume")
    assert resumed.returncode == 0, resumed.stderr
    assert _run(agentlark) == before
    assert _check(agentlark)[1]["status"] == "ok"


def test_artifacts_follow_a_repaired_journal(agentlark: Command, journal: Path) -> None:
    before = agentlark("memory:inspect").stdout
    _spoil(journal)
    agentlark("doctor", "--repair")
    assert agentlark("resume", "-q").returncode == 0
    assert sorted(agentlark("memory:inspect").stdout.splitlines()) == sorted(before.splitlines())


def test_repairing_twice_mends_once(agentlark: Command, journal: Path) -> None:
    _spoil(journal)
    assert json.loads(agentlark("doctor", "--repair", "--json").stdout)["repair"]["lost"]
    mended = journal.read_bytes()
    assert json.loads(agentlark("doctor", "--repair", "--json").stdout)["repair"] is None
    assert journal.read_bytes() == mended
    assert len(list(journal.parent.glob("*damaged*"))) == 1


def test_while_a_run_goes_nothing_is_repaired(agentlark: Command, journal: Path, tmp_path: Path) -> None:
    _spoil(journal)
    lock = FolderLock(RunPaths(tmp_path).lock)
    lock.name("run-1")
    refused = agentlark("doctor", "--repair")
    assert refused.returncode == 5 and "run-1" in refused.stderr
    assert "not examined" in _check(agentlark)[1]["detail"]
    lock.release()


def test_what_is_locked_by_another_program_is_told(agentlark: Command, journal: Path) -> None:
    db = sqlite3.connect(journal, isolation_level=None)
    db.execute("PRAGMA locking_mode=EXCLUSIVE")
    db.execute("BEGIN EXCLUSIVE")
    code, check = _check(agentlark)
    assert (
        code == 1
        and "locked by another program" in check["detail"]
        and "close what holds it" in check["remedy"]
    )
    db.close()


def _text(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def test_a_log_that_was_cut_off_is_noticed_mended_and_resumed(
    agentlark: Command, config: Path, tmp_path: Path
) -> None:
    journal = RunPaths(tmp_path).journal
    with started(tmp_path, "--backend", "rehearsal", "--rehearsal-delay", "0.3") as run:
        assert holds_soon(lambda: "plan" in _text(tmp_path / "logs" / "builder.log"))
        run.kill()
    log = journal.with_name(f"{journal.name}-wal")
    with log.open("r+b") as file:
        file.truncate(log.stat().st_size * 2 // 3)
    refused = agentlark("resume", "--unknown", "retry")
    assert refused.returncode == 1 and "lacks what was recorded last" in refused.stderr
    assert "agentlark doctor --repair" in refused.stderr
    mended = agentlark("doctor", "--repair")
    assert mended.returncode == 0 and "what was recorded last" in mended.stderr
    resumed = agentlark("resume", "--unknown", "retry")
    assert resumed.returncode == 0, resumed.stderr
    assert _check(agentlark)[1]["status"] == "ok"


def test_a_run_that_meets_an_altered_answer_stops_and_after_a_repair_asks_for_it_again(
    agentlark: Command, journal: Path
) -> None:
    with sqlite3.connect(journal) as db:
        altered = db.execute(
            """UPDATE fs_data
            SET data = CAST(replace(data, 'follow-up of planner', 'follow-up of nobody') AS BLOB)
            WHERE ino = (SELECT f.ino FROM fs_dentry f JOIN fs_dentry n ON n.ino = f.parent_ino
                WHERE n.name = 'planner' AND f.name = '02-follow-up.json')"""
        ).rowcount
    db.close()
    assert altered
    refused = agentlark("run", "--backend", "rehearsal", "-q")
    assert refused.returncode == 1 and "the file was altered" in refused.stderr
    assert "agentlark doctor --repair" in refused.stderr and "Traceback" not in refused.stderr
    mended = agentlark("doctor", "--repair")
    assert mended.returncode == 0 and "the answer of planner, step 2" in mended.stderr
    again = agentlark("run", "--backend", "rehearsal", "--json")
    assert again.returncode == 0
    facts = [json.loads(line) for line in again.stdout.splitlines()]
    sent = [fact for fact in facts if fact.get("kind") == "turn-ended" and fact["origin"] == "live"]
    assert [(fact["id"][1], fact["purpose"]) for fact in sent] == [("planner", "follow-up")]
