"""Condensing that is killed at its nth statement: `python killed_condensing.py FOLDER FIRST LAST STEP`.

One process that forks for every kill point, so that imports are paid for once. It prints, per point, a line:
`killed` or `ended`. What SQLite is told to do is counted, so each point is a place in the code, not a moment.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sqlite3
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from orchestrator.core.paths import RunPaths
from orchestrator.core.settings import Flags, settle
from orchestrator.memory.condense import Condensing, condense
from tests.orchestrator.memory.conftest import BEGUN
from tests.orchestrator.memory.test_condense import At


def dying_at(point: int) -> Callable[..., sqlite3.Connection]:
    """`sqlite3.connect`, the process being killed when the nth statement of its connections begins."""
    connect = sqlite3.connect
    left = [point]

    def count(statement: str) -> None:
        left[0] -= 1
        if left[0] <= 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def connecting(*given: Any, **named: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(*given, **named)
        connection.set_trace_callback(count)
        return connection

    return connecting


def condense_here(folder: Path, flags: Flags) -> None:
    clock = At(BEGUN + timedelta(days=10))
    asyncio.run(condense(RunPaths(folder), Condensing(), settle(flags, {}), clock))


def main(folder: Path, first: int, last: int, step: int) -> None:
    for point in range(first, last, step):
        copy = folder.with_name(f"{folder.name}-{point}")
        shutil.copytree(folder, copy)
        child = os.fork()
        if not child:
            sqlite3.connect = dying_at(point)  # type: ignore[assignment]  # the same signature
            condense_here(copy, Flags(backend="rehearsal", jobs=1))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{point} {'killed' if os.WIFSIGNALED(status) else 'ended'}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), *(int(number) for number in sys.argv[2:5]))
