"""What a session should look like: tabs of rows of panes, as values.

`arrange` puts a squad's logs into tabs; `zellij/` renders a `Layout` as KDL, `tmux.py` builds it window by
window. No multiplexer is named here.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Self, TypeAlias

from pydantic import Field, model_validator

from orchestrator.core.frozen import Frozen
from orchestrator.panes.inputs import Argument, Title

LOGS_PER_TAB = 4
CORE_LOGS = "core-logs"
SPAWNED_AGENTS = "spawned-agents"
FURTHER_LOGS = "agent-logs-"


class PanePlan(Frozen):
    """A pane to be: its name, and the command that it runs."""

    name: Title
    argv: tuple[Argument, ...] = ()
    """The command; empty: the user's shell."""
    cwd: Path | None = None
    """Absolute; None: the session's."""


Row: TypeAlias = Annotated[tuple[PanePlan, ...], Field(min_length=1)]
"""Panes side by side, of equal width."""


class TabPlan(Frozen):
    """A tab to be: rows of panes, from top to bottom, of equal height."""

    name: Title
    rows: Annotated[tuple[Row, ...], Field(min_length=1)]

    def panes(self) -> tuple[PanePlan, ...]:
        """Its panes, row by row."""
        return tuple(pane for row in self.rows for pane in row)


class Layout(Frozen):
    """A session to be."""

    tabs: Annotated[tuple[TabPlan, ...], Field(min_length=1)]
    focus: Annotated[int, Field(ge=1)] = 1
    """The tab that is seen first, counted from 1."""
    bars: bool = True
    """Whether there are a tab bar and a status bar."""
    interrupt: tuple[Argument, ...] = ()
    """The command that Ctrl+S runs, after going to the first tab and sending the byte 19 to its focused
    pane; empty: Ctrl+S keeps its meaning."""
    cwd: Path | None = None
    """Where panes start, absolute; None: where the multiplexer was started."""

    @model_validator(mode="after")
    def _focus_is_there(self) -> Self:
        if self.focus > len(self.tabs):
            raise ValueError(f"focus {self.focus}: there are {len(self.tabs)} tabs")
        return self


def arrange(logs: Sequence[PanePlan], timeline: PanePlan) -> tuple[TabPlan, ...]:
    """The tabs of a squad's session, in the order of the logs.

    `core-logs` has the first four; `spawned-agents` the timeline and the next four beneath it; each
    `agent-logs-<n>`, counted from 1, four more. Source: the layout chapter of docs/zellij.md.
    Raises ValueError without logs.
    """
    if not logs:
        raise ValueError("a squad's session shows at least one log")
    core, *others = _fours(logs)
    spawned, further = others[:1], others[1:]
    return (
        TabPlan(name=CORE_LOGS, rows=_grid(core)),
        TabPlan(name=SPAWNED_AGENTS, rows=((timeline,), *_grid([pane for four in spawned for pane in four]))),
        *(TabPlan(name=f"{FURTHER_LOGS}{n}", rows=_grid(four)) for n, four in enumerate(further, start=1)),
    )


def _fours(logs: Sequence[PanePlan]) -> list[tuple[PanePlan, ...]]:
    return [tuple(logs[start : start + LOGS_PER_TAB]) for start in range(0, len(logs), LOGS_PER_TAB)]


def _grid(panes: Sequence[PanePlan]) -> tuple[Row, ...]:
    """Two by two."""
    return tuple(tuple(panes[start : start + 2]) for start in range(0, len(panes), 2))
