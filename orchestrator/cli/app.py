"""The command line's commands, in the order in which `--help` lists them."""

from __future__ import annotations

from typing import Annotated

import typer
from typer.core import TyperGroup

from agentlark import __version__
from orchestrator.cli.lazy import LazyCommand

COMMANDS = {
    "run": ("run:run", "Run a squad in this folder and print its answer."),
    "resume": ("resume:resume", "Go on with a run; recorded turns are never sent again."),
    "launch": (
        "launch:launch",
        "Run a squad in the background and show every agent's log in a terminal session.",
    ),
    "attach": ("attach:attach", "Show the session that was launched in this folder."),
    "status": ("status:status", "Say what runs in this folder: the run, its agents, its session."),
    "stop": (
        "stop:stop",
        "Interrupt the run of this folder, stop it at once if that takes too long, and end its session.",
    ),
    "plan": (
        "plan:plan",
        "Say what a run would send, what it would take from the record, and why; nothing is sent or written.",
    ),
    "why": (
        "plan:why",
        "Say why an agent's turns would be sent or not, and what changed since the last run.",
    ),
    "interrupt": ("interrupt:interrupt", "Ask the run that is going to end."),
    "approve": ("approve:approve", "Let a waiting wave be run."),
    "reject": ("approve:reject", "Refuse a waiting wave."),
    "edit": ("approve:edit", "Edit a waiting wave in $EDITOR, and let it be run."),
    "show": ("show:show", "Print what an agent answered in the last run, or how it is configured."),
    "logs": ("logs:logs", "Print the log of an agent or of the run."),
    "metrics": (
        "metrics:metrics",
        "Say what a run took, by agent and by wave: turns, tokens, cost, time, and what reuse saved.",
    ),
    "timeline": ("timeline:timeline", "Draw who ran when, waited for what, and the critical path."),
    "graph": ("graph:graph", "Draw who waits for whom."),
    "compile": ("compile:compile_", "Compile a configuration to checked JSON."),
    "check": ("check:check", "Report everything wrong with a configuration."),
    "diff": ("diff:diff", "Print agents, groups, fields and edges that differ between two squads."),
    "explain": (
        "explain:explain",
        "Print what a diagnostic's code means, a file that gets it, and what to do.",
    ),
    "docs": ("docs:docs", "Print the builtins and every field with type, default and meaning."),
    "fmt": ("fmt:fmt", "Format configurations; what they mean never changes."),
    "lsp": ("lsp:lsp", "Serve an editor over stdin and stdout (needs the extra lsp)."),
    "schema": ("schema:schema", "Print the JSON Schema of the compiled form."),
    "init": ("init:init", "Write a commented configs/agents.lark to start from."),
    "doctor": ("doctor:doctor", "Say what is there, missing or broken here."),
    "memory:inspect": ("memory_inspect:memory_inspect", "List artifacts, newest first."),
    "memory:condense": (
        "memory_condense:memory_condense",
        "Summarise older artifacts by agent and topic; the originals stay and are marked.",
    ),
    "memory:rebuild": (
        "memory_rebuild:memory_rebuild",
        "Write all artifacts, summaries and marks anew from the journals.",
    ),
    "agentfs:read": ("agentfs_read:agentfs_read", "List turns, newest first."),
    "agentfs:snapshot": (
        "agentfs_snapshot:agentfs_snapshot",
        "Copy the audit trail, also during a run, for tools that need the file to themselves.",
    ),
    "runs": ("runs:runs", "The recorded runs of this folder."),
    "cache": ("cache:cache", "What the journal keeps for reuse."),
    "config": ("config:config", "What holds for a run."),
}
"""Each command's module and function in this package, and the first sentence of its help."""

_app = typer.Typer(
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


@_app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Compile agents.lark into a checked DAG, run the squad, and keep a record of every turn."""


def command_line() -> TyperGroup:
    """All of it, to be called; commands with a colon work with a space too: `agentlark memory inspect`."""
    whole = typer.main.get_command(_app)
    assert isinstance(whole, TyperGroup), "it has a callback"
    rooms: dict[str, TyperGroup] = {}
    for name, (home, summary) in COMMANDS.items():
        home = f"orchestrator.cli.{home}"
        whole.add_command(LazyCommand(name, home, summary))
        room, colon, verb = name.partition(":")
        if colon:
            if room not in rooms:
                rooms[room] = TyperGroup(name=room, hidden=True, no_args_is_help=True, rich_markup_mode=None)
            rooms[room].add_command(LazyCommand(verb, home, summary))
    for each in rooms.values():
        whole.add_command(each)
    return whole
