"""`agentlark logs -f [AGENT]` as log panes call it: the same as `logs.py` does, without loading typer.

A session opens a pane for every agent, and each of them starts this: loading the command line would cost
more than all the following.
"""

from __future__ import annotations

from collections.abc import Sequence


def follows_in_pane(arguments: Sequence[str]) -> bool:
    """Do what a log pane asks for, and say True; False for arguments that are anything else."""
    if tuple(arguments[:2]) != ("logs", "-f") or len(arguments) > 3:
        return False
    from orchestrator.sinks.follow import follow, log_of

    try:
        path = log_of(arguments[2] if len(arguments) > 2 else "timeline")
    except ValueError:
        return False
    follow(path)
    return True
