"""What `doctor` says about multiplexers: which can be used, and which of our sessions are still there."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator

from orchestrator.core.health import Check
from orchestrator.panes.errors import MultiplexerError, ProgramMissing, ProgramTooOld
from orchestrator.panes.multiplexer import OURS, Multiplexer
from orchestrator.panes.program import Surroundings
from orchestrator.panes.tmux import TmuxMultiplexer
from orchestrator.panes.zellij import ZellijMultiplexer

_PURPOSE = {"zellij": "live panes", "tmux": "live panes where there is no zellij"}


def examine(
    known: Collection[str] = (),
    multiplexers: Collection[Multiplexer] | None = None,
) -> Iterator[Check]:
    """One check per multiplexer, and one per session of ours that is not among the `known`, live runs'."""
    around = Surroundings(deadline_s=5)
    for multiplexer in multiplexers or (ZellijMultiplexer(around=around), TmuxMultiplexer(around=around)):
        yield from asyncio.run(_of(multiplexer, known))


async def _of(multiplexer: Multiplexer, known: Collection[str]) -> list[Check]:
    name = multiplexer.program
    try:
        checks = [Check(name, "ok", f"{await multiplexer.version()}, for {_PURPOSE[name]}")]
        ours = [each for each in await multiplexer.sessions() if each.startswith(OURS)]
    except ProgramMissing as error:
        return [Check(name, "optional", f"not found; it is for {_PURPOSE[name]}", error.remedy)]
    except ProgramTooOld as error:
        return [Check(name, "optional", error.message, error.remedy)]
    except MultiplexerError as error:
        return [Check(name, "broken", error.message, error.remedy)]
    return checks + [
        Check(f"{name} session {each}", "optional", "no run of this folder has it", _ending(name, each))
        for each in ours
        if each not in known
    ]


def _ending(program: str, session: str) -> str:
    if program == "tmux":
        return f"if no run uses it: tmux -L {OURS} kill-session -t '={session}'"
    return f"if no run uses it: zellij delete-session --force '{session}'"
