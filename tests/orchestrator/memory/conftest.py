"""A folder with a journal of made-up runs, as memory commands find it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from orchestrator.core.facts import TurnEnded
from orchestrator.core.frozen import digest_of
from orchestrator.core.paths import RunPaths
from orchestrator.core.ports import RunRecord
from orchestrator.core.turn import Done, Message, TurnId, TurnInput, Usage
from orchestrator.memory.inspect import Shown, look
from orchestrator.memory.shelf import open_shelf
from orchestrator.store.artifacts import Wanted
from orchestrator.store.journal import AgentFSJournal

BEGUN = datetime(2026, 3, 1, 12, tzinfo=UTC)
SQUAD = (
    '{"schema_version":1,"groups":[{"id":"core","agents":[{"id":"planner","role":"Planner"},'
    '{"id":"builder","role":"Builder"}]}]}'
)


def write_run(
    path: Path,
    slug: str,
    texts: Iterable[tuple[str, str]],
    task: str = "Ship the MVP",
    simulated: bool = False,
) -> None:
    """Record a run whose turns, a minute apart, are (agent, text)."""

    async def story() -> None:
        journal = AgentFSJournal(path)
        record = RunRecord(
            slug=slug, squad=SQUAD, prompt=task, settings={}, simulated=simulated, started=BEGUN
        )
        await journal.open_run(record)
        for step, (agent, text) in enumerate(texts, start=1):
            asked = TurnInput(
                agent=agent, purpose="follow-up", backend="b", model="m", prompt=f"{slug} {step}"
            )
            done = Done(message=Message(role="assistant", text=text), usage=Usage(), simulated=simulated)
            answer = digest_of(done.encoded())
            ended = TurnEnded(
                id=TurnId(slug, agent, step),
                purpose="follow-up",
                key=asked.key(),
                ending="done",
                answer=answer,
                simulated=simulated,
                at=BEGUN + timedelta(minutes=step),
            )
            await journal.commit(slug, [ended], {asked.key(): asked.encoded(), answer: done.encoded()})
        await journal.close()

    asyncio.run(story())


def shown(paths: RunPaths, **wanted: object) -> list[Shown]:
    """Everything in memory that is wanted, newest first."""
    with open_shelf(paths) as shelf:
        assert shelf.notes == ()
        return list(look(shelf.reader, Wanted(**wanted))) if shelf.reader else []  # type: ignore[arg-type]  # passed on


@pytest.fixture
def paths(tmp_path: Path) -> RunPaths:
    return RunPaths(tmp_path)


@pytest.fixture
def write() -> Callable[..., None]:
    return write_run
