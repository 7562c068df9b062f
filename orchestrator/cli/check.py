"""`agentlark check`: everything wrong with a configuration, in one run."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli.exits import BAD_INPUT, say
from orchestrator.cli.findings import Format, FormatOption, look_as_text, look_of, report, screen
from orchestrator.cli.variables import Variables, variables_of
from orchestrator.cli.words import count, several

if TYPE_CHECKING:
    from agentlark.compiler import Compilation
    from agentlark.diagnostics import Diagnostic


def check(
    file: Annotated[Path, typer.Argument(help="The configuration.")] = Path("configs/agents.lark"),
    format: FormatOption = Format.human,
    var: Variables = None,
    isolated: Annotated[
        bool | None,
        typer.Option(
            "--isolated/--no-isolated",
            help="Check in a child with bounded time and memory; the default for other projects' files.",
        ),
    ] = None,
    max_steps: Annotated[
        int | None, typer.Option("--max-steps", min=1, help="Steps that the file may take.")
    ] = None,
    max_seconds: Annotated[
        int, typer.Option("--max-seconds", min=1, help="Processor time of an isolated check.")
    ] = 10,
    max_memory: Annotated[
        int, typer.Option("--max-memory", min=64, metavar="MIB", help="Memory of an isolated check.")
    ] = 512,
    look: Annotated[str | None, typer.Option("--look", hidden=True)] = None,
) -> None:
    """Report everything wrong with a configuration."""
    from agentlark.compiler import compile_file
    from agentlark.errors import ConfigError
    from agentlark.project import is_foreign

    if is_foreign(file, Path.cwd()) if isolated is None else isolated:
        _in_child(file, format, var or [], max_steps, (max_seconds, max_memory))
        return
    try:
        compilation = compile_file(file, variables=variables_of(var), max_steps=max_steps)
        found, squad = (*compilation.diagnostics, *_backend_warnings(compilation)), compilation.squad
    except ConfigError as error:
        found, squad = error.diagnostics, None
    report(found, format, look_of(look) if look else None)
    if format is Format.human:
        errors = sum(each.severity == "error" for each in found)
        say(f"{file}: {count(squad)}, no errors" if squad else f"\n{file}: {several(errors, 'error')}")
    if squad is None:
        raise typer.Exit(BAD_INPUT)


def _backend_warnings(compilation: Compilation) -> Iterator[Diagnostic]:
    if any(agent.backend for agent in compilation.squad.agents()):  # else the backends need not be loaded
        from agentlark.check import check_backends
        from orchestrator.backends.cards import LISTINGS

        yield from check_backends(compilation.squad, compilation.places, LISTINGS)


def _in_child(
    file: Path, format: Format, var: Sequence[str], max_steps: int | None, bounds: tuple[int, int]
) -> None:
    """Print what the same check prints in a child, and end as it did."""
    import asyncio

    from agentlark.diagnostics import Diagnostic
    from orchestrator.core.settings import process_environment
    from orchestrator.run.isolated import Bounds, check_in_child

    # The child's stderr is a pipe: it is told what ours can show.
    arguments = ["--format", format.value, f"--look={look_as_text(screen())}"]
    arguments += [f"--var={entry}" for entry in var]
    arguments += [f"--max-steps={max_steps}"] if max_steps else []
    work = check_in_child(file, arguments, Path.cwd(), process_environment(), Bounds(*bounds))
    ended = asyncio.run(work)
    if isinstance(ended, Diagnostic):
        report([ended], format)
        raise typer.Exit(BAD_INPUT)
    sys.stdout.write(ended.stdout.decode("utf-8", "replace"))
    sys.stderr.write(ended.stderr.decode("utf-8", "replace"))
    raise typer.Exit(ended.code)
