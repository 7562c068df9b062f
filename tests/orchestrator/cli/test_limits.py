"""Caps from the command line: what is refused, how a run ends that reaches one, how it goes on; metrics."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from orchestrator.cli.limits import limits_of
from orchestrator.core.errors import UserError
from tests.orchestrator.cli.conftest import Command

REHEARSED = ("run", "--backend", "rehearsal", "--prompt", "Ship it")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ((-1.0, None, None, None), "--max-cost -1.0: it must be greater than or equal to 0"),
        ((math.nan, None, None, None), "--max-cost nan: it must be a finite number"),
        ((math.inf, None, None, None), "--max-cost inf: it must be"),
        ((1e30, None, None, None), "--max-cost 1e+30: it must be less than or equal to 1000000"),
        ((None, -3, None, None), "--max-tokens -3: it must be greater than or equal to 0"),
        ((None, None, 99999999, None), "--max-turns 99999999: it must be less than or equal to 1000000"),
        ((None, None, None, "0s"), "--deadline 0s: it must be greater than 0"),
        ((None, None, None, "-5m"), "--deadline -5m: this is no duration"),
        ((None, None, None, "90"), "--deadline 90: this is no duration"),
        ((None, None, None, "1h 30m"), "--deadline 1h 30m: this is no duration"),
        ((None, None, None, "9999999d"), "--deadline 9999999d: it must be less than or equal to 31536000"),
        ((None, None, None, "nan"), "--deadline nan: this is no duration"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_a_remedy(
    given: tuple[float | None, int | None, int | None, str | None], said: str
) -> None:
    with pytest.raises(UserError) as refused:
        limits_of(*given)
    assert said in refused.value.message
    assert said.split(maxsplit=1)[0] in refused.value.remedy


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("30m", 1800), ("1h30m", 5400), ("0.5h", 1800), ("2d", 172_800)]
)
def test_a_deadline_is_a_duration_with_units(text: str, seconds: float) -> None:
    assert limits_of(None, None, None, text).deadline_s == seconds


def test_a_cap_that_cannot_be_meant_begins_nothing(agentlark: Command, tmp_path: Path) -> None:
    done = agentlark(*REHEARSED, "--max-cost=-1")
    assert done.returncode == 2
    assert "--max-cost" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / ".agentfs").exists()


def test_a_run_that_reaches_a_cap_says_which_and_goes_on_with_the_command_it_shows(
    agentlark: Command, config: Path
) -> None:
    capped = agentlark(*REHEARSED, "--max-turns", "3")
    assert capped.returncode == 4, capped.stderr
    assert "cap        the cap of 3 turns is reached: 3 spent, the next turn may take 1" in capped.stderr
    shown = next(line for line in capped.stderr.splitlines() if line.startswith("next "))
    assert "resume" in shown
    assert "--max-turns 6" in shown
    still = agentlark("resume")
    assert still.returncode == 4, "the recorded cap holds until a flag replaces it"
    higher = agentlark("resume", "--max-turns", "60")
    assert higher.returncode == 0, higher.stderr
    found = json.loads(agentlark("metrics", "--json").stdout)
    assert found["total"]["turns"] == sum(agent["turns"] for agent in found["agents"])
    assert (
        agentlark("metrics", found["run"]).stdout.count("\n")
        == len(found["agents"]) + len(found["waves"]) + 3
    )


def test_a_cap_of_an_agent_is_raised_in_its_file_and_nothing_is_paid_for_again(
    agentlark: Command, config: Path
) -> None:
    config.write_text(
        'agents = [agent(id = "planner", role = "Planner"),\n'
        '          agent(id = "writer", role = "Writer", depends_on = ["planner"],\n'
        "                limits = define_limits(max_turns = 1))]\n"
    )
    capped = agentlark(*REHEARSED)
    assert capped.returncode == 4, capped.stderr
    assert "the cap of 1 turn of the agent writer is reached" in capped.stderr
    assert "raise max_turns in the limits of the agent writer" in capped.stderr
    config.write_text(config.read_text().replace("max_turns = 1", "max_turns = 2"))
    again = agentlark(*REHEARSED)
    assert again.returncode == 0, again.stderr
    assert "cached     3 turns" in again.stderr


def test_a_deadline_ends_a_run(agentlark: Command, config: Path) -> None:
    done = agentlark(*REHEARSED, "--rehearsal-delay", "0.4", "--deadline", "0.1s")
    assert done.returncode == 4, done.stderr
    assert "the deadline is over: 0.1 s" in done.stderr
    assert "--deadline" in done.stderr.partition("next ")[2]


def test_a_cap_on_cost_does_not_apply_to_a_rehearsal_which_is_said(agentlark: Command, config: Path) -> None:
    done = agentlark(*REHEARSED, "--max-cost", "0")
    assert done.returncode == 0
    assert "--max-cost 0 does not apply: nothing is billed" in done.stderr


def test_a_cap_on_cost_with_an_unknown_price_is_refused_before_anything_is_spent(
    agentlark: Command, config: Path, tmp_path: Path
) -> None:
    asked = ("run", "--prompt", "x", "--model", "nonsense-9", "--max-cost", "1")
    done = agentlark(*asked, ANTHROPIC_API_KEY="sk-test", ANTHROPIC_BASE_URL="http://127.0.0.1:1")
    assert done.returncode == 2
    assert "--max-cost 1 " in done.stderr
    assert "--max-tokens" in done.stderr
    assert not (tmp_path / ".agentfs" / "agent-db.db").exists() or "no run" in agentlark("metrics").stderr


def test_metrics_are_a_table_at_the_end_and_the_same_afterwards(agentlark: Command, config: Path) -> None:
    done = agentlark(*REHEARSED, "--metrics")
    table = done.stderr.partition("── metrics")[2].partition("\n\n")[0]
    assert agentlark("metrics").stdout.partition("── metrics")[2].strip() == table.strip()
    lines = table.splitlines()
    assert lines[0] == ", tokens are estimated ──"
    assert lines[1].split()[:3] == ["turns", "input", "output"]
    assert [line.split()[0] for line in lines[2:]].count("wave") == 2
    assert lines[-1].startswith("all")
    assert "$" not in table, "nothing is billed"


def test_metrics_of_a_rehearsal_have_no_cost(agentlark: Command, config: Path) -> None:
    agentlark(*REHEARSED)
    found = json.loads(agentlark("metrics", "--json").stdout)
    assert found["simulated"]
    assert found["total"]["cost"] is None
    assert found["total"]["estimated"]
    assert [wave["wave"] for wave in found["waves"]] == [0, 1]
    agentlark(*REHEARSED)
    again = json.loads(agentlark("metrics", "--json").stdout)
    assert again["total"]["turns"] == 0
    assert again["total"]["reused"] == found["total"]["turns"]
    assert again["total"]["saved"]["output"] == found["total"]["output"]


def test_metrics_of_a_run_that_is_not_there(agentlark: Command) -> None:
    done = agentlark("metrics")
    assert done.returncode == 2
    assert "there is no run" in done.stderr
