"""Consent to a wave: how a blueprint is shown, and how a person on the terminal answers for it."""

from __future__ import annotations

import asyncio
import json
import sys

from agentlark.blueprint import Blueprint, Specialist
from orchestrator.cli.editing import edited
from orchestrator.cli.exits import say
from orchestrator.core.commands import Decide
from orchestrator.core.facts import AgentsJoined, ApprovalAsked
from orchestrator.run.handle import RunHandle

SETTLE_S = 0.3
"""How long the table on the terminal is given to make room for the question."""


def can_ask() -> bool:
    """Whether somebody sits at the terminal."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def shown(joining: AgentsJoined) -> str:
    """A wave as a person reads it before saying yes."""
    lines = [f"── wave {joining.wave} of {joining.group}, asked for by {joining.by} ──"]
    lines += [joining.summary] if joining.summary else []
    for agent in joining.agents:
        after = f" (after {', '.join(agent.depends_on)})" if agent.depends_on else ""
        lines += [
            f"• {agent.id}: {agent.role}{after}",
            *(f"    {line}" for line in agent.prompt.splitlines()),
        ]
    lines += [f"  {each.sender} → {each.receiver}: {each.note}" for each in joining.handoffs]
    return "\n".join([*lines, *(f"warning: {warning}" for warning in joining.warnings)])


def wire(joining: AgentsJoined) -> str:
    """The blueprint of a wave as JSON text, the way models give it."""
    blueprint: dict[str, object] = {
        "summary": joining.summary,
        "agents": [_wire_agent(agent) for agent in joining.agents],
    }
    if joining.handoffs:
        blueprint["handoffs"] = [
            {"from": each.sender, "to": each.receiver, "note": each.note} for each in joining.handoffs
        ]
    return json.dumps(blueprint, indent=2, ensure_ascii=False) + "\n"


def _wire_agent(agent: Specialist) -> dict[str, object]:
    return {
        "id": agent.id,
        "role": agent.role,
        "prompt": agent.prompt,
        "dependsOn": list(agent.depends_on),
    }


async def ask_for_consent(handle: RunHandle) -> None:
    """Ask on the terminal whenever a wave waits, until the run ends."""
    async for _, item in handle.events():
        if isinstance(item, ApprovalAsked) and item.joining.wave in handle.awaiting():
            await asyncio.sleep(SETTLE_S)
            say(shown(item.joining))
            handle.decide(await _answer(handle, item.joining))


async def _answer(handle: RunHandle, joining: AgentsJoined) -> Decide:
    wave = joining.wave
    while True:
        sys.stderr.write("run it? [y]es, [n]o, [e]dit: ")
        sys.stderr.flush()
        reply = (await _line()).strip().casefold()
        if reply in ("y", "yes"):
            return Decide(wave=wave, approved=True)
        if reply in ("n", "no"):
            return Decide(wave=wave, approved=False)
        if reply in ("e", "edit"):
            blueprint = edited(wire(joining), lambda found: _faults(handle, wave, found))
            if blueprint is not None:
                return Decide(wave=wave, approved=True, blueprint=blueprint)


def _faults(handle: RunHandle, wave: int, blueprint: Blueprint) -> list[str]:
    return list(handle.edit_faults(Decide(wave=wave, approved=True, blueprint=blueprint)))


async def _line() -> str:
    """A line from the terminal; cancelling leaves nothing behind that reads."""
    loop = asyncio.get_running_loop()
    read: asyncio.Future[str] = loop.create_future()

    def take() -> None:
        line = sys.stdin.readline()
        if not read.done():
            read.set_result(line or "n")  # the terminal has gone: nobody can say yes

    loop.add_reader(sys.stdin.fileno(), take)
    try:
        return await read
    finally:
        loop.remove_reader(sys.stdin.fileno())
