"""A journal that another program holds is an error before anything is asked of anybody."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from orchestrator.core.paths import RunPaths
from orchestrator.store.journal import open_journal_readonly
from tests.orchestrator.cli.conftest import Command


@pytest.mark.parametrize("lock", ["BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"])
def test_a_run_beside_another_writer_ends_before_its_first_call(
    agentlark: Command, config: Path, tmp_path: Path, lock: str
) -> None:
    assert agentlark("run", "--backend", "rehearsal", "-q").returncode == 0
    path = RunPaths(tmp_path).journal
    other = sqlite3.connect(path, isolation_level=None)
    if lock == "BEGIN EXCLUSIVE":
        other.execute("PRAGMA locking_mode=EXCLUSIVE")
    other.execute(lock)
    refused = agentlark("run", "--backend", "rehearsal", "--fresh", "--json")
    assert refused.returncode == 2 and refused.stdout == ""
    assert "is locked by another program" in refused.stderr and "close what holds it" in refused.stderr
    other.close()
    with open_journal_readonly(path) as journal:
        assert len(journal.slugs()) == 1
