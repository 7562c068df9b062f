"""Building what is up to date, beside doit: `python -m benchmarks.reuse [--quick] [--json FILE]`.

A thousand agents in layers, each given the answers of two or three above; a thousand doit tasks with the same
edges between files. Both have been built before and nothing has changed, so nobody is asked and nothing is
made. Timed is the second build in a process that has everything loaded, the squad compiled, the tasks
defined; for both, the collector looks for garbage as seldom as in the command line. Every case is a process
of its own; contestants take turns, and medians count.
"""

from __future__ import annotations

import argparse
import gc
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from benchmarks.report import Goal, examine
from benchmarks.shapes import shape_named

CONTESTANTS = ("agentlark", "doit")
ROUNDS = 5
ALLOWED_MS = 300.0
SHAPE = "layered-1000"
SMALL = "layered-100"


@dataclass(frozen=True, slots=True)
class Rebuild:
    """What a contestant took on a shape, over all rounds, in milliseconds."""

    contestant: str
    shape: str
    median_ms: float
    least_ms: float
    most_ms: float


def measure(contestant: str, shape: str, folder: Path) -> float:
    """Milliseconds of one build of what is up to date, in a process of its own."""
    with tempfile.TemporaryDirectory(dir=folder) as own:
        command = [sys.executable, "-m", "benchmarks.reuse", "--case", contestant, shape, own]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=600, check=True)
    return float(ended.stdout.splitlines()[-1])


def _case(contestant: str, shape: str, folder: str) -> None:
    from benchmarks.contestants import rebuild
    from orchestrator.cli import COLLECTION

    gc.set_threshold(*COLLECTION)

    build = {"agentlark": rebuild.agentlark, "doit": rebuild.doit}[contestant]
    print(build(shape_named(shape), Path(folder)) * 1000)


def run_rounds(shape: str, rounds: int, folder: Path) -> list[Rebuild]:
    """Every contestant, in turn, round after round."""
    times: dict[str, list[float]] = {name: [] for name in CONTESTANTS}
    for _ in range(rounds):
        for name in CONTESTANTS:
            times[name].append(measure(name, shape, folder))
            print(f"{shape:14} {name:10} {times[name][-1]:8.0f} ms", file=sys.stderr)
    return [Rebuild(name, shape, median(all), min(all), max(all)) for name, all in times.items()]


def table(found: Sequence[Rebuild]) -> str:
    """The rebuilds as a table in Markdown."""
    rows = ["| shape | contestant | ms | least–most |", "|---|---|--:|--:|"]
    rows += [
        f"| {each.shape} | {each.contestant} | {each.median_ms:.0f}"
        f" | {each.least_ms:.0f}–{each.most_ms:.0f} |"
        for each in found
    ]
    return "\n".join(rows)


def goals(found: Sequence[Rebuild]) -> list[Goal]:
    """Where agentlark stands, by itself and beside doit."""
    by_name = {each.contestant: each.median_ms for each in found}
    shape = found[0].shape
    return [
        Goal(f"{shape}: a build of what is up to date", ALLOWED_MS, by_name["agentlark"], "ms"),
        Goal(f"{shape}: times doit", 1.0, by_name["agentlark"] / by_name["doit"], "x"),
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the table, and write it as JSON where asked."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reuse", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a hundred agents, three rounds: under a minute")
    parser.add_argument(
        "--folder", type=Path, help="where to write; the system's temporary folder by default"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures as JSON, too")
    parser.add_argument("--case", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.case:
        _case(*options.case)
        return 0
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        machine = examine(Path(folder))
        print(machine.line(), flush=True)
        found = run_rounds(*((SMALL, 3) if options.quick else (SHAPE, ROUNDS)), Path(folder))
    print(f"\n{table(found)}\n")
    for goal in goals(found):
        print(goal.line())
    if options.json:
        value = {
            "machine": machine._asdict(),
            "rebuilds": [asdict(each) for each in found],
            "goals": [goal.to_json() for goal in goals(found)],
        }
        options.json.write_text(json.dumps(value, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
