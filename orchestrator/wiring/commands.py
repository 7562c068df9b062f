"""Reaching a run from another process: commands for one that is going, consent for one that waits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from agentlark.blueprint import Blueprint
from orchestrator.core.clock import SystemClock
from orchestrator.core.commands import Command, Decide
from orchestrator.core.errors import UserError
from orchestrator.core.facts import AgentsJoined
from orchestrator.core.paths import RunPaths
from orchestrator.run.approval import Undecidable, decided, edit_faults
from orchestrator.run.records import find_run
from orchestrator.schedule.growth import Caps
from orchestrator.sinks.logs import LogSink, texts_in
from orchestrator.store.folder_lock import holder_of
from orchestrator.store.inbox import leave
from orchestrator.wiring.opening import open_folder
from orchestrator.wiring.reading import open_reader, places_of, recorded_run


def going_in(folder: Path) -> str | None:
    """The run that is going in a folder; None when none is."""
    holder = holder_of(RunPaths(folder).lock)
    return holder.run if holder else None


def command(folder: Path, slug: str | None, order: Command) -> str | None:
    """Leave a command for the run that is going in a folder; its slug, or None when none is going.

    Raises UserError when another run than the named one is going.
    """
    paths = RunPaths(folder)
    holder = holder_of(paths.lock)
    if holder is None:
        return None
    if slug not in (None, holder.run):
        raise UserError(f"{slug} is not going: {holder.run} is", f"name {holder.run}, or none")
    leave(paths.inbox, holder.run, order)
    return holder.run


@dataclass(frozen=True, slots=True)
class WaitingWave:
    """A wave that waits for consent."""

    run: str
    joining: AgentsJoined
    faults: Callable[[Blueprint], list[str]]
    """Why an edited blueprint may not join in its place."""


def waiting(folder: Path, slug: str | None, wave: int | None) -> WaitingWave:
    """The wave of a run that waits for consent. Raises UserError when none does, or several do."""
    with open_reader(folder) as journal:
        run = recorded_run(journal, slug)
    name, awaiting = run.record.slug, run.state.awaiting
    asked = [number for number in sorted(awaiting) if wave in (None, number)]
    listed = ", ".join(map(str, sorted(awaiting)))
    if not asked:
        which = "no wave waits" if wave is None else f"wave {wave} does not wait"
        raise UserError(f"{name}: {which} for consent", f"waves that do: {listed}" if listed else "")
    if len(asked) > 1:
        raise UserError(f"{name}: several waves wait for consent", f"name one with --wave: {listed}")

    def faults(blueprint: Blueprint) -> list[str]:
        edited = Decide(wave=asked[0], approved=True, blueprint=blueprint)
        return list(edit_faults(edited, run.state, Caps(run.settings.max_agents, run.settings.max_depth)))

    return WaitingWave(name, awaiting[asked[0]].joining, faults)


def decide(folder: Path, slug: str, answer: Decide) -> bool:
    """Answer for a waiting wave; True when a process carries the run on, False when it is to be resumed."""
    if command(folder, slug, answer) is not None:
        return True
    asyncio.run(_decide(folder, slug, answer))
    return False


async def _decide(folder: Path, slug: str, answer: Decide) -> None:
    async with AsyncExitStack() as stack:
        opened = open_folder(places_of(folder), stack)
        run = recorded_run(opened.journal, slug)
        caps = Caps(run.settings.max_agents, run.settings.max_depth)
        try:
            facts = decided(answer, run.state, caps, SystemClock().now())
        except Undecidable as error:
            raise UserError(str(error), f"look at it: agentlark show --run {slug}") from error
        await opened.journal.commit(slug, facts, {})
        if find_run(opened.journal, None).slug == slug:  # the logs are those of the last run
            roles = {node.id: node.agent.role for node in run.state.in_order()}
            log = LogSink(opened.places.paths.logs, roles, texts_in(opened.journal.body))
            for fact in facts:
                log.see(None, fact)
            log.close()
