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
    """A command or group by its name and summary; its callback gives the built one, which parses and runs."""

    def make_context(self, *args: Any, **extra: Any) -> Any:
        """The context of the built command, for the same arguments."""
        assert self.callback is not None
        return self.callback().make_context(*args, **extra)


def add_lazily(app: typer.Typer, name: str, home: str, summary: str) -> None:
    """Add a command to an app; `home` is `module:attribute`, a function or, for a group, a Typer."""

    def load() -> Any:
        module, _, attribute = home.partition(":")
        found = getattr(import_module(module), attribute)
        if isinstance(found, typer.Typer):
            return typer.main.get_group(found)
        alone = typer.Typer(add_completion=False, rich_markup_mode=None)
        alone.command(name, cls=SectionedCommand)(found)
        return typer.main.get_command(alone)

    app.command(name, cls=LazyCommand, help=summary)(load)
