"""The command line's commands, in the order in which `--help` lists them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from agentlark import __version__
from orchestrator.cli.agentfs_read import agentfs_read
from orchestrator.cli.agentfs_snapshot import agentfs_snapshot
from orchestrator.cli.approve import approve, edit, reject
from orchestrator.cli.attach import attach
from orchestrator.cli.cache import cache
from orchestrator.cli.check import check
from orchestrator.cli.compile import compile_
from orchestrator.cli.config import config
from orchestrator.cli.diff import diff
from orchestrator.cli.docs import docs
from orchestrator.cli.doctor import doctor
from orchestrator.cli.explain import explain
from orchestrator.cli.fmt import fmt
from orchestrator.cli.graph import graph
from orchestrator.cli.init import init
from orchestrator.cli.interrupt import interrupt
from orchestrator.cli.launch import launch
from orchestrator.cli.logs import logs
from orchestrator.cli.lsp import lsp
from orchestrator.cli.memory_condense import memory_condense
from orchestrator.cli.memory_inspect import memory_inspect
from orchestrator.cli.memory_rebuild import memory_rebuild
from orchestrator.cli.metrics import metrics
from orchestrator.cli.plan import plan, why
from orchestrator.cli.resume import resume
from orchestrator.cli.run import run
from orchestrator.cli.runs import runs
from orchestrator.cli.runs_rm import rm
from orchestrator.cli.schema import schema
from orchestrator.cli.show import show
from orchestrator.cli.status import status
from orchestrator.cli.stop import stop
from orchestrator.cli.timeline import timeline

app = typer.Typer(
    name="agentlark",
    help="A build tool for squads of coding agents.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"agentlark {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Compile agents.lark into a checked DAG, run the squad, and keep a record of every turn."""


app.command("run")(run)
app.command("resume")(resume)
app.command("launch")(launch)
app.command("attach")(attach)
app.command("status")(status)
app.command("stop")(stop)
app.command("plan")(plan)
app.command("why")(why)
app.command("interrupt")(interrupt)
app.command("approve")(approve)
app.command("reject")(reject)
app.command("edit")(edit)
app.command("show")(show)
app.command("logs")(logs)
app.command("metrics")(metrics)
app.command("timeline")(timeline)
runs.command("rm")(rm)
app.add_typer(runs, name="runs")
app.add_typer(cache, name="cache")
app.command("graph")(graph)
app.command("compile")(compile_)
app.command("check")(check)
app.command("diff")(diff)
app.command("explain")(explain)
app.command("docs")(docs)
app.command("fmt")(fmt)
app.command("lsp")(lsp)
app.command("schema")(schema)
app.command("init")(init)
app.command("doctor")(doctor)
app.add_typer(config, name="config")

# Commands with a colon work with a space too: `agentlark memory inspect`.
_SPACED: dict[str, Callable[..., None]] = {
    "memory:inspect": memory_inspect,
    "memory:condense": memory_condense,
    "memory:rebuild": memory_rebuild,
    "agentfs:read": agentfs_read,
    "agentfs:snapshot": agentfs_snapshot,
}
_rooms: dict[str, typer.Typer] = {}
for _name, _command in _SPACED.items():
    _room, _, _verb = _name.partition(":")
    if _room not in _rooms:
        _rooms[_room] = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
        app.add_typer(_rooms[_room], name=_room, hidden=True)
    app.command(_name)(_command)
    _rooms[_room].command(_verb)(_command)
