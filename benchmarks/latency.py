"""How close slow agents come to their critical path: `python -m benchmarks.latency [--quick] [--json FILE]`.

200 agents in ten layers, each depending on two of the layer above, each taking a log-normal time to answer.
The critical path is the slowest chain: no scheduler can be faster. Every case is a fresh process (`case.py`),
and in each round all contestants are given the same delays. Progress goes to stderr, the table to stdout.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.overhead import Case, run_case
from benchmarks.report import Goal, examine
from benchmarks.shapes import shape_named

AGENTS = 200
ROUNDS = 3
CONTESTANTS = ("agentlark", "agentlark+budget", "agentlark+sinks", "floor", "langgraph")
JUDGED = ("agentlark", "agentlark+budget")
ALLOWED = 1.03
"""How many times the critical path a run may take."""


@dataclass(frozen=True, slots=True)
class Run:
    """A contestant's time on one set of delays, beside their critical path."""

    contestant: str
    shape: str
    critical_s: float
    seconds: float

    @property
    def times_critical(self) -> float:
        """How many times the critical path it took."""
        return self.seconds / self.critical_s


def run_rounds(rounds: int, folder: Path) -> Iterator[Run]:
    """Every contestant on the same delays, then on others."""
    for seed in range(1, rounds + 1):
        shape = shape_named(f"slow-{AGENTS}-{seed}")
        for contestant in CONTESTANTS:
            figures = run_case(Case(contestant, shape.name), folder)
            if figures is None:
                print(f"{contestant} on {shape.name}: given up", file=sys.stderr)
                continue
            run = Run(contestant, shape.name, shape.critical_s, figures.seconds)
            print(f"{shape.name:12} {contestant:16} {run.seconds:8.2f} s", file=sys.stderr)
            yield run


def table(runs: Sequence[Run]) -> str:
    """The runs as a table in Markdown."""
    rows = [
        "| delays | contestant | critical path s | wall time s | x critical path |",
        "|---|---|--:|--:|--:|",
    ]
    rows += [
        f"| {run.shape} | {run.contestant} | {run.critical_s:.2f} | {run.seconds:.2f}"
        f" | {run.times_critical:.3f} |"
        for run in runs
    ]
    return "\n".join(rows)


def goals(runs: Sequence[Run]) -> list[Goal]:
    """Where agentlark stands in its worst round, with or without a budget."""
    worst = max(run.times_critical for run in runs if run.contestant in JUDGED)
    return [Goal(f"{AGENTS} agents in ten layers: times the critical path", ALLOWED, worst, "x")]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the table, and write it as JSON where asked."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.latency", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one round only: under a minute")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"{ROUNDS} by default")
    parser.add_argument(
        "--folder", type=Path, help="where to write; the system's temporary folder by default"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures as JSON, too")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        machine = examine(Path(folder))
        print(machine.line(), flush=True)
        runs = list(run_rounds(1 if options.quick else options.rounds, Path(folder)))
    print(f"\n{table(runs)}\n")
    for goal in goals(runs):
        print(goal.line())
    if options.json:
        value = {
            "machine": machine._asdict(),
            "runs": [asdict(run) for run in runs],
            "goals": [goal.to_json() for goal in goals(runs)],
        }
        options.json.write_text(json.dumps(value, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
