"""Commands that are imported and built only when they are called.

Typer builds every command it knows, with all its options, in order to run one of them. A `LazyCommand` stands
in for a command with its name and summary, which is all that lists, completion and suggestions ask for.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand

from orchestrator.cli.sections import SectionedCommand


class LazyCommand(TyperCommand):
    """A command or group by its name and summary, and where to find what is called in its place.

    `home` is `module:attribute`: a function or, for a group, a Typer.
    """

    def __init__(self, name: str, home: str, summary: str) -> None:
        super().__init__(name, help=summary, rich_markup_mode=None)
        self._home = home

    def make_context(self, *args: Any, **extra: Any) -> Any:
        """The context of the command itself, for the same arguments."""
        return self.built().make_context(*args, **extra)

    def built(self) -> Any:
        """The command itself, imported and built."""
        module, _, attribute = self._home.partition(":")
        found = getattr(import_module(module), attribute)
        if isinstance(found, typer.Typer):
            return typer.main.get_group(found)
        alone = typer.Typer(add_completion=False, rich_markup_mode=None)
        alone.command(self.name, cls=SectionedCommand)(found)
        return typer.main.get_command(alone)
