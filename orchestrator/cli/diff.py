"""`agentlark diff`: what changes between two configurations."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli.variables import Variables, variables_of

if TYPE_CHECKING:
    from agentlark.model import Squad

DIFFERENT = 1


def diff(
    before: Annotated[Path, typer.Argument(help="A configuration, or what compile wrote.")],
    after: Annotated[Path, typer.Argument(help="Another one.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="End with 1 when they differ, as git diff does.")
    ] = False,
    var: Variables = None,
) -> None:
    """Print agents, groups, fields and edges that differ between two squads."""
    from agentlark.diagnostics import visible
    from agentlark.diff import as_text, compare

    variables = variables_of(var)
    difference = compare(_squad(before, variables), _squad(after, variables))
    if as_json:
        sys.stdout.write(json.dumps(difference.to_json(), indent=2, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write(visible(as_text(difference)))
    if exit_code and difference:
        raise typer.Exit(DIFFERENT)


def _squad(path: Path, variables: dict[str, str]) -> Squad:
    from agentlark.compiled import load_compiled
    from agentlark.compiler import compile_file

    if path.suffix == ".json":
        return load_compiled(path)
    return compile_file(path, variables=variables).squad
