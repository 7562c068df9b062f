"""The sink follows a run in a thread of its own and never gets in its way."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest

from orchestrator.core.ports import Sink
from orchestrator.store.artifacts import ArtifactProjection, ArtifactSink
from orchestrator.store.journal import AgentFSJournal


@pytest.mark.parametrize("kept", [True, False])
def test_when_it_is_closed_every_committed_turn_has_its_artifact(
    path: Path, tmp_path: Path, record: Any, make_turn: Any, kept: bool
) -> None:
    artifacts = tmp_path / "memory" / "artifacts.agentfs.db"

    async def story() -> None:
        journal = AgentFSJournal(path if kept else None)
        await journal.open_run(record())
        projection = ArtifactProjection(artifacts)
        sink: Sink = ArtifactSink(projection, journal, "r")
        for step in range(1, 40):
            turn = make_turn(step=step, text=str(step))
            sink.see(await journal.commit("r", [turn.ended], turn.bodies), turn.ended)
        sink.close()
        sink.close()
        projection.close()
        await journal.close()

    asyncio.run(story())
    with sqlite3.connect(artifacts) as db:
        assert db.execute("SELECT count(*) FROM artifacts").fetchone() == (39,)
    db.close()


def test_it_follows_while_the_run_goes_on(
    path: Path, tmp_path: Path, record: Any, make_turn: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestrator.store.artifacts.sink.LAG_S", 0.0)
    artifacts = tmp_path / "memory" / "artifacts.agentfs.db"

    async def story() -> None:
        journal = AgentFSJournal(path)
        await journal.open_run(record())
        projection = ArtifactProjection(artifacts)
        sink = ArtifactSink(projection, journal, "r")
        turn = make_turn()
        sink.see(await journal.commit("r", [turn.ended], turn.bodies), turn.ended)
        await asyncio.to_thread(_wait_for_one, artifacts)
        sink.close()
        projection.close()
        await journal.close()

    asyncio.run(story())


def _wait_for_one(artifacts: Path) -> None:
    db = sqlite3.connect(artifacts)
    end = time.monotonic() + 10
    while db.execute("SELECT count(*) FROM artifacts").fetchone() != (1,):
        assert time.monotonic() < end
        time.sleep(0.005)
    db.close()


def test_what_goes_wrong_is_kept_and_not_raised_into_the_run(
    path: Path, tmp_path: Path, record: Any, make_turn: Any
) -> None:
    async def story() -> None:
        journal = AgentFSJournal(path)
        await journal.open_run(record())
        projection = ArtifactProjection(tmp_path / "artifacts.db")
        projection.close()
        sink = ArtifactSink(projection, journal, "r")
        turn = make_turn()
        sink.see(await journal.commit("r", [turn.ended], turn.bodies), turn.ended)
        sink.close()
        assert sink.failure is not None and "artifacts.db cannot be" in str(sink.failure)
        await journal.close()

    asyncio.run(story())


def test_turns_that_cannot_be_read_are_named(path: Path, tmp_path: Path, record: Any, make_turn: Any) -> None:
    async def story() -> None:
        journal = AgentFSJournal(path)
        await journal.open_run(record())
        projection = ArtifactProjection(tmp_path / "artifacts.db")
        sink = ArtifactSink(projection, journal, "r")
        turn = make_turn()
        sink.see(await journal.commit("r", [turn.ended], {}), turn.ended)
        sink.close()
        assert "planner step 1" in str(sink.failure)
        projection.close()
        await journal.close()

    asyncio.run(story())
