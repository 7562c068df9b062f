"""Options of calls that have many, as frozen values, each rendering itself as arguments of zellij."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import Field, StringConstraints, model_validator

from orchestrator.core.frozen import Frozen

Direction: TypeAlias = Literal["right", "left", "up", "down"]

Length: TypeAlias = Annotated[str, StringConstraints(pattern=r"^\d{1,5}%?$")]
"""Characters (`12`) or a share of the screen (`50%`)."""

Configuration: TypeAlias = Mapping[
    Annotated[str, StringConstraints(pattern=r"^[^\s,=]+$")],
    Annotated[str, StringConstraints(pattern=r"^[^,]*$")],
]
"""What a plugin is configured with; zellij's notation has no escapes, hence no commas."""


class Floating(Frozen):
    """Where a floating pane is; None leaves it to zellij."""

    x: Length | None = None
    y: Length | None = None
    width: Length | None = None
    height: Length | None = None
    pinned: bool | None = None
    """Always on top."""
    borderless: bool | None = None

    def arguments(self) -> Iterator[str]:
        """As zellij takes them."""
        for name in ("x", "y", "width", "height"):
            if (value := getattr(self, name)) is not None:
                yield f"--{name}={value}"
        for name in ("pinned", "borderless"):
            if (flag := getattr(self, name)) is not None:
                yield f"--{name}={str(flag).lower()}"


class PaneOptions(Frozen):
    """How a new pane is placed and what becomes of it."""

    cwd: Path | None = None
    tab_id: Annotated[int, Field(ge=0)] | None = None
    """The tab it goes to; None: the one that is looked at, or the first."""
    floating: Floating | None = None
    in_place: bool = False
    """Instead of the focused pane, which comes back when this one is closed."""
    stacked: bool = False
    close_on_exit: bool = False
    """Otherwise it stays, and shows how its command ended."""
    start_suspended: bool = False
    """The command waits for Enter."""

    @model_validator(mode="after")
    def _places_exclude_each_other(self) -> Self:
        if sum((self.floating is not None, self.in_place, self.stacked)) > 1:
            raise ValueError("a pane is floating, in place or stacked, not several of them")
        if self.in_place and self.tab_id is not None:
            raise ValueError("a pane in place is in the tab of the pane it replaces")
        return self

    def arguments(self) -> Iterator[str]:
        """As `zellij action new-pane` and `edit` take them; `stacked` and what concerns commands not among
        them."""
        if self.cwd is not None:
            yield f"--cwd={self.cwd}"
        if self.tab_id is not None:
            yield f"--tab-id={self.tab_id}"
        if self.in_place:
            yield "--in-place"
        if self.floating is not None:
            yield "--floating"
            yield from self.floating.arguments()


class PluginOptions(Frozen):
    """How a plugin is launched."""

    floating: bool = False
    in_place: bool = False
    skip_cache: bool = False
    """Load it anew, also when zellij has compiled it before."""
    tab_id: Annotated[int, Field(ge=0)] | None = None
    configuration: Configuration = Field(default_factory=dict)

    def arguments(self) -> Iterator[str]:
        """As zellij takes them."""
        for name in ("floating", "in_place"):
            if getattr(self, name):
                yield f"--{name.replace('_', '-')}"
        if self.skip_cache:
            yield "--skip-plugin-cache"
        if self.tab_id is not None:
            yield f"--tab-id={self.tab_id}"
        if self.configuration:
            yield f"--configuration={pairs(self.configuration)}"


class PipeOptions(Frozen):
    """How a message reaches a plugin that may have to be launched for it."""

    args: Configuration = Field(default_factory=dict)
    """Beside the message."""
    configuration: Configuration = Field(default_factory=dict)
    """Of the plugin; one that runs with another configuration is another plugin."""
    force_launch: bool = False
    skip_cache: bool = False
    floating: bool | None = None
    in_place: bool | None = None
    cwd: Path | None = None
    title: str | None = None

    def arguments(self) -> Iterator[str]:
        """As `zellij action pipe` takes them."""
        if self.args:
            yield f"--args={pairs(self.args)}"
        if self.configuration:
            yield f"--plugin-configuration={pairs(self.configuration)}"
        if self.force_launch:
            yield "--force-launch-plugin"
        if self.skip_cache:
            yield "--skip-plugin-cache"
        for name in ("floating", "in_place"):
            if (flag := getattr(self, name)) is not None:
                yield f"--{name.replace('_', '-')}-plugin={str(flag).lower()}"
        if self.cwd is not None:
            yield f"--plugin-cwd={self.cwd}"
        if self.title is not None:
            yield f"--plugin-title={self.title}"


def pairs(configuration: Mapping[str, str]) -> str:
    """A configuration in zellij's notation, sorted by key."""
    return ",".join(f"{key}={value}" for key, value in sorted(configuration.items()))
