"""Errors say what is wrong and what to do; places of a run's files; the real clock."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from orchestrator.core.clock import SystemClock
from orchestrator.core.errors import (
    FolderBusy,
    OrchestratorError,
    ServerError,
    StoreError,
    StoreRefused,
    UserError,
)
from orchestrator.core.paths import RunPaths


def test_an_error_shows_its_remedy_below_its_message() -> None:
    error = UserError("it is wrong", "do it right")
    assert str(error) == "it is wrong\n  help: do it right"
    assert (error.message, error.remedy) == ("it is wrong", "do it right")


def test_an_error_without_a_remedy_is_its_message() -> None:
    assert str(StoreError("the disk is full")) == "the disk is full"


@pytest.mark.parametrize("kind", [UserError, FolderBusy, StoreError, StoreRefused, ServerError])
def test_everything_raised_on_purpose_has_one_root(kind: type[OrchestratorError]) -> None:
    assert issubclass(kind, OrchestratorError)


def test_a_refusal_to_write_is_an_error_of_the_store() -> None:
    assert issubclass(StoreRefused, StoreError)


def test_the_files_of_a_run_are_in_its_folder() -> None:
    paths = RunPaths(Path("f"))
    assert paths.journal == Path("f/.agentfs/agent-db.db")
    assert paths.artifacts == Path("f/memory/artifacts.agentfs.db")
    assert paths.log("builder") == Path("f/logs/builder.log")
    assert paths.lock.parent == paths.journal.parent


def test_the_real_clock_knows_its_time_zone_and_never_goes_back() -> None:
    clock = SystemClock()
    assert clock.now().utcoffset() == timedelta(0)
    before = clock.monotonic_s()
    asyncio.run(clock.sleep(0))
    assert clock.monotonic_s() >= before
