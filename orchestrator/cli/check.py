"""`agentlark check`: everything wrong with a configuration, in one run."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.exits import BAD_INPUT, say
from orchestrator.cli.variables import Variables, variables_of


class Format(StrEnum):
    """How findings are printed."""

    human = "human"
    json = "json"


def check(
    file: Annotated[Path, typer.Argument(help="The configuration.")] = Path("configs/agents.lark"),
    format: Annotated[Format, typer.Option("--format", help="How to print what was found.")] = Format.human,
    var: Variables = None,
) -> None:
    """Report everything wrong with a configuration."""
    from agentlark.compiler import compile_file
    from agentlark.diagnostics import render
    from agentlark.errors import ConfigError

    try:
        compilation = compile_file(file, variables=variables_of(var))
        found, squad = compilation.diagnostics, compilation.squad
    except ConfigError as error:
        found, squad = error.diagnostics, None
    if format is Format.json:
        json.dump(
            {"diagnostics": [each.to_json() for each in found]}, sys.stdout, indent=2, ensure_ascii=False
        )
        sys.stdout.write("\n")
    else:
        if found:
            say(render(found))
        if squad is not None:
            say(f"{file}: {len(squad.groups)} groups, {len(squad.agents())} agents, no errors")
        else:
            errors = sum(each.severity == "error" for each in found)
            say(f"\n{file}: {errors} error{'s' if errors != 1 else ''}")
    if squad is None:
        raise typer.Exit(BAD_INPUT)
