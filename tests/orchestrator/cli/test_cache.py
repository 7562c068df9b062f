"""`agentlark cache` and `runs rm`, as a user meets them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from orchestrator.core.paths import RunPaths
from tests.orchestrator.cli.conftest import Command
from tests.orchestrator.store.journal.damage import write_journal


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """The journal of a folder with a finished run and two that can be resumed."""
    write_journal(RunPaths(tmp_path).journal)
    return RunPaths(tmp_path).journal


def test_stats_say_what_is_kept_and_what_would_go(agentlark: Command, runs: Path) -> None:
    shown = agentlark("cache", "stats")
    assert shown.returncode == 0, shown.stderr
    assert "r " in shown.stdout and "resumable, stays" in shown.stdout and "dropped" not in shown.stdout
    told = json.loads(agentlark("cache", "stats", "--json", "--keep-runs", "0").stdout)
    assert told["bytes"] == runs.stat().st_size
    assert [(run["run"], run["dispensable"]) for run in told["runs"]] == [
        ("r", True),
        ("s", False),
        ("t", False),
    ]


def test_gc_drops_and_packs_and_a_dry_run_does_not(agentlark: Command, runs: Path) -> None:
    before = runs.read_bytes()
    dry = agentlark("cache", "gc", "--keep-runs", "0", "--dry-run")
    assert dry.returncode == 0 and "would drop 1 run" in dry.stderr and runs.read_bytes() == before
    done = agentlark("cache", "gc", AGENTLARK_KEEP_RUNS="0")
    assert done.returncode == 0 and "dropped 1 run" in done.stderr
    assert runs.stat().st_size < len(before)
    assert "nothing to drop" in agentlark("cache", "gc").stderr


def test_a_bound_that_is_no_number_is_refused(agentlark: Command, runs: Path) -> None:
    refused = agentlark("cache", "gc", AGENTLARK_KEEP_DAYS="soon")
    assert refused.returncode == 2 and "AGENTLARK_KEEP_DAYS" in refused.stderr


def test_without_a_journal_there_is_nothing_to_tell(agentlark: Command, tmp_path: Path) -> None:
    assert agentlark("cache", "stats").returncode == agentlark("cache", "gc").returncode == 0
    assert not RunPaths(tmp_path).journal.exists()


def test_a_run_is_taken_out_a_resumable_one_only_by_force(agentlark: Command, runs: Path) -> None:
    refused = agentlark("runs", "rm", "s")
    assert refused.returncode == 2 and "resume s" in refused.stderr
    assert agentlark("runs", "rm", "s", "--force").returncode == 0
    assert agentlark("runs", "rm", "r").returncode == 0
    assert agentlark("runs", "rm", "r").returncode == 2
    assert [run["run"] for run in json.loads(agentlark("cache", "stats", "--json").stdout)["runs"]] == ["t"]
