"""What the language costs beside other Starlarks: `python -m benchmarks.language [--quick] [--json FILE]`.

Every case is a fresh process (`language_case.py`). In each round all contestants take their turn on a program
before the next program comes, so that a machine that is busy for a while is so for all of them; medians over
the rounds count, and only ratios mean something. A contestant that is not installed is left out. Progress
goes to stderr, the tables to stdout. `README.md` says what is measured and why.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from statistics import median
from typing import TypeAlias

from benchmarks.language_case import DISTRIBUTIONS, Figures
from benchmarks.language_programs import KERNELS
from benchmarks.report import Goal

ROUNDS = 5
LIMIT_S = 120.0

OURS, RUST, GO, PURE = DISTRIBUTIONS

SIZES = ("10", "1000", "10000")
QUICK_SIZES = ("10", "1000")
ONCE = (PURE, "10000")
"""Takes half a minute for what 1,000 agents show as well: run once, in the first round."""

PEERS = Path(sys.prefix) / "peers" / "starlark"
"""Where PyPI's `starlark` is: starlark-pyo3 installs a package of the same name, so it has its own folder."""

HOW_TO_INSTALL = {
    RUST: "pip install starlark-pyo3",
    GO: "pip install starlark-go",
    PURE: f"pip install --target {PEERS} starlark",
}

STARTS = 15
STARTERS = {
    "bare Python": "pass",
    "the language": "from agentlark import starlark; starlark.parse('x', filename='a')",
    "the language, a run": "from agentlark import starlark; starlark.execute('x = 1', filename='a')",
    "the compiler": "import agentlark.compiler as c; c.starlark.parse('x', filename='a')",
    "the compiler, a squad": "import sys, agentlark.compiler as c; c.compile_file(sys.argv[1])",
}
"""What is started, to the first token and, for information, to the end of a small file."""

SQUAD = 'agents = [agent(id = "builder", role = "Builder")]\n'

Times: TypeAlias = Mapping[tuple[str, str], float]
"""Median seconds by program and contestant."""


@dataclass(frozen=True, slots=True)
class Found:
    """Everything that was measured: versions by contestant, times, and starts in milliseconds."""

    versions: Mapping[str, str]
    times: Times
    starts: Mapping[str, float]


def installed() -> dict[str, str]:
    """The version of every contestant that works here; says how to install the others."""
    versions: dict[str, str] = {}
    for contestant in DISTRIBUTIONS:
        ended = _case(contestant)
        if ended.returncode:
            print(f"{contestant} is left out, it is not installed: {HOW_TO_INSTALL.get(contestant, '')}")
        else:
            versions[contestant] = ended.stdout.strip()
    return versions


def run_rounds(contestants: Sequence[str], programs: Sequence[str], rounds: int) -> Iterator[Figures]:
    """The figures of every case in every round."""
    for number in range(1, rounds + 1):
        for program in programs:
            for contestant in contestants:
                if number > 1 and (contestant, program) == ONCE:
                    continue
                figures = run_case(contestant, program)
                shown = f"{program:16} {contestant:14} {figures.seconds * 1000:10.2f} ms"
                print(f"round {number}/{rounds}  {shown}", file=sys.stderr)
                yield figures


def run_case(contestant: str, program: str) -> Figures:
    """The figures of one case in a process of its own."""
    ended = _case(contestant, program)
    if ended.returncode:
        raise SystemExit(f"{contestant} on {program} failed:\n{ended.stderr}")
    return Figures(**json.loads(ended.stdout))


def _case(*arguments: str) -> subprocess.CompletedProcess[str]:
    folders = [str(PEERS)] if arguments[0] == PURE else []
    path = os.pathsep.join([*folders, os.environ.get("PYTHONPATH", "")]).strip(os.pathsep)
    argv = [sys.executable, "-m", "benchmarks.language_case", *arguments]
    environment = {**os.environ, "PYTHONPATH": path}
    return subprocess.run(argv, capture_output=True, text=True, timeout=LIMIT_S, env=environment)


def medians(figures: Sequence[Figures]) -> Times:
    """Medians over the rounds. Ends the benchmark when contestants came to different values."""
    seconds: dict[tuple[str, str], list[float]] = {}
    values: dict[str, str] = {}
    for each in figures:
        if values.setdefault(each.program, each.digest) != each.digest:
            raise SystemExit(f"{each.contestant} came to another value than others on {each.program}")
        seconds.setdefault((each.program, each.contestant), []).append(each.seconds)
    return {key: median(times) for key, times in seconds.items()}


