"""How long memory takes to answer: `python -m benchmarks.memory [--quick] [--folder DIR] [--json FILE]`.

A store of 100,000 artifacts (20,000 with `--quick`) is projected from made-up turns, then each query is put
to our reader and to bare sqlite3: the same conditions as one SQL statement over the same tables, rows fetched
and nothing made of them. Both run in this process, turn about; medians of processor time count, so that
others on the machine do not. Condensing the whole store comes last, in a process of its own, with the most
memory it had.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks.report import examine
from orchestrator.core.turn import Usage
from orchestrator.store.agentfs.connection import open_file
from orchestrator.store.artifacts import Artifact, Wanted, open_artifacts, tables
from orchestrator.store.artifacts.batch import ArtifactBatch
from orchestrator.store.artifacts.payload import artifact_id

ROUNDS = 7
GOAL_MS = 200.0
BEGUN = datetime(2026, 1, 1, tzinfo=UTC)
WORDS = (
    "plan",
    "build",
    "test",
    "review",
    "ship",
    "market",
    "wave",
    "agent",
    "cache",
    "queue",
    "risk",
    "chart",
)

NEWEST = "ORDER BY created_ms DESC LIMIT 20"
TAGGED = """id IN (SELECT artifact FROM artifact_tags WHERE tag =
    (SELECT id FROM artifact_tag_names WHERE tag = ?))"""
HOLDING = "ino IN (SELECT ino FROM fs_data WHERE CAST(data AS TEXT) LIKE ?)"
BARE: dict[str, tuple[str, tuple[object, ...]]] = {
    "newest 20": ("SELECT * FROM artifacts " + NEWEST, ()),
    "agent": (f"SELECT * FROM artifacts WHERE agent = ? {NEWEST}", ("agent7",)),
    "agent and type": (f"SELECT * FROM artifacts WHERE agent = ? AND type = ? {NEWEST}", ("agent7", "plan")),
    "rare tag": (f"SELECT * FROM artifacts WHERE {TAGGED} {NEWEST}", ("rare",)),
    "two tags": (f"SELECT * FROM artifacts WHERE {TAGGED} AND {TAGGED} {NEWEST}", ("wave:1", "topic:t3")),
    "a day": (
        f"SELECT * FROM artifacts WHERE created_ms >= ? AND created_ms < ? {NEWEST}",
        (
            int((BEGUN + timedelta(days=9)).timestamp() * 1000),
            int((BEGUN + timedelta(days=10)).timestamp() * 1000),
        ),
    ),
    "common word": (f"SELECT * FROM artifacts WHERE {HOLDING} {NEWEST}", ("%market%",)),
    "absent word": (f"SELECT * FROM artifacts WHERE {HOLDING} {NEWEST}", ("%zebra%",)),
}
OURS = {
    "newest 20": Wanted(limit=20),
    "agent": Wanted(agents=("agent7",), limit=20),
    "agent and type": Wanted(agents=("agent7",), types=("plan",), limit=20),
    "rare tag": Wanted(tags=("rare",), limit=20),
    "two tags": Wanted(tags=("wave:1", "topic:t3"), limit=20),
    "a day": Wanted(since=BEGUN + timedelta(days=9), until=BEGUN + timedelta(days=10), limit=20),
    "common word": Wanted(grep="market", limit=20),
    "absent word": Wanted(grep="zebra", limit=20),
}


@dataclass(frozen=True, slots=True)
class Answer:
    """One query's medians, in milliseconds."""

    query: str
    ours_ms: float
    bare_ms: float


