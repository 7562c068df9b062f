"""`agentlark logs -f [AGENT]` as log panes call it: the same as `logs.py` does, without loading typer.

A session opens a pane for every agent, and each of them starts this: loading the command line would cost
more than all the following.
"""

from __future__ import annotations


def follows_in_pane(arguments: list[str]) -> bool:
    """Do what a log pane asks for, and say True; False for arguments that are anything else."""
    if arguments[:1] != ["logs"] or arguments[1:2] not in (["-f"], ["--follow"]) or len(arguments) > 3:
        return False
    from orchestrator.sinks.follow import follow, log_of

    try:
        path = log_of(arguments[2] if len(arguments) > 2 else "timeline")
    except ValueError:
        return False
    try:
        follow(path)
    except OSError as error:
        _report(error)
    return True


def _report(error: OSError) -> None:
    """Say what went wrong as every command does, and exit."""
    from orchestrator.cli.exits import guarded

    def failing() -> None:
        raise error

    guarded(failing)
