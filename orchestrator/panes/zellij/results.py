"""What zellij says, as frozen values. Fields that it adds in newer versions are ignored."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, computed_field


class _Said(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class SessionInfo(_Said):
    """A session that zellij lists."""

    name: str
    age: str
    """As zellij words it: `2h 3m 1s`."""
    is_live: bool
    """False: it has ended, and zellij keeps its layout so that it can be brought back."""


class TabInfo(_Said):
    """A tab."""

    tab_id: int
    name: str
    position: int
    """From 0."""
    active: bool
    """Whether somebody is looking at it."""
    is_fullscreen_active: bool
    is_sync_panes_active: bool
    are_floating_panes_visible: bool
    selectable_tiled_panes_count: int
    selectable_floating_panes_count: int
    active_swap_layout_name: str | None = None


class PaneInfo(_Said):
    """A pane: a terminal or a plugin."""

    id: int
    is_plugin: bool
    title: str
    tab_id: int
    tab_name: str
    is_focused: bool
    is_floating: bool
    is_fullscreen: bool
    """Whether it fills its tab; zellij says so of the focused pane, whichever it is."""
    is_suppressed: bool
    is_selectable: bool
    exited: bool
    """Whether its command has ended; the pane is still shown."""
    exit_status: int | None
    """None also when a signal ended it; see `status`."""
    is_held: bool
    pane_x: int
    pane_y: int
    pane_rows: int
    pane_columns: int
    terminal_command: str | None = None
    """What it was told to run; zellij forgets it of a pane that was made in a direction."""
    plugin_url: str | None = None
    pane_command: str | None = None
    """What it runs at the moment."""
    pane_cwd: str | None = None

    @computed_field  # type: ignore[prop-decorator]  # mypy cannot decorate properties
    @property
    def pane_id(self) -> str:
        """The id that calls take: `terminal_3`, `plugin_1`."""
        return f"{'plugin' if self.is_plugin else 'terminal'}_{self.id}"

    @property
    def status(self) -> int | None:
        """What its command ended with; 128 for a signal, as zellij does not say which; None while it runs."""
        if not self.exited:
            return None
        return 128 if self.exit_status is None else self.exit_status


class ClientInfo(_Said):
    """Somebody who is attached."""

    client_id: int
    pane_id: str
    """The pane that has their focus."""
    command: str


class PluginAlias(_Said):
    """A short name under which a plugin can be launched."""

    name: str


class PaneUpdate(_Said):
    """A watched pane shows something else."""

    pane_id: str
    viewport: tuple[str, ...]
    scrollback: tuple[str, ...] | None
    is_initial: bool


class PaneGone(_Said):
    """A watched pane was closed."""

    pane_id: str


PaneEvent = PaneUpdate | PaneGone


def pane_event(said: dict[str, Any]) -> PaneEvent | None:
    """One line of `zellij subscribe`; None for events of newer versions."""
    match said.get("event"):
        case "pane_update":
            return PaneUpdate.model_validate(said)
        case "pane_closed":
            return PaneGone.model_validate(said)
    return None
