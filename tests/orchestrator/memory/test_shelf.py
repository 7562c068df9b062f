"""Memory is brought up to date before it is looked at, and looked at even where that cannot be."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from orchestrator.core.errors import UserError
from orchestrator.core.paths import RunPaths
from orchestrator.memory.inspect import look
from orchestrator.memory.shelf import open_shelf, rebuild
from orchestrator.store.artifacts import Wanted
from tests.orchestrator.memory.conftest import shown

Write = Callable[..., None]


def test_what_a_killed_run_left_behind_is_there(paths: RunPaths, write: Write) -> None:
    assert shown(paths) == []
    write(paths.journal, "r1", [("planner", "one")])
    assert [one.text for one in shown(paths)] == ["one"]
    write(paths.journal, "r2", [("planner", "two"), ("planner", "three")])
    assert [one.text for one in shown(paths)] == ["three", "two", "one"]


def test_a_journal_that_cannot_be_read_is_said_and_the_rest_is_shown(paths: RunPaths, write: Write) -> None:
    write(paths.journal, "r1", [("planner", "one")])
    shown(paths)
    paths.journal.write_bytes(b"something else")
    with open_shelf(paths) as shelf:
        assert shelf.reader is not None and not shelf.is_behind_condensing
        (note,) = shelf.notes
        assert "is not a database" in note
        assert [one.text for one in look(shelf.reader, Wanted())] == ["one"]


def test_a_rebuild_keeps_what_no_journal_has(paths: RunPaths, write: Write) -> None:
    write(paths.journal, "gone", [("planner", "only here")])
    shown(paths)
    paths.journal.unlink()
    with pytest.raises(UserError, match="no journal"):
        rebuild(paths)
    write(paths.journal, "r1", [("planner", "one")])
    assert rebuild(paths).written == 1
    assert rebuild(paths).written == 1
    assert sorted(one.text for one in shown(paths)) == ["one", "only here"]
