"""Checking a configuration in a child process that the system holds within bounds.

The language limits steps, depth and sizes by itself; memory and time as such can only be bounded from
outside. So a file that nobody here wrote is checked in a child.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from agentlark.diagnostics import Diagnostic, Pointer
from orchestrator.process import Child, Ended, Limits, run

WALL_TO_CPU = 3
"""How much longer than its processor time a child may take, for a busy machine."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a check in a child may use."""

    cpu_s: int = 10
    memory_mb: int = 512


async def check_in_child(
    file: Path, arguments: Sequence[str], folder: Path, environ: Mapping[str, str], bounds: Bounds
) -> Ended | Diagnostic:
    """What `agentlark check FILE ARGUMENTS` printed in a child, or why the child was stopped."""
    argv = [sys.executable, "-P", "-m", "orchestrator", "check", "--no-isolated", *arguments, "--", str(file)]
    limits = Limits(memory_bytes=bounds.memory_mb * 2**20, cpu_s=bounds.cpu_s, file_bytes=0)
    deadline_s = bounds.cpu_s * WALL_TO_CPU + 1.0
    ended = await run(Child(argv, folder, deadline_s, environ, ("NO_COLOR",), limits=limits))
    if ended.how == "exited" and ended.code in (0, 2):
        return ended
    return Diagnostic(
        "AL321", f"the check was stopped: {_reason(ended, bounds)}", Pointer(str(file), ""), help=_REMEDY
    )


_REMEDY = "look for what makes the file so costly; raise --max-seconds or --max-memory if it is right so"


def _reason(ended: Ended, bounds: Bounds) -> str:
    if ended.how == "output":
        return "it printed more than 16 MiB"
    if ended.how == "deadline" or ended.code < 0:
        return f"it used more than {bounds.cpu_s} s of processor time"
    if b"MemoryError" in ended.stderr:
        return f"it used more than {bounds.memory_mb} MiB of memory"
    last = ended.stderr.decode(errors="replace").strip().rpartition("\n")[2]
    return f"it ended with code {ended.code}: {last}"
