"""The console on a terminal: a table of agents that changes in place.

Rich draws it. Names and reasons reach it as plain text, never as markup, with control characters spelled out.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import TextIO

from rich.console import Console, Group, JustifyMethod
from rich.live import Live
from rich.table import Table
from rich.text import Text

from agentlark.diagnostics import visible
from agentlark.model import Squad
from orchestrator.core.facts import (
    AgentsEngaged,
    AgentsJoined,
    ApprovalAsked,
    ApprovalSettled,
    BlueprintRefused,
    Fact,
    HandedOff,
    InterruptAsked,
    NodeEnded,
    Notice,
    PromptMeasured,
    RunStarted,
    Signal,
    TurnEnded,
    TurnStarted,
    Waiting,
    WavesEnded,
)
from orchestrator.core.turn import Usage
from orchestrator.sinks.describe import clock_time, describe, labels_of, one_line
from orchestrator.sinks.queue import QueueSink

REFRESH_S = 0.1
WIDE = 72
NARROW = 48
"""Columns of the terminal from which the whole table, or a shorter one, is drawn."""
STATE_COLUMNS = 9
"""What the longest state takes, which is never cut."""

_FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_STYLES = {
    "done": "green",
    "failed": "bold red",
    "blocked": "red",
    "skipped": "dim",
    "cancelled": "yellow",
    "waiting": "yellow",
}


@dataclass(slots=True)
class _Row:
    agent: str
    role: str
    wave: int
    state: str = "queued"
    turn: str = ""
    since: float | None = None
    seconds: float = 0.0
    ended: float = 0.0
    usage: Usage = field(default_factory=Usage)
    recalled: str = ""
    """What is said of turns that were not sent: cached, from another run; replayed, from a cassette."""
    until: str = ""
    """The time of day until which it waits."""


class LiveSink(QueueSink):
    """Draws the table while the run lasts and leaves it on the screen; notable events scroll above it."""

    idle_s = REFRESH_S

    def __init__(self, out: TextIO, squad: Squad, done: Iterable[str] = ()) -> None:
        super().__init__("console")
        self._console = Console(file=out, highlight=False)
        self._roles = {agent.id: one_line(agent.role, 40) for agent in squad.agents()}
        self._rows = {name: _Row(name, role, 0) for name, role in self._roles.items()}
        for name in done:
            self._row(name).state = "done"
        self._labels: tuple[str, ...] = ()
        self._live: Live | None = None
        self._drawn = 0.0
        self._screen = Lock()
        """Held while the table is drawn or put aside."""
        self._is_started = self._is_aside = self._is_finished = False
        self._unsaid: list[str] = []
        self._said_of_waits = ""

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Leave the terminal to somebody else, such as a question; what happens meanwhile is said after."""
        with self._screen:
            self._is_aside = True
            self._stop()
        try:
            yield
        finally:
            with self._screen:
                self._is_aside = False
                if not self._is_finished:
                    self._go_on()

    def handle(self, seq: int | None, item: Fact | Signal) -> None:
        """Take note of an item and redraw when it is time."""
        with self._screen:
            if isinstance(item, RunStarted):
                self._labels, self._is_started = labels_of(item), True
                self._go_on()
            self._note(item)
            if time.monotonic() - self._drawn >= REFRESH_S:
                self._draw()

    def idle(self) -> None:
        """Redraw, so that clocks and spinners move."""
        with self._screen:
            self._draw()

    def finish(self) -> None:
        """Draw the last state and let the terminal go."""
        with self._screen:
            self._is_finished = True
            if self._is_aside:
                self._console.print()  # below the question that nobody answers any more
                self._go_on(even_aside=True)
            self._stop()

    def _note(self, item: Fact | Signal) -> None:
        now = time.monotonic()
        match item:
            case TurnStarted():
                row = self._row(item.id.node)
                row.state, row.turn, row.since, row.until = "running", item.purpose, now, ""
            case TurnEnded():
                self._turn_ended(item, now)
            case Waiting():
                row = self._row(item.id.node)
                row.state, row.turn = "waiting", row.turn or "held"
                row.until = clock_time(item.until) if item.until and item.seconds > 0 else ""
                self._say_wait(item)
            case NodeEnded():
                row = self._row(item.node)
                row.state, row.since, row.ended, row.until = item.ending, None, now, ""
                if item.ending == "failed":
                    self._say(item)
            case AgentsJoined():
                for agent in item.agents:
                    self._roles[agent.id] = one_line(agent.role, 40)
                    self._rows[agent.id] = _Row(agent.id, self._roles[agent.id], item.wave)
                self._say(item)
            case AgentsEngaged():
                for name in item.agents:
                    self._row(f"{name}@{item.wave}")
                self._say(item)
            case (
                ApprovalAsked()
                | ApprovalSettled()
                | BlueprintRefused()
                | HandedOff()
                | WavesEnded()
                | InterruptAsked()
                | Notice()
                | PromptMeasured()
            ):
                self._say(item)
            case _:
                pass

    def _turn_ended(self, fact: TurnEnded, now: float) -> None:
        row = self._row(fact.id.node)
        row.turn = row.turn if fact.was_sent else fact.purpose
        row.seconds += now - row.since if row.since is not None else 0.0
        row.since = None
        if not fact.was_sent:
            row.recalled = "replayed" if fact.origin == "replayed" else "cached"
        elif fact.usage:
            row.usage = row.usage + fact.usage

    def _stop(self) -> None:
        """Leave the table on the screen as it is."""
        if self._live is not None:
            self._draw()
            self._live.stop()
            self._live = None

    def _go_on(self, even_aside: bool = False) -> None:
        """Draw the table again, below what was to be said meanwhile."""
        if not self._is_started or self._live is not None or (self._is_aside and not even_aside):
            return
        for line in self._unsaid:
            self._console.print(Text(line))
        self._unsaid.clear()
        self._live = Live(self._table(), console=self._console, auto_refresh=False, vertical_overflow="crop")
        self._live.start()

    def _row(self, node: str) -> _Row:
        """The node's row; one that joined before the run was resumed gets it when it first acts."""
        agent, _, wave = node.partition("@")
        return self._rows.setdefault(node, _Row(node, self._roles.get(agent, ""), int(wave or 0)))

    def _say_wait(self, wait: Waiting) -> None:
        """Say for what somebody waits, once for all who wait for the same; the table names them."""
        if wait.until is None:
            self._say(wait)
        elif wait.reason != self._said_of_waits:
            self._said_of_waits = wait.reason
            self._say(wait)

    def _say(self, item: Fact | Signal) -> None:
        line = describe(item)
        if line and self._is_aside:
            self._unsaid.append(line)
        elif line:
            self._console.print(Text(line))

    def _draw(self) -> None:
        self._drawn = time.monotonic()
        if self._live is not None:
            self._live.update(self._table(), refresh=True)

    def _table(self) -> Group:
        table = Table(box=None, pad_edge=False, show_edge=False)
        columns = self._columns()
        for name in columns:
            justify: JustifyMethod = "right" if name in ("time", "tokens") else "left"
            width = STATE_COLUMNS if name == "state" else None
            table.add_column(name, justify=justify, no_wrap=True, min_width=width)
        shown = self._shown_rows()
        for row in shown:
            cells = self._cells(row)
            table.add_row(*(cells[name] for name in columns))
        hidden = len(self._rows) - len(shown)
        parts: list[Table | Text] = [Text(label, style="bold yellow") for label in self._labels]
        parts.append(table)
        if hidden:
            parts.append(Text(self._summary(hidden), style="dim"))
        return Group(*parts)

    def _columns(self) -> tuple[str, ...]:
        """The columns that fit the terminal; what an agent does matters most."""
        width = self._console.size.width
        if width >= WIDE:
            return ("agent", "role", "turn", "state", "time", "tokens")
        return ("agent", "turn", "state", "time") if width >= NARROW else ("state", "agent")

    def _shown_rows(self) -> list[_Row]:
        """All rows if they fit, else the ones at work first, then the newest to end, then the queue."""
        rows = list(self._rows.values())
        taken = sum(map(self._height, (self._summary(len(rows)), *self._labels)))
        room = max(1, self._console.size.height - 2 - taken)
        if len(rows) <= room:
            return rows
        rank = {"running": 0, "waiting": 0, "failed": 1, "done": 2, "queued": 3}
        chosen = sorted(rows, key=lambda row: (rank.get(row.state, 2), -row.ended))[:room]
        kept = {row.agent for row in chosen}
        return [row for row in rows if row.agent in kept]

    def _height(self, text: str) -> int:
        """The lines that a text takes on the terminal."""
        return len(Text(text).wrap(self._console, self._console.size.width))

    def _summary(self, hidden: int) -> str:
        states = [row.state for row in self._rows.values()]
        counts = ", ".join(f"{states.count(state)} {state}" for state in sorted(set(states)))
        return f"… {hidden} more ({counts})"

    def _cells(self, row: _Row) -> dict[str, Text]:
        now = time.monotonic()
        seconds = row.seconds + (now - row.since if row.since is not None else 0.0)
        mark = _FRAMES[int(now / REFRESH_S) % len(_FRAMES)] + " " if row.state == "running" else ""
        spent = row.usage.input + row.usage.output
        about = "~" if row.usage.estimated else ""
        wave = f"wave {row.wave}" if row.wave else ""
        return {
            "agent": Text(visible(row.agent), style="bold"),
            "role": Text(", ".join(filter(None, (row.role, wave))), style="dim"),
            "turn": Text(row.turn),
            "state": Text(f"{mark}{_shown_state(row)}", style=_STYLES.get(row.state, "")),
            "time": Text(f"{seconds:.1f} s" if row.turn and not (row.recalled and not spent) else ""),
            "tokens": Text(f"{about}{spent:,}") if spent else Text(row.recalled, style="dim"),
        }


def _shown_state(row: _Row) -> str:
    """What an agent does, in a word, or until when it does nothing."""
    return f"until {row.until}" if row.state == "waiting" and row.until else row.state
