"""The simulated actions a rehearsal reports: what an agent with tools might have done, plainly marked."""

from __future__ import annotations

from orchestrator.backends.rehearsal.draw import Draw
from orchestrator.core.facts import Action
from orchestrator.core.turn import TurnOrder

_COMMANDS = ("git status --short", "pytest -q", "make check", "ls -la")
_LOOKUPS = ("search_code", "read_file", "list_symbols")


def actions_of(order: TurnOrder) -> tuple[Action, ...]:
    """What is reported during a turn, in order: a look-up when planning, all three kinds when following up.

    Other turns report nothing.
    """
    draw = Draw(order.key, "actions")
    if order.input.purpose == "plan":
        return (_lookup(draw),)
    if order.input.purpose == "follow-up":
        return (_lookup(draw), _file_change(draw, order.input.agent), _command(draw))
    return ()


def _command(draw: Draw) -> Action:
    command = draw.pick(_COMMANDS)
    return Action(
        action="command_execution",
        simulated=True,
        title=f"SIMULATED command, not run: {command}",
        detail={"simulated": True, "command": command, "exit_code": 0},
        duration_ms=20 + draw.number(400),
    )


def _file_change(draw: Draw, agent: str) -> Action:
    path = f"notes/{agent}.md"
    return Action(
        action="file_change",
        simulated=True,
        title=f"SIMULATED change, not written: {path}",
        detail={"simulated": True, "path": path, "change": "update", "lines": 1 + draw.number(40)},
        duration_ms=1 + draw.number(20),
    )


def _lookup(draw: Draw) -> Action:
    tool = draw.pick(_LOOKUPS)
    return Action(
        action="mcp_tool_call",
        simulated=True,
        title=f"SIMULATED tool call, not made: rehearsal/{tool}",
        detail={"simulated": True, "server": "rehearsal", "tool": tool},
        duration_ms=5 + draw.number(120),
    )
