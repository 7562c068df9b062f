"""The logs of a run as lines in this terminal, each after its agent's name: when there are no panes."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from orchestrator.core.commands import Command, Interrupt, StopNow
from orchestrator.core.paths import RunPaths
from orchestrator.process import Detached
from orchestrator.sinks.follow import Follower
from orchestrator.sinks.logs import TIMELINE
from orchestrator.wiring.commands import command

LOOK_S = 0.05
"""From one look at the logs to the next."""

_COLOURS = (36, 33, 32, 35, 34, 96, 93, 92, 95, 94)
_SUFFIX = ".log"


class Lines:
    """All logs of a folder, those that appear later too."""

    def __init__(self, folder: Path, show: Callable[[str], None], *, coloured: bool) -> None:
        self._logs = RunPaths(folder).logs
        self._show = show
        self._coloured = coloured
        self._followers: dict[str, Follower] = {}
        self._begun: dict[str, str] = {}
        """The lines whose ends have not come yet."""
        self._width = len(TIMELINE)

    def look(self) -> None:
        """Show the lines that are new since the last look."""
        for entry in sorted(os.scandir(self._logs), key=lambda entry: entry.name):
            name = entry.name.removesuffix(_SUFFIX)
            if name != entry.name and name not in self._followers:
                self._width = max(self._width, len(name))
                self._followers[name] = Follower(entry.path, partial(self._take, name))
        for follower in self._followers.values():
            follower.look()

    def close(self) -> None:
        """Show what is left, and let go of the files."""
        self.look()
        for name, follower in self._followers.items():
            follower.close()
            if self._begun.get(name):
                self._take(name, "\n")

    def _take(self, name: str, text: str) -> None:
        *whole, self._begun[name] = (self._begun.get(name, "") + text).split("\n")
        for line in whole:
            self._show(f"{self._head(name)} {line}".rstrip() + "\n")

    def _head(self, name: str) -> str:
        head = f"{name:<{self._width}} │"
        if not self._coloured:
            return head
        number = list(self._followers).index(name)
        return f"\x1b[{_COLOURS[number % len(_COLOURS)]}m{head}\x1b[0m"


def follow_run(folder: Path, runner: Detached, lines: Lines, say: Callable[[str], None]) -> int:
    """Show a run's logs until it ends; its exit code. Ctrl+C interrupts it, a second one stops it at once."""
    orders: list[tuple[Command, str]] = [
        (StopNow(), "stopping now"),
        (
            Interrupt(),
            "interrupting: turns in flight will end, nothing new starts (Ctrl+C again stops at once)",
        ),
    ]
    while runner.code is None:
        try:
            lines.look()
            time.sleep(LOOK_S)
        except KeyboardInterrupt:
            if orders:
                order, words = orders.pop()
                command(folder, None, order)
                say(words)
    lines.close()
    return runner.code
