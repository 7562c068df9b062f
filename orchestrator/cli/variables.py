"""`--var name=value`, as several commands take it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

Variables = Annotated[
    list[str] | None,
    typer.Option("--var", metavar="NAME=VALUE", help="A value for param(NAME, …) of the file; repeatable."),
]


def variables_of(given: Sequence[str] | None) -> dict[str, str]:
    """The values by name. Raises typer's usage error for an entry without `=`."""
    found: dict[str, str] = {}
    for entry in given or ():
        name, equals, value = entry.partition("=")
        if not equals or not name:
            raise typer.BadParameter(f"--var {entry}: write --var NAME=VALUE")
        found[name] = value
    return found
