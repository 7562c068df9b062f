"""What an interrupted run had done, in lines for a person: the same text goes into its log and its memory."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from orchestrator.schedule.state import RunState

SHOWN = 20
"""Names per line; the rest are counted."""


def interrupt_summary(run: str, state: RunState, running: Collection[str], program: str = "agentlark") -> str:
    """The state of a run that was asked to end: done, running, not started, and how to go on."""
    ordered = [node.id for node in state.in_order()]
    done = [name for name in ordered if state.has_done(name)]
    lost = [name for name in ordered if state.is_lost(name)]
    acting = [name for name in ordered if name in running]
    waiting = [name for name in ordered if name not in running and name not in state.ended]
    consent = [f"wave {wave}" for wave in sorted(state.awaiting)]
    lines = [
        f"{run} was interrupted: turns in flight end, nothing new starts.",
        _line("done", done),
        _line("running", acting),
        _line("not started", waiting),
        *([_line("not ended well", lost)] if lost else []),
        *([_line("waiting for consent", consent)] if consent else []),
        f"to go on: {program} resume {run}",
    ]
    return "\n".join(lines)


def _line(title: str, names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{title} ({len(names)}): {', '.join(names[:SHOWN]) or 'nobody'}{more}"
