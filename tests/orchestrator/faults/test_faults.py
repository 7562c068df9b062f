"""A run killed at any write, fsync or rename, or left without room on the disk, goes on as if nothing was.

After each fault: what was recorded is not asked for again, by the account of a backend that notes each call
outside the folder; every answer, and every artifact, is that of a run that nothing happened to.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from orchestrator.core.facts import Fact, NodeEnded, RunEnded, RunStarted, TurnEnded
from orchestrator.core.paths import RunPaths
from orchestrator.store.artifacts import Artifact, Wanted, open_artifacts
from orchestrator.store.journal import open_journal_readonly
from orchestrator.store.journal.examine import damages
from orchestrator.store.journal.repair import mend
from tests.orchestrator.faults.commands import Command, Ended
from tests.orchestrator.store.journal.damage import told

HERE = Path(__file__).parent
SOAKS = bool(os.environ.get("AGENTLARK_SOAK"))
KILLS = 500 if SOAKS else 50
FULL_DISKS = 100 if SOAKS else 10

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or shutil.which("cc") is None,
    reason="faults are injected on Linux, with a C compiler",
)

RUN = ["run", "--backend", "rehearsal", "--builtin", "--prompt", "Ship it", "--jobs", "2", "-q"]
RESUME = ["resume", "--unknown", "retry", "-q"]

Carry = Callable[[Command], Ended]


@pytest.fixture(scope="module")
def carry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Carry]:
    """Carries out a command with a fault."""
    library = tmp_path_factory.mktemp("faults") / "faults.so"
    built = ["cc", "-shared", "-fPIC", "-o", str(library), str(HERE / "faults.c"), "-ldl"]
    subprocess.run(built, check=True, capture_output=True)
    environ = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    environ |= {"LD_PRELOAD": str(library), "PYTHONPATH": os.pathsep.join(part for part in sys.path if part)}
    with subprocess.Popen(
        [sys.executable, str(HERE / "commands.py")],
        env=environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdin is not None and server.stdout is not None
        stdin, stdout = server.stdin, server.stdout

        def carry_out(command: Command) -> Ended:
            stdin.write(json.dumps(command) + "\n")
            stdin.flush()
            return Ended(*json.loads(stdout.readline()))

        yield carry_out
        stdin.close()


@dataclass(frozen=True)
class Whole:
    """What a run came to that nothing happened to, and how many points it passed."""

    told: dict[str, Any]
    points: int


@pytest.fixture(scope="module")
def whole(carry: Carry, tmp_path_factory: pytest.TempPathFactory) -> Whole:
    folder = tmp_path_factory.mktemp("whole")
    ended = carry(Command(str(folder), RUN))
    assert ended.status == 0, ended.output
    assert ended.points > KILLS
    return Whole(_told(folder), ended.points)


def _facts(folder: Path) -> list[Fact]:
    with open_journal_readonly(RunPaths(folder).journal) as journal:
        last = journal.last_run()
        return [fact for _, fact in journal.facts(last.slug)] if last else []


def _told(folder: Path) -> dict[str, Any]:
    """What does not depend on times and order: each answer, how each node ended, each artifact."""
    facts = _facts(folder)
    answers = {
        (fact.id.node, fact.id.step, fact.purpose): fact.answer
        for fact in facts
        if isinstance(fact, TurnEnded) and fact.ending == "done"
    }
    nodes = {fact.node: (fact.ending, fact.output) for fact in facts if isinstance(fact, NodeEnded)}
    endings = [fact.ending for fact in facts if isinstance(fact, RunEnded)]
    reader = open_artifacts(RunPaths(folder).artifacts)
    assert reader is not None
    with reader:
        left = [reader.payload(found.ino) for found in reader.find(Wanted())]
    artifacts = sorted((one.node, one.type, one.text) for one in left if isinstance(one, Artifact))
    return {"answers": answers, "nodes": nodes, "ending": endings[-1], "artifacts": artifacts}


def _recorded(facts: list[Fact]) -> set[str]:
    """The keys of the turns that were answered before the run was taken up again; none if it never was."""
    again = [at for at, fact in enumerate(facts) if isinstance(fact, RunStarted) and fact.resumed]
    before = facts[: again[0]] if again else []
    return {fact.key for fact in before if isinstance(fact, TurnEnded) and fact.ending == "done"}


def _go_on(carry: Carry, folder: Path) -> Ended:
    """Resume the run, or start it if it was never recorded."""
    resumed = carry(Command(str(folder), RESUME))
    if resumed.status == 2 and ("there is no run" in resumed.output or "no journal" in resumed.output):
        assert not resumed.calls
        return carry(Command(str(folder), RUN))
    return resumed


def _look_at_memory(carry: Carry, folder: Path, resumed: Ended) -> None:
    """A run that had ended before leaves its last artifacts to whoever looks at them."""
    if "nothing to resume" not in resumed.output:
        return
    looked = carry(Command(str(folder), ["memory:inspect"]))
    assert looked.status == 0, looked.output


def _check_resumed(carry: Carry, folder: Path, first: Ended, whole: Whole) -> None:
    resumed = _go_on(carry, folder)
    assert resumed.status == 0, resumed.output
    facts = _facts(folder)
    assert _recorded(facts).isdisjoint(resumed.calls)
    assert _recorded(facts) <= set(first.calls)
    under_way = 2  # --jobs 2
    assert len(first.calls) + len(resumed.calls) <= len(whole.told["answers"]) + under_way
    _look_at_memory(carry, folder, resumed)
    assert _told(folder) == whole.told
    assert damages(RunPaths(folder).journal) == []


def _points(number: int, seed: int) -> list[tuple[float, int]]:
    rng = random.Random(seed)
    return [(rng.random(), at) for at in range(number)]


@pytest.mark.parametrize("place", [at for at, _ in _points(KILLS, 1)])
def test_killed_at_any_point_it_goes_on_and_repeats_nothing(
    carry: Carry, whole: Whole, tmp_path: Path, place: float
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    point = 1 + int(place * whole.points)
    fault = random.Random(point).choice(("kill before", "kill halfway"))
    killed = carry(Command(str(folder), RUN, fault, point))
    assert killed.status in (-9, 0), killed.output
    _check_resumed(carry, folder, killed, whole)


@pytest.mark.parametrize("place", [at for at, _ in _points(FULL_DISKS, 2)])
def test_without_room_on_the_disk_it_stops_and_goes_on_later(
    carry: Carry, whole: Whole, tmp_path: Path, place: float
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    stopped = carry(Command(str(folder), RUN, "disk full", 1 + int(place * whole.points)))
    assert stopped.status in (0, 1, 2), stopped.output
    assert "Traceback" not in stopped.output
    if stopped.status:
        assert "full" in stopped.output or "No space left" in stopped.output
        assert "help: " in stopped.output
    _check_resumed(carry, folder, stopped, whole)


@pytest.mark.parametrize("place", [at for at, _ in _points(KILLS // 10, 3)])
def test_a_resume_that_is_killed_is_resumed(carry: Carry, whole: Whole, tmp_path: Path, place: float) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    killed = carry(Command(str(folder), RUN, "kill before", whole.points // 2))
    recorded = {fact.key for fact in _facts(folder) if isinstance(fact, TurnEnded)}
    again = carry(Command(str(folder), RESUME, "kill before", 1 + int(place * whole.points / 2)))
    assert recorded.isdisjoint(again.calls)
    last = _go_on(carry, folder)
    assert last.status == 0, last.output
    assert recorded.isdisjoint(last.calls) and recorded <= set(killed.calls)
    _look_at_memory(carry, folder, last)
    assert _told(folder) == whole.told


COLLECT = ["cache", "gc", "--keep-runs", "1"]
REPAIR = ["doctor", "--repair"]
REWRITES = KILLS // 10


@pytest.fixture(scope="module")
def several(carry: Carry, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two finished runs, the second of which reused what the first had, and one cut off."""
    folder = tmp_path_factory.mktemp("several")
    for _ in range(2):
        assert carry(Command(str(folder), RUN)).status == 0
    other = [*RUN[:4], "--prompt", "Ship another", *RUN[6:]]
    assert carry(Command(str(folder), other, "kill before", 600)).status == -9
    return folder