def build(path: Path, count: int) -> None:
    """A store of so many artifacts of about 1.3 KB, of 50 agents in runs of 1,000 turns."""
    rng = random.Random(1)
    connections = open_file(path, tables.ARTIFACTS, "NORMAL")
    db = connections.write
    for run in range(count // 1000):
        db.execute("BEGIN IMMEDIATE")
        db.execute(tables.INSERT_RUN, (f"run-{run}", BEGUN.isoformat()))
        id = db.execute("SELECT max(id) FROM artifact_runs").fetchone()[0]
        batch = ArtifactBatch(db, id)
        for number in range(1000):
            batch.add(number, _artifact(f"run-{run}", run * 1000 + number, rng))
        batch.flush(1000)
        db.execute("COMMIT")
    connections.close()


def _artifact(run: str, number: int, rng: random.Random) -> Artifact:
    at, agent = BEGUN + timedelta(minutes=number), f"agent{number % 50}"
    text = " ".join(rng.choices(WORDS, k=130))
    tags = (f"run:{run}", "group:core", f"wave:{number % 3}", f"topic:t{number // 1000 % 7}")
    return Artifact(
        id=artifact_id(at, run, agent, str(number)),
        run=run,
        group="core",
        agent=agent,
        node=agent,
        role="Worker",
        type="plan" if number // 50 % 2 else "follow-up",
        wave=number % 3,
        tags=(*tags, *(("rare",) if number % 5000 == 0 else ())),
        created=at,
        prompt=f"Do the next thing: {text[:120]}",
        text=text,
        usage=Usage(input=300, output=130),
        model="m",
        backend="b",
        simulated=False,
    )


def measure(path: Path) -> Iterator[Answer]:
    """Every query, put to both."""
    reader = open_artifacts(path)
    assert reader is not None
    bare = sqlite3.connect(path)
    with reader:
        for query, wanted in OURS.items():
            sql, values = BARE[query]
            ours: list[float] = []
            theirs: list[float] = []
            for _ in range(ROUNDS):
                ours.append(_ms(partial(reader.find, wanted)))
                theirs.append(_ms(lambda: bare.execute(sql, values).fetchall()))  # noqa: B023  # called at once
            yield Answer(query, median(ours), median(theirs))
    bare.close()


def _ms(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return (time.process_time() - begun) * 1000


def condense_here(folder: Path) -> None:
    """Condense a whole store extractively, and print how long it took and the most memory it had."""
    import asyncio

    from orchestrator.core.clock import SystemClock
    from orchestrator.core.paths import RunPaths
    from orchestrator.core.settings import Flags, settle
    from orchestrator.memory.condense import Condensing, condense

    begun = time.perf_counter()
    done = asyncio.run(condense(RunPaths(folder), Condensing(days=0), settle(Flags(), {}), SystemClock()))
    seconds = time.perf_counter() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    peak_mb = peak / (1e6 if sys.platform == "darwin" else 1e3)
    print(json.dumps({"summaries": len(done.summaries), "seconds": seconds, "peak_mb": peak_mb}))


def main(arguments: list[str] | None = None) -> int:
    """Build, measure, print a table in Markdown and what was missed; 1 when the goal was."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.memory", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="20,000 artifacts")
    parser.add_argument("--folder", type=Path, help="where to write; a temporary folder by default")
    parser.add_argument("--json", type=Path, help="write the figures to a file")
    parser.add_argument("--condense", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.condense:
        condense_here(options.condense)
        return 0
    count = 20_000 if options.quick else 100_000
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        path = Path(folder) / "memory" / "artifacts.agentfs.db"
        built_s = _ms(lambda: build(path, count)) / 1000
        print(f"{examine(Path(folder)).line()}\n")
        print(f"{count:,} artifacts, {path.stat().st_size / 1e6:.0f} MB, built in {built_s:.1f} s\n")
        answers = list(measure(path))
        print("| query | ms | bare sqlite3, ms | x |\n|---|--:|--:|--:|")
        for each in answers:
            ratio = each.ours_ms / each.bare_ms
            print(f"| {each.query} | {each.ours_ms:.1f} | {each.bare_ms:.1f} | {ratio:.1f} |")
        command = [sys.executable, "-m", "benchmarks.memory", "--condense", folder]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        condensed = json.loads(done.stdout)
        print(
            f"\ncondensed into {condensed['summaries']:,} summaries in {condensed['seconds']:.1f} s,"
            f" {condensed['peak_mb']:.0f} MB at most"
        )
    if options.json:
        figures = {"artifacts": count, "queries": [asdict(each) for each in answers], "condense": condensed}
        options.json.write_text(json.dumps(figures, indent=2) + "\n")
    missed = [each for each in answers if each.ours_ms > GOAL_MS]
    for each in missed:
        print(f"MISSED  {each.query} <= {GOAL_MS:.0f} ms: {each.ours_ms:.1f}")
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
