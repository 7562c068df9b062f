"""`agentlark resume` as people meet it: finished runs, changed configurations, what is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.orchestrator.cli.conftest import Command


@pytest.fixture
def failed(agentlark: Command, config: Path) -> Path:
    """The configuration of a run whose builder failed."""
    config.write_text(config.read_text().replace('"Builder"', '"Builder", retries = 0'))
    assert agentlark("run", "-q", "--fresh", "--rehearsal-fail-once", "builder").returncode == 1
    return config


def test_a_finished_run_says_so(agentlark: Command, config: Path) -> None:
    assert agentlark("run", "-q").returncode == 0
    again = agentlark("resume")
    assert (again.returncode, again.stdout) == (0, "")
    assert "is finished; there is nothing to resume" in again.stderr


def test_an_unchanged_configuration_goes_on(agentlark: Command, failed: Path) -> None:
    failed.write_text("# a comment\n" + failed.read_text())
    resumed = agentlark("resume")
    assert resumed.returncode == 0, resumed.stderr
    assert "done" in resumed.stderr


def test_a_changed_one_is_refused_with_what_changed_and_both_ways_on(
    agentlark: Command, failed: Path
) -> None:
    failed.write_text(failed.read_text().replace('"Planner"', '"Architect"'))
    refused = agentlark("resume")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert '~ agent planner\n    role: "Planner" → "Architect"\n' in refused.stderr
    assert "--recorded" in refused.stderr
    assert "agentlark run" in refused.stderr
    assert agentlark("resume", "--recorded").returncode == 0


def test_one_that_is_gone_goes_on_with_a_notice(agentlark: Command, failed: Path) -> None:
    failed.unlink()
    resumed = agentlark("resume")
    assert resumed.returncode == 0
    assert "its configuration cannot be used now" in resumed.stderr


def test_fresh_holds_for_the_rest_of_the_run(agentlark: Command, config: Path) -> None:
    assert agentlark("run", "-q").returncode == 0
    config.write_text(config.read_text().replace('"Planner"', '"Planner", retries = 0'))
    assert agentlark("run", "-q", "--fresh", "--rehearsal-fail-once", "planner").returncode == 1
    resumed = agentlark("resume")
    assert resumed.returncode == 0
    assert "cached" not in resumed.stderr
