"""One case: one contestant on one shape, in this process: `python -m benchmarks.case CONTESTANT SHAPE`.

Prints one JSON object (`Figures`) and exits. `overhead.py` starts it; it is of use alone for profiling.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import resource
import sys
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TypeAlias

from benchmarks.shapes import Shape, shape_named
from orchestrator.cli import COLLECTION

Contestant: TypeAlias = Callable[[Shape, Path], Awaitable[float]]

CONTESTANTS = ("agentlark", "agentlark+budget", "agentlark+sinks", "floor", "floor-plain", "langgraph")


@dataclass(frozen=True, slots=True)
class Figures:
    """What a case came to; `disk_mb` is what it left on the disk, `peak_mb` the most memory it had."""

    contestant: str
    shape: str
    turns: int
    seconds: float
    peak_mb: float
    disk_mb: float

    @property
    def turn_ms(self) -> float:
        """Milliseconds per turn."""
        return self.seconds * 1000 / self.turns


def measure(contestant: str, shape_name: str, folder: Path) -> Figures:
    """The figures of one case, working in a folder of its own."""
    shape = shape_named(shape_name)
    seconds = asyncio.run(_measured(_contestant(contestant)(shape, folder)))
    disk = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return Figures(contestant, shape_name, shape.turns, seconds, _peak_mb(), disk / 1e6)


async def _measured(running: Awaitable[float]) -> float:
    return await running


def _contestant(name: str) -> Contestant:
    """The contestant; imported here so that each process loads nothing but its own."""
    if name.startswith("agentlark"):
        from benchmarks.contestants import squad

        return partial(squad.run, with_sinks=name.endswith("+sinks"), with_budget=name.endswith("+budget"))
    if name.startswith("floor"):
        from benchmarks.contestants import floor

        return floor.plain if name.endswith("-plain") else floor.grouped
    from benchmarks.contestants import langgraph_sqlite

    return langgraph_sqlite.run


def _peak_mb() -> float:
    """The peak of resident memory in MB; of this program alone where the system says so."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1000
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e3)


def main() -> int:
    """Run the case named on the command line and print its figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.case", description=__doc__)
    parser.add_argument("contestant", choices=CONTESTANTS)
    parser.add_argument("shape", help="chain-100, fan-1-1000-1, layered-1000, …")
    parser.add_argument("--folder", type=Path, help="where to write; a temporary folder by default")
    options = parser.parse_args()
    gc.set_threshold(*COLLECTION)
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        print(json.dumps(asdict(measure(options.contestant, options.shape, Path(folder)))))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
