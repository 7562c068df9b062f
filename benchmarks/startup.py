"""What starting a command costs: `python -m benchmarks.startup [--quick] [--json FILE]`.

Whole processes, from the interpreter's start to its end, beside the interpreter alone and beside one that
imports typer, which no command can do without. All take turns, round by round. Counted is processor time,
user's and system's, since others may use the machine as well; medians count, and only ratios mean something.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

from benchmarks.report import Goal, examine

ROUNDS = 25
QUICK_ROUNDS = 5

TYPER = "import typer"
HELP = "agentlark --help"
CHECK = "agentlark check"

EXAMPLE = Path(__file__).parent.parent / "examples" / "agents.lark"
AGENTLARK = ("-P", "-m", "orchestrator")
STARTED: Mapping[str, Sequence[str]] = {
    "bare Python": ("-c", "pass"),
    TYPER: ("-c", "import typer"),
    HELP: (*AGENTLARK, "--help"),
    CHECK: (*AGENTLARK, "check"),
    "agentlark compile": (*AGENTLARK, "compile", "--stdout"),
    "agentlark fmt": (*AGENTLARK, "fmt", "--check"),
    "agentlark show": (*AGENTLARK, "show", "planner"),
    "agentlark runs ls": (*AGENTLARK, "runs", "ls"),
}
"""What the interpreter is called with, in a folder with the example as its configuration and one run."""


def processor_ms(arguments: Sequence[str], folder: Path) -> float:
    """Milliseconds of processor time of one process. Raises CalledProcessError if it fails."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], cwd=folder, capture_output=True, timeout=600, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1000 * (after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)


def run_rounds(rounds: int, folder: Path) -> dict[str, list[float]]:
    """Every start, in turn, round after round; a first one of each, which may write bytecode, is left out."""
    (folder / "configs").mkdir()
    (folder / "configs" / "agents.lark").write_bytes(EXAMPLE.read_bytes())
    processor_ms((*AGENTLARK, "run", "--backend", "rehearsal", "--prompt", "Ship it", "-q"), folder)
    found: dict[str, list[float]] = {name: [] for name in STARTED}
    for number in range(rounds + 1):
        for name, arguments in STARTED.items():
            taken = processor_ms(arguments, folder)
            if number:
                found[name].append(taken)
    return found


def table(found: Mapping[str, Sequence[float]]) -> str:
    """The starts as a table in Markdown."""
    typer = median(found[TYPER])
    rows = ["| started | ms | least–most | x import typer |", "|---|--:|--:|--:|"]
    for name, all_ms in found.items():
        spread = f"{min(all_ms):.0f}–{max(all_ms):.0f}"
        rows.append(f"| {name} | {median(all_ms):.0f} | {spread} | {median(all_ms) / typer:.2f} |")
    return "\n".join(rows)


def goals(found: Mapping[str, Sequence[float]]) -> list[Goal]:
    """Where agentlark stands beside what it cannot do without."""
    typer = median(found[TYPER])
    return [
        Goal(f"{name}: times {TYPER}", bound, median(found[name]) / typer, "x")
        for name, bound in ((HELP, 3.0), (CHECK, 4.0))
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Take all figures and print them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.startup", description=__doc__)
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_ROUNDS} rounds")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures as JSON, too")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        machine = examine(Path(folder))
        found = run_rounds(QUICK_ROUNDS if options.quick else options.rounds, Path(folder))
    print(f"{machine.line()}\n\n{table(found)}\n")
    for goal in goals(found):
        print(goal.line())
    if options.json:
        value = {
            "machine": machine._asdict(),
            "processor_ms": found,
            "goals": [goal.to_json() for goal in goals(found)],
        }
        options.json.write_text(json.dumps(value, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
