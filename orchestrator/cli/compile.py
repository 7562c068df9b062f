"""`agentlark compile`: source in, checked JSON out."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.exits import refuse_as_output, say
from orchestrator.cli.findings import report
from orchestrator.cli.variables import Variables, variables_of
from orchestrator.cli.words import count


def compile_(
    file: Annotated[Path, typer.Argument(help="The configuration.")] = Path("configs/agents.lark"),
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="Where to write; by default FILE's stem + .out.json beside it."),
    ] = None,
    stdout: Annotated[bool, typer.Option("--stdout", help="Print the JSON instead of writing it.")] = False,
    var: Variables = None,
) -> None:
    """Compile a configuration to checked JSON."""
    from agentlark.compiled import emit, write_if_changed
    from agentlark.compiler import compile_file
    from agentlark.project import find_root
    from orchestrator.core.errors import UserError

    if stdout and output is not None:
        raise typer.BadParameter("give --stdout or -o, not both")
    compilation = compile_file(file, variables=variables_of(var))
    report(compilation.diagnostics)
    text = emit(compilation.squad)
    if stdout:
        sys.stdout.write(text)
        return
    target = output or file.with_name(f"{file.stem}.out.json")
    root = find_root(file)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        refuse_as_output(target, [root / source.path for source in compilation.squad.sources])
        changed = write_if_changed(target, text)
    except OSError as error:
        raise UserError(
            f"{target} cannot be written: {error.strerror}", "name another file with -o"
        ) from error
    state = "written" if changed else "unchanged"
    say(f"{target}: {count(compilation.squad)}, {state}")
