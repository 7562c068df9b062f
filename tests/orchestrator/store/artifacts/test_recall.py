"""What an agent is given of memory: newest first, each once, within the budget, never across simulation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from orchestrator.core.errors import UserError
from orchestrator.store.artifacts import Artifact
from orchestrator.store.artifacts.recall import recall, wanted_by
from tests.orchestrator.store.artifacts.test_reader import add_file, opened, project


@pytest.fixture
def some(tmp_path: Path, record: Any, make_turn: Any, later: Any) -> Path:
    path = tmp_path / "memory" / "artifacts.agentfs.db"
    project(
        path,
        record,
        make_turn(text="p" * 50),
        make_turn("builder", text="b" * 60, at=later(60)),
        make_turn("builder", step=2, text="c" * 40, at=later(120)),
        make_turn("builder", step=3, text="rehearsed", simulated=True, at=later(180)),
    )
    return path


def given(path: Path, *terms: str, budget: int = 1000, simulated: bool = False) -> list[str]:
    with opened(path) as reader:
        return [one.text for one in recall(reader, terms, budget, simulated)]


def test_terms_are_joined_newest_first_each_artifact_once(some: Path) -> None:
    assert given(some, "agent:builder") == ["c" * 40, "b" * 60]
    assert given(some, "topic:ship-mvp-care", "agent:planner", "type:plan") == ["c" * 40, "b" * 60, "p" * 50]
    assert given(some, "tag:role:Planner", "run:nothing") == ["p" * 50]
    assert given(some) == []


def test_the_budget_is_kept(some: Path) -> None:
    assert given(some, "run:r", budget=100) == ["c" * 40, "b" * 60]
    assert given(some, "run:r", budget=120) == ["c" * 40, "b" * 60, "p" * 16 + " […]"]
    assert given(some, "run:r", budget=105) == ["c" * 40, "b" * 60]
    assert given(some, "run:r", budget=0) == []


def test_rehearsed_and_real_memory_never_mix(some: Path) -> None:
    assert given(some, "agent:builder", simulated=True) == ["rehearsed"]


def test_what_was_said_twice_in_the_same_words_is_remembered_once(
    some: Path, record: Any, make_turn: Any, later: Any
) -> None:
    again = make_turn("builder", run="r2", text="b" * 60, at=later(240))
    project(some, record, again, make_turn("builder", run="r2", step=2, text="new", at=later(300)))
    assert given(some, "agent:builder") == ["new", "b" * 60, "c" * 40]
    assert given(some, "agent:builder", budget=63) == ["new", "b" * 60]


def test_interrupts_are_left_out_because_they_name_a_run_and_the_time(some: Path) -> None:
    with opened(some) as reader:
        (newest, *_) = reader.find(wanted_by("agent:builder", simulated=False))
        payload = reader.payload(newest.ino)
    assert isinstance(payload, Artifact)
    stopped = payload.model_copy(update={"type": "interrupt", "text": "r was stopped"})
    add_file(some, "stopped.json", stopped.model_dump_json().encode())
    assert given(some, "type:interrupt") == []
    assert "r was stopped" not in given(some, "agent:builder")


@pytest.mark.parametrize("term", ["planner", "agent:", ":x", "colour:red"])
def test_other_terms_are_refused(some: Path, term: str) -> None:
    with pytest.raises(UserError, match="no way to name artifacts"):
        given(some, term)
