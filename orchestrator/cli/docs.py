"""`agentlark docs`: the builtins and their fields."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from agentlark.reference import Builtin


def docs(
    name: Annotated[
        str | None, typer.Argument(help="A builtin, as in agent; or a field, as in agent.role.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print the tables of docs/language.md.")
    ] = False,
) -> None:
    """Print the builtins and every field with type, default and meaning."""
    from agentlark import reference

    if markdown:
        sys.stdout.write(reference.as_markdown())
        return
    chosen = _chosen(name)
    if as_json:
        sys.stdout.write(json.dumps([asdict(each) for each in chosen], indent=2, ensure_ascii=False) + "\n")
        return
    sys.stdout.write("\n".join(reference.as_text(each) for each in chosen))


def _chosen(name: str | None) -> tuple[Builtin, ...]:
    """The builtins that a name asks for, cut down to a field when it names one. Raises UserError."""
    from dataclasses import replace

    from agentlark import reference
    from agentlark.diagnostics import nearest
    from orchestrator.core.errors import UserError

    everything = reference.builtins()
    if name is None:
        return everything
    owner, _, field = name.partition(".")
    found = [each for each in everything if each.name == owner.partition("(")[0]]
    if not found and not field:  # a field by itself: wherever it is one
        found, field = [each for each in everything if owner in {one.name for one in each.fields}], owner
    cut = [
        replace(each, fields=tuple(one for one in each.fields if one.name == field)) if field else each
        for each in found
    ]
    chosen = tuple(each for each in cut if each.fields)
    if not chosen:
        known = {each.name for each in everything} | {one.name for each in everything for one in each.fields}
        near = nearest(field or owner, known)
        raise UserError(f"there is no builtin or field {name!r}", f"did you mean {near}?" if near else "")
    return chosen
