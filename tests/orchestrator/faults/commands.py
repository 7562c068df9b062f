"""Carries out commands of `agentlark` one after another, each in a fork of its own with a fault armed.

Started with the faults preloaded. Reads a line of JSON per command from stdin (`Command`) and answers each
with one (`Ended`). The fork saves the start-up that a new interpreter costs, so that hundreds of points can
be tried. Each call of the backend is written to a file outside the folder before it is answered.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import pkgutil
import sys
import traceback
from contextlib import suppress
from typing import NamedTuple

from orchestrator.backends.rehearsal.backend import Rehearsal
from orchestrator.core.ports import Tell
from orchestrator.core.turn import Outcome, TurnOrder

CALLS_FD = 900
"""Where each call is noted; the faults leave it alone."""

FAULTS = {"count": 0, "kill before": 1, "kill halfway": 2, "disk full": 3}


class Command(NamedTuple):
    """A command line, the folder it is given in, and the fault: its kind and at which point."""

    folder: str
    arguments: list[str]
    fault: str = "count"
    point: int = 0


class Ended(NamedTuple):
    """How a command ended: what the system says, its output, the keys it called for, the points it passed."""

    status: int
    output: str
    calls: list[str]
    points: int


def _carry_out(command: Command, faults: ctypes.CDLL) -> None:
    """Be the command; never returns."""
    code = 1
    try:
        os.chdir(command.folder)
        sys.argv = ["agentlark", *command.arguments]
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        from orchestrator.cli import main

        faults.fault_arm(ctypes.c_long(command.point), FAULTS[command.fault])
        try:
            main()
            code = 0
        except SystemExit as exit:
            code = exit.code if isinstance(exit.code, int) else int(exit.code is not None)
        except BaseException:
            traceback.print_exc()
        os.write(CALLS_FD, f"points {faults.fault_points()}\n".encode())
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


def _ended(command: Command, faults: ctypes.CDLL) -> Ended:
    output, calls = f"{command.folder}.output", f"{command.folder}.calls"
    child = os.fork()
    if not child:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND
        out, log = os.open(output, flags, 0o600), os.open(calls, flags, 0o600)
        for fd, place in ((out, 1), (out, 2), (log, CALLS_FD)):
            os.dup2(fd, place)
        _carry_out(command, faults)
    _, status = os.waitpid(child, 0)
    with open(output, encoding="utf-8") as said, open(calls, encoding="utf-8") as noted:
        lines = [line.split() for line in noted]
        keys = [rest[0] for kind, *rest in lines if kind == "call"]
        points = next((int(rest[0]) for kind, *rest in lines if kind == "points"), 0)
        return Ended(os.waitstatus_to_exitcode(status), said.read(), keys, points)


def _note_calls() -> None:
    answer = Rehearsal.perform

    async def perform(self: Rehearsal, order: TurnOrder, tell: Tell) -> Outcome:
        os.write(CALLS_FD, f"call {order.key}\n".encode())
        return await answer(self, order, tell)

    Rehearsal.perform = perform  # type: ignore[method-assign]  # a test double around the real one


def serve() -> None:
    """Carry out commands until stdin ends; whatever a fork would import is imported before."""
    for room in ("cli", "wiring", "run", "schedule", "store", "sinks"):
        package = importlib.import_module(f"orchestrator.{room}")
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            with suppress(ImportError):  # that of an extra
                importlib.import_module(found.name)
    _note_calls()
    faults = ctypes.CDLL(os.environ["LD_PRELOAD"])
    for line in sys.stdin:
        sys.stdout.write(json.dumps(_ended(Command(*json.loads(line)), faults)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve()
