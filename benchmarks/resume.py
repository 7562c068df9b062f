"""How soon a large run goes on: `python -m benchmarks.resume [--quick] [--json FILE]`.

A rehearsal of 10,000 agents without caps is killed when half of its turns are answered. Timed is `agentlark
resume` in a copy of its folder, from the start of the process to the line on its stdout that the first turn
has started, which is recorded by then. Beside it stands the processor time until then; medians count.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from benchmarks.report import Goal, examine
from benchmarks.shapes import Shape, shape_named

ROUNDS = 7
ALLOWED_S = 1.0
SHAPE = "layered-10000"
SMALL = "layered-1000"
RESUME = (sys.executable, "-m", "orchestrator", "resume", "--json", "--unknown", "retry")


@dataclass(frozen=True, slots=True)
class Start:
    """What passed before the first turn, in seconds."""

    wall_s: float
    processor_s: float


def begin(shape: Shape, folder: Path) -> None:
    """Run a shape in this process and kill the process, as nobody could hinder, when half is answered."""
    from benchmarks.contestants.rebuild import unlimited
    from benchmarks.contestants.squad import TASK, squad_of
    from orchestrator.core.facts import TurnEnded
    from orchestrator.core.settings import Flags
    from orchestrator.wiring.runs import RunOptions, start

    async def half() -> None:
        options = RunOptions(folder=folder, flags=Flags(backend="rehearsal"), environ={})
        async with start(unlimited(squad_of(shape)), TASK, options) as run:
            answered = 0
            async for _, item in run.events():
                answered += isinstance(item, TurnEnded)
                if answered == shape.turns // 2:
                    os.kill(os.getpid(), signal.SIGKILL)

    asyncio.run(half())


def measure(killed: Path, folder: Path) -> Start:
    """How long one resume takes to its first turn; the process is killed then."""
    shutil.copytree(killed, folder)
    os.sync()  # or the copy would be written while the clock runs
    before_s, begun = _children_s(), time.perf_counter()
    with subprocess.Popen(RESUME, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if json.loads(line)["kind"] == "turn-started":
                break
        else:
            raise RuntimeError("the run was resumed and no turn was started")
        wall_s = time.perf_counter() - begun
        process.kill()
    shutil.rmtree(folder)
    return Start(wall_s, _children_s() - before_s)


def _children_s() -> float:
    """Seconds of processor time of all processes that were started here and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run_rounds(shape: str, rounds: int, folder: Path) -> list[Start]:
    """Kill a run once, then resume copies of what it left."""
    killed = folder / "killed"
    killed.mkdir()
    command = [sys.executable, "-m", "benchmarks.resume", "--begin", shape, str(killed)]
    ended = subprocess.run(command, timeout=600, check=False)
    if ended.returncode != -signal.SIGKILL:
        raise RuntimeError(f"the run was not killed but ended with {ended.returncode}")
    found: list[Start] = []
    for number in range(rounds):
        found.append(measure(killed, folder / str(number)))
        print(f"{shape:14} {found[-1].wall_s:6.2f} s {found[-1].processor_s:6.2f} s cpu", file=sys.stderr)
    return found


def table(shape: str, found: Sequence[Start]) -> str:
    """The rounds as a table in Markdown."""
    walls, processors = [each.wall_s for each in found], [each.processor_s for each in found]
    return "\n".join(
        [
            "| shape | s to the first turn | least–most | processor s | least–most |",
            "|---|--:|--:|--:|--:|",
            f"| {shape} | {median(walls):.2f} | {min(walls):.2f}–{max(walls):.2f}"
            f" | {median(processors):.2f} | {min(processors):.2f}–{max(processors):.2f} |",
        ]
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the table, and write it as JSON where asked."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.resume", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a run of 1,000 agents, three rounds")
    parser.add_argument(
        "--folder", type=Path, help="where to write; the system's temporary folder by default"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures as JSON, too")
    parser.add_argument("--begin", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.begin:
        begin(shape_named(options.begin[0]), Path(options.begin[1]))
        return 0
    shape, rounds = (SMALL, 3) if options.quick else (SHAPE, ROUNDS)
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        machine = examine(Path(folder))
        print(machine.line(), flush=True)
        found = run_rounds(shape, rounds, Path(folder))
    print(f"\n{table(shape, found)}\n")
    goal = Goal(f"{shape}: resume to the first turn", ALLOWED_S, median(each.wall_s for each in found), "s")
    print(goal.line())
    if options.json:
        value = {
            "machine": machine._asdict(),
            "shape": shape,
            "starts": [asdict(each) for each in found],
            "goals": [goal.to_json()],
        }
        options.json.write_text(json.dumps(value, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
