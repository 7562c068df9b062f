"""The trail is read from the tree, newest first, whoever wrote it."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from orchestrator.core.errors import StoreRefused
from orchestrator.store.agentfs.schema import ROOT_INO
from orchestrator.store.agentfs.trail import Entry, Looked, entries, open_trail
from orchestrator.store.agentfs.tree import Directories, TreeBatch
from orchestrator.store.journal import AgentFSJournal


@pytest.fixture
def trail(path: Path, record: Any, make_turn: Any) -> Path:
    async def story() -> None:
        journal = AgentFSJournal(path)
        for run in ("first", "second"):
            await journal.open_run(record(run))
            for node in ("planner", "planner@2", "builder"):
                turn = make_turn(node, run=run, text=f"{run} {node}")
                await journal.commit(run, [turn.acted()], {})
                await journal.commit(run, [turn.ended], turn.bodies)
        await journal.close()

    asyncio.run(story())
    return path


def look(path: Path, **looked: Any) -> list[Entry]:
    connections = open_trail(path)
    assert connections is not None
    try:
        return entries(connections, Looked(**looked))
    finally:
        connections.close()


def test_turns_come_newest_first_and_events_only_when_asked(trail: Path) -> None:
    found = look(trail)
    assert [f"{one.session} {one.node}" for one in found] == [
        f"{run} {node}" for run in ("second", "first") for node in ("builder", "planner@2", "planner")
    ]
    assert {one.kind for one in found} == {"turn"}
    both = look(trail, events=True)
    assert [one.kind for one in both] == ["turn", "event"] * 6
    assert both[1].node == "builder"


def test_filters_combine(trail: Path) -> None:
    assert [one.node for one in look(trail, session="first", agent="planner")] == ["planner@2", "planner"]
    assert [one.node for one in look(trail, agent="planner@2", limit=1)] == ["planner@2"]
    assert len(look(trail, session="second", agent="planner", events=True)) == 4
    assert look(trail, agent="nobody") == []
    assert len(look(trail, limit=2)) == 2
    with pytest.raises(StoreRefused, match="no session 'third'"):
        look(trail, session="third")


def test_files_of_others_are_read_and_broken_ones_shown(trail: Path) -> None:
    db = sqlite3.connect(trail)
    tree = TreeBatch(db, Directories())
    agents = tree.directory(
        tree.directory(tree.directory(ROOT_INO, "runs", (1, 0)), "theirs", (1, 0)), "agents", (1, 0)
    )
    guest = tree.directory(agents, "guest", (1, 0))
    for name, content in (("a.json", b'{"answer": 1}'), ("b.json", b"{"), ("c.json", b"[]"), ("d", b"\xff")):
        tree.file(guest, name, content, (1, 0))
    tree.flush()
    db.commit()
    db.close()
    found = look(trail, session="theirs")
    assert [(one.name, one.content) for one in found] == [
        ("d", None),
        ("c.json", None),
        ("b.json", None),
        ("a.json", {"answer": 1}),
    ]


def test_a_file_without_runs_is_empty_and_no_file_is_none(tmp_path: Path, path: Path) -> None:
    assert open_trail(path) is None
    asyncio.run(AgentFSJournal(path).close())
    assert look(path) == []
    (tmp_path / "text").write_text("hello")
    with pytest.raises(StoreRefused, match="not a database"):
        open_trail(tmp_path / "text")
