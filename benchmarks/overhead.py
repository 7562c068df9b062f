"""What a turn costs beside the model: `python -m benchmarks.overhead [--quick] [--json FILE]`.

Every case is a fresh process (`case.py`). In each round all contestants take their turn on a shape before
the next shape comes, so that a machine that is busy for a while is so for all of them; medians over the
rounds count. Progress goes to stderr, the tables to stdout. `README.md` says what is measured and why.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.case import CONTESTANTS, Figures
from benchmarks.report import Machine, Medians, examine, goals, medians, table

ROUNDS = 3
LIMIT_S = 120.0
"""A case that takes longer is given up and left out, from then on in every round."""

SMALL = ("chain-100", "fan-1-1000-1", "layered-1000")
QUICK_CONTESTANTS = ("agentlark", "floor", "langgraph")
LARGE = "layered-10000"
LARGE_CONTESTANTS = ("agentlark", "agentlark+sinks", "floor")
"""The plain floor shows nothing new there."""


@dataclass(frozen=True, slots=True)
class Case:
    """A contestant on a shape."""

    contestant: str
    shape: str


ONCE = (Case("langgraph", LARGE),)
"""Takes half a minute and writes hundreds of megabytes: run once, after all others, and never when quick."""


def cases_of(quick: bool) -> tuple[Case, ...]:
    """What is run in one round, in order."""
    contestants = QUICK_CONTESTANTS if quick else CONTESTANTS
    small = tuple(Case(contestant, shape) for shape in SMALL for contestant in contestants)
    large = tuple(Case(contestant, LARGE) for contestant in LARGE_CONTESTANTS)
    return small if quick else small + large


def run_rounds(quick: bool, rounds: int, folder: Path) -> Iterator[Figures]:
    """The figures of every case in every round."""
    given_up: set[Case] = set()
    for number in range(1, rounds + 1):
        last = ONCE if number == rounds and not quick else ()
        for case in (*cases_of(quick), *last):
            if case in given_up:
                continue
            figures = run_case(case, folder)
            if figures is None:
                given_up.add(case)
                print(f"{case.contestant} on {case.shape}: given up after {LIMIT_S:g} s", file=sys.stderr)
                continue
            shown = f"{case.shape:14} {case.contestant:16} {figures.turn_ms:8.3f} ms/turn"
            print(f"round {number}/{rounds}  {shown}", file=sys.stderr)
            yield figures


def run_case(case: Case, folder: Path) -> Figures | None:
    """The figures of one case in a process of its own; None when it takes too long."""
    argv = [sys.executable, "-m", "benchmarks.case", case.contestant, case.shape, "--folder", str(folder)]
    try:
        ended = subprocess.run(argv, capture_output=True, text=True, timeout=LIMIT_S)
    except subprocess.TimeoutExpired:
        return None
    if ended.returncode:
        raise SystemExit(f"{case.contestant} on {case.shape} failed:\n{ended.stderr}")
    return Figures(**json.loads(ended.stdout))


def to_json(machine: Machine, rounds: int, found: Sequence[Medians]) -> str:
    """Everything that was found, as JSON."""
    value = {
        "machine": machine._asdict(),
        "rounds": rounds,
        "cases": [case.to_json() for case in found],
        "goals": [goal.to_json() for goal in goals(found)],
    }
    return json.dumps(value, indent=2) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the tables, and write them as JSON where asked."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.overhead", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="the small shapes and the main contestants only: under a minute"
    )
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"{ROUNDS} by default")
    parser.add_argument(
        "--folder", type=Path, help="where to write; the system's temporary folder by default"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures as JSON, too")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        machine = examine(Path(folder))
        print(machine.line(), flush=True)
        found = medians(list(run_rounds(options.quick, options.rounds, Path(folder))))
    print(f"\n{table(found)}\n")
    for goal in goals(found):
        print(goal.line())
    if options.json:
        options.json.write_text(to_json(machine, options.rounds, found))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