def starts(rounds: int) -> dict[str, float]:
    """Milliseconds above bare Python that each starter takes; medians of interleaved starts."""
    times: dict[str, list[float]] = {name: [] for name in STARTERS}
    with tempfile.TemporaryDirectory() as folder:
        squad = Path(folder) / "agents.lark"
        squad.write_text(SQUAD)
        for number in range(rounds + 1):
            for name, code in STARTERS.items():
                begun = time.perf_counter()
                subprocess.run([sys.executable, "-c", code, str(squad)], check=True)
                if number:  # the first start also writes what Python caches
                    times[name].append((time.perf_counter() - begun) * 1000)
    bare = median(times.pop("bare Python"))
    return {name: median(each) - bare for name, each in times.items()}


def ratio(times: Times, program: str, contestant: str) -> float | None:
    """How many times as long as a contestant ours takes; None where there are no figures."""
    other = times.get((program, contestant))
    return times[program, OURS] / other if other else None


def kernel_mean(times: Times, contestant: str) -> float | None:
    """The geometric mean of the kernels' ratios."""
    ratios = [ratio(times, name, contestant) for name in KERNELS]
    known = [each for each in ratios if each is not None]
    return prod(known) ** (1 / len(known)) if known else None


def table(times: Times, programs: Sequence[str], contestants: Sequence[str], first: str) -> str:
    """Milliseconds per contestant, and how many times as long as each of the others ours takes."""
    others = [each for each in contestants if each != OURS]
    heads = [first, *(f"{each} ms" for each in contestants), *(f"x {each}" for each in others)]
    rows = [f"| {' | '.join(heads)} |", f"|---|{'--:|' * (len(heads) - 1)}"]
    for program in programs:
        known = [times.get((program, each)) for each in contestants]
        cells = [_shown(None if each is None else each * 1000) for each in known]
        cells += [_shown(ratio(times, program, each)) for each in others]
        rows.append(f"| {program} | {' | '.join(cells)} |")
    return "\n".join(rows)


def _shown(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.2f}" if value < 100 else f"{value:,.0f}"


def goals(found: Found, sizes: Sequence[str]) -> list[Goal]:
    """Every goal that there are figures for."""
    times = found.times
    wanted: list[Goal] = []
    for size in sizes:
        if rust := ratio(times, size, RUST):
            wanted.append(Goal(f"{size} agents: times {RUST}", 3.0, rust, "x"))
        if pure := ratio(times, size, PURE):
            wanted.append(Goal(f"{size} agents: faster than PyPI {PURE}", 4.0, 1 / pure, "x", at_least=True))
    if "10000" in sizes:
        growth = times["10000", OURS] / times["1000", OURS] / 10
        wanted.append(Goal("an agent of 10,000 to one of 1,000", 1.3, growth, "x"))
    if pure := kernel_mean(times, PURE):
        wanted.append(Goal(f"kernels: faster than PyPI {PURE}", 10.0, 1 / pure, "x", at_least=True))
    if go := kernel_mean(times, GO):
        wanted.append(Goal(f"kernels: times {GO}", 3.0, go, "x"))
    for name in ("the language", "the compiler"):
        wanted.append(Goal(f"{name}: start to first token", 60.0, found.starts[name], "ms"))
    return wanted


def to_json(found: Found, reached: Sequence[Goal]) -> str:
    """Everything that was found, as JSON."""
    value = {
        "versions": dict(found.versions),
        "seconds": [[*key, seconds] for key, seconds in found.times.items()],
        "starts_ms": dict(found.starts),
        "goals": [goal.to_json() for goal in reached],
    }
    return json.dumps(value, indent=2) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the tables, and write them as JSON where asked."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.language", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one round without the largest, half a minute")
    parser.add_argument("--rounds", type=int, help=f"{ROUNDS} by default")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures as JSON, too")
    options = parser.parse_args(arguments)
    rounds = options.rounds or (1 if options.quick else ROUNDS)
    sizes = QUICK_SIZES if options.quick else SIZES
    versions = installed()
    machine = f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, rounds: {rounds}"
    shown = ", ".join(f"{name} {version}" for name, version in versions.items())
    print(f"Python {platform.python_version()}, {machine}; {shown}", flush=True)
    times = medians(list(run_rounds(list(versions), [*sizes, *KERNELS], rounds)))
    found = Found(versions, times, starts(5 if options.quick else STARTS))
    print(f"\n{table(times, sizes, list(versions), 'agents')}\n")
    print(f"{table(times, list(KERNELS), list(versions), 'kernel')}\n")
    for contestant in versions:
        mean = kernel_mean(times, contestant)
        if contestant != OURS and mean:
            print(f"geometric mean of the kernels: {mean:.3f} x {contestant}")
    print("\n| started | ms above bare Python |\n|---|--:|")
    for name, start_ms in found.starts.items():
        print(f"| {name} | {start_ms:.0f} |")
    print()
    reached = goals(found, sizes)
    for goal in reached:
        print(goal.line())
    if options.json:
        options.json.write_text(to_json(found, reached))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