def _kill(carry: Carry, folder: Path, command: list[str], place: float) -> None:
    """Give a command in a folder and kill it, or fill the disk, at a point that it passed in a copy."""
    counted = folder.with_name(f"{folder.name}.counted")
    shutil.copytree(folder, counted)
    points = carry(Command(str(counted), command)).points
    point = 1 + int(place * points)
    fault = random.Random(point).choice(("kill before", "kill halfway", "disk full"))
    ended = carry(Command(str(folder), command, fault, point))
    assert ended.status in ((0, 1, 2) if fault == "disk full" else (-9, 0)), ended.output
    assert "Traceback" not in ended.output


def _names(folder: Path) -> set[str]:
    return {file.name for file in (folder / ".agentfs").glob("*agent-db*")}


@pytest.mark.parametrize("place", [at for at, _ in _points(REWRITES, 4)])
def test_collecting_killed_at_any_point_loses_nothing(
    carry: Carry, several: Path, tmp_path: Path, place: float
) -> None:
    folder = tmp_path / "folder"
    before = told(_copied(several, tmp_path / "before"))
    kept = {run: what for run, what in before.items() if run != next(iter(before))}
    journal = _copied(several, folder)
    _kill(carry, folder, COLLECT, place)
    assert told(_copied(folder, tmp_path / "killed")) in (before, kept)
    assert carry(Command(str(folder), COLLECT)).status == 0
    assert told(journal) == kept and damages(journal) == []
    assert _names(folder) == {"agent-db.db"}


@pytest.mark.parametrize("place", [at for at, _ in _points(REWRITES, 5)])
def test_mending_killed_at_any_point_is_done_by_the_next(
    carry: Carry, several: Path, tmp_path: Path, place: float
) -> None:
    spoilt = tmp_path / "spoilt"
    journal = _copied(several, spoilt)
    with sqlite3.connect(journal) as db:
        db.execute("UPDATE journal_facts SET fact = fact || ' ' WHERE run = 1 AND seq = 20")
    db.close()
    altered = journal.read_bytes()
    _copied(spoilt, tmp_path / "mended")
    assert mend(RunPaths(tmp_path / "mended").journal) is not None
    _kill(carry, spoilt, REPAIR, place)
    ended = carry(Command(str(spoilt), REPAIR))
    assert ended.status == 0, ended.output
    assert told(journal) == told(RunPaths(tmp_path / "mended").journal) and damages(journal) == []
    assert altered in [file.read_bytes() for file in journal.parent.glob("agent-db.damaged*.db")]


def _copied(folder: Path, to: Path) -> Path:
    """A copy of a folder, so that looking changes nothing; gives its journal."""
    shutil.copytree(folder, to)
    return RunPaths(to).journal
