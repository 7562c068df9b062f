"""`agentlark config show`: what would hold for a run, and where each value comes from."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli import modes
from orchestrator.cli.variables import Variables, variables_of

config = typer.Typer(help="What holds for a run.", no_args_is_help=True, rich_markup_mode=None)


@config.callback()
def _root() -> None:
    """What holds for a run."""


@config.command("show")
def show(
    agents_lark: Annotated[
        Path | None, typer.Option("--agents-lark", metavar="FILE", help="This configuration.")
    ] = None,
    agents_config: Annotated[
        Path | None, typer.Option("--agents-config", metavar="FILE", help="This compiled file.")
    ] = None,
    var: Variables = None,
    backend: Annotated[str | None, typer.Option("--backend", help="As for run.")] = None,
    model: Annotated[str | None, typer.Option("--model", help="As for run.")] = None,
    jobs: Annotated[int | None, typer.Option("--jobs", "-j", help="As for run.")] = None,
    parallel: modes.Parallel = False,
    autonomous: modes.Autonomous = False,
    relay: modes.Relay = False,
    max_waves: modes.MaxWaves = None,
    max_agents: modes.MaxAgents = None,
    max_depth: modes.MaxDepth = None,
    review_limit: modes.ReviewLimit = None,
    approve: modes.Approve = None,
    mini: modes.Mini = False,
    origin: Annotated[bool, typer.Option("--origin", help="Say where each value comes from.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print the effective settings of the squad in this folder."""
    from orchestrator.cli.foreground import squad_here
    from orchestrator.core.settings import Flags, settle
    from orchestrator.run.effective import effective
    from orchestrator.wiring import CARDS

    chosen = modes.Modes(
        parallel=parallel,
        autonomous=autonomous,
        relay=relay,
        max_waves=max_waves,
        max_agents=max_agents,
        max_depth=max_depth,
        review_limit=review_limit,
        approve=approve,
        mini=mini,
    )
    flags = chosen.onto(Flags(backend=backend, model=model, jobs=jobs))
    squad = squad_here(agents_lark, agents_config, variables_of(var)).squad
    entries = effective(squad, flags, settle(flags), CARDS)
    if as_json:
        json.dump([asdict(entry) for entry in entries], sys.stdout, indent=2)
        sys.stdout.write("\n")
        return
    width = max(len(entry.name) for entry in entries)
    for entry in entries:
        shown = f"{entry.name:<{width}}  {json.dumps(entry.value)}"
        typer.echo(f"{shown}  ({entry.origin})" if origin else shown)
