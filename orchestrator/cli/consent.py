"""Consent to a wave: how a blueprint is shown, and how a person on the terminal answers for it."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
import termios
import textwrap
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractContextManager

from agentlark.blueprint import Blueprint, Specialist
from orchestrator.cli.editing import edited
from orchestrator.cli.exits import say
from orchestrator.core.commands import Decide
from orchestrator.core.errors import UserError
from orchestrator.core.facts import AgentsJoined, ApprovalAsked, ApprovalSettled
from orchestrator.run.handle import RunHandle
from orchestrator.sinks.describe import describe

LINE_BYTES = 4096
"""A terminal gives no longer line."""

MIN_COLUMNS = 16


def can_ask() -> bool:
    """Whether somebody sits at the terminal, and this program is the one that may read from it."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    try:
        return os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()
    except OSError:
        return False


def shown(joining: AgentsJoined) -> str:
    """A wave as a person reads it before saying yes."""
    lines = [f"── wave {joining.wave} of {joining.group}, asked for by {joining.by} ──"]
    lines += _wrapped(joining.summary, "")
    for agent in joining.agents:
        after = f" (after {', '.join(agent.depends_on)})" if agent.depends_on else ""
        lines += [*_wrapped(f"• {agent.id}: {agent.role}{after}", "  "), *_wrapped(agent.prompt, "    ")]
    for each in joining.handoffs:
        lines += _wrapped(f"  {each.sender} → {each.receiver}: {each.note}", "    ")
    for warning in joining.warnings:
        lines += _wrapped(f"warning: {warning}", "  ")
    return "\n".join(lines)


def _wrapped(text: str, indent: str) -> Iterator[str]:
    """The lines of a text, none wider than the terminal."""
    width = max(shutil.get_terminal_size().columns, MIN_COLUMNS)
    for line in text.splitlines():
        first = "" if line.startswith(("•", " ", "warning:")) else indent
        yield from textwrap.wrap(line, width, initial_indent=first, subsequent_indent=indent)


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


async def ask_for_consent(handle: RunHandle, aside: Callable[[], AbstractContextManager[None]]) -> None:
    """Ask on the terminal for every wave that waits, one at a time, until the run ends.

    A question that is answered elsewhere meanwhile is taken back. `aside` makes room for it.
    """
    asked: set[int] = set()
    question: asyncio.Task[None] | None = None
    wave = 0
    try:
        async for waiting in _waiting(handle):
            if question is not None and wave not in waiting:
                await _take_back(question)
                question = None
            left = sorted(waiting.keys() - asked)
            if question is None and left:
                wave = left[0]
                asked.add(wave)
                question = asyncio.create_task(_ask(handle, waiting[wave].joining, aside))
    finally:
        if question is not None:
            await _take_back(question)


async def tell_what_waits(handle: RunHandle) -> None:
    """Say on stderr, where nothing else does and nobody can be asked, that a wave waits and how to answer."""
    told: set[int] = set()
    async for waiting in _waiting(handle):
        for wave in sorted(waiting.keys() - told):
            told.add(wave)
            say(describe(waiting[wave]) or "")


async def _waiting(handle: RunHandle) -> AsyncIterator[Mapping[int, ApprovalAsked]]:
    """The waves that wait, by number: now, and whenever one begins to or has its answer."""
    yield handle.awaiting()
    async for _, item in handle.news():
        if isinstance(item, ApprovalAsked | ApprovalSettled):
            yield handle.awaiting()


async def _take_back(question: asyncio.Task[None]) -> None:
    if not question.done():
        question.cancel()
        await asyncio.wait([question])


async def _ask(
    handle: RunHandle, joining: AgentsJoined, aside: Callable[[], AbstractContextManager[None]]
) -> None:
    with aside():
        say(shown(joining))
        try:
            answer = await _answer(handle, joining)
        except asyncio.CancelledError:
            sys.stderr.write("\n")
            raise
    if answer is None:
        say(f"wave {joining.wave} waits: agentlark approve, reject or edit")
    else:
        handle.decide(answer)


async def _answer(handle: RunHandle, joining: AgentsJoined) -> Decide | None:
    """What the person says; None when the terminal has gone."""
    wave = joining.wave
    termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)  # what was typed before is no answer
    while True:
        sys.stderr.write("run it? [y]es, [n]o, [e]dit: ")
        sys.stderr.flush()
        line = await _line()
        if line is None:
            return None
        reply = line.strip().casefold()
        if reply in ("y", "yes"):
            return Decide(wave=wave, approved=True)
        if reply in ("n", "no"):
            return Decide(wave=wave, approved=False)
        if reply in ("e", "edit") and (blueprint := await _edited(handle, joining)) is not None:
            return Decide(wave=wave, approved=True, blueprint=blueprint)


async def _edited(handle: RunHandle, joining: AgentsJoined) -> Blueprint | None:
    """The wave as the person has changed it, if so; the run goes on meanwhile, and ends after the editor."""
    loop = asyncio.get_running_loop()

    async def check(found: Blueprint) -> list[str]:
        if joining.wave not in handle.awaiting():
            return [f"wave {joining.wave} does not wait any more"]
        return list(handle.edit_faults(Decide(wave=joining.wave, approved=True, blueprint=found)))

    def faults(found: Blueprint) -> list[str]:
        return asyncio.run_coroutine_threadsafe(check(found), loop).result()

    editing = asyncio.ensure_future(asyncio.to_thread(edited, wire(joining), faults))
    try:
        return await asyncio.shield(editing)
    except asyncio.CancelledError:
        await asyncio.wait([editing])
        raise
    except UserError as error:
        say(f"error: {error}")
        return None


async def _line() -> str | None:
    """A line from the terminal, None at its end; cancelling leaves nothing behind that reads."""
    loop = asyncio.get_running_loop()
    terminal = sys.stdin.fileno()
    read: asyncio.Future[str | None] = loop.create_future()

    def take() -> None:
        try:
            line = os.read(terminal, LINE_BYTES)
        except OSError:
            line = b""
        if not read.done():
            read.set_result(line.decode(errors="replace") if line else None)

    loop.add_reader(terminal, take)
    try:
        return await read
    finally:
        loop.remove_reader(terminal)
