"""What holds for a run, and where each value comes from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.orchestrator.cli.conftest import Command

GROUPS = """
groups = [
    group(
        id = "core",
        orchestration = define_orchestration(
            max_waves = 9,
            relay = define_relay(enabled = True, graph = {"planner": ["builder"], "builder": ["planner"]}),
        ),
        agents = [
            agent(id = "planner", role = "Planner", model = "own-model"),
            agent(id = "builder", role = "Builder", depends_on = ["planner"]),
        ],
    ),
    group(id = "checks", agents = [agent(id = "qa", role = "QA", blueprint = False)]),
]
"""


@pytest.fixture
def squad(config: Path) -> None:
    config.write_text(GROUPS)


def shown(agentlark: Command, *arguments: str) -> dict[str, tuple[object, str]]:
    done = agentlark("config", "show", "--json", *arguments)
    assert done.returncode == 0, done.stderr
    return {entry["name"]: (entry["value"], entry["origin"]) for entry in json.loads(done.stdout)}


@pytest.mark.usefixtures("squad")
def test_each_value_says_where_it_comes_from(agentlark: Command) -> None:
    values = shown(agentlark)
    assert values["jobs"] == (16, "built in")
    assert values["core.relay"] == (True, "the configuration")
    assert values["core.autonomous"] == (True, "relay implies it (the configuration)")
    assert values["core.max_waves"] == (5, "a relay has at most 5 (the configuration)")
    assert values["core.parallel"] == (False, "built in")
    assert values["planner.backend"] == ("rehearsal", "no backend was asked for and no key is set")
    assert values["builder.model"] == ("rehearsal-1", "the default of rehearsal")
    assert not [name for name in values if name.startswith("checks.")], "a group without waves"


@pytest.mark.usefixtures("squad")
def test_flags_beat_the_file_but_for_what_a_group_says_of_its_waves(agentlark: Command) -> None:
    values = shown(
        agentlark, "--max-waves", "2", "--parallel", "--approve", "wave", "--model", "m", "--jobs", "3"
    )
    assert values["core.max_waves"] == (5, "a relay has at most 5 (the configuration), beats --max-waves")
    assert values["core.parallel"] == (True, "--parallel")
    assert values["core.approve"] == ("wave", "--approve")
    assert values["planner.model"] == ("m", "--model")
    assert values["jobs"] == (3, "--jobs")


@pytest.mark.usefixtures("squad")
def test_lines_have_the_origin_only_on_request(agentlark: Command) -> None:
    plain = agentlark("config", "show").stdout
    assert "core.relay" in plain
    assert "(" not in plain
    assert "(the configuration)" in agentlark("config", "show", "--origin").stdout


@pytest.mark.usefixtures("squad")
def test_a_run_says_which_of_file_and_flag_holds(agentlark: Command) -> None:
    done = agentlark("run", "--max-waves", "2", "--prompt", "x")
    assert done.returncode == 0, done.stderr
    assert (
        "note: core: max_waves is 5: a relay has at most 5 (the configuration) beats --max-waves"
        in done.stderr
    )


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--max-waves", "0"], "--max-waves 0: it must be 1 or more"),
        (["--max-agents", "-1"], "--max-agents -1: it must be 0 or more"),
        (["--max-depth", "0"], "--max-depth 0: it must be 1 or more"),
        (["--review-limit", "3"], "--review-limit 3: it must be "),
        (["--mini", "--model", "m"], "--mini and --model m contradict each other"),
        (["--concise", "--concise-full"], "--concise and --concise-full contradict each other"),
        (["--approve", "everything"], "'everything' is not one of 'blueprint', 'wave'"),
        (["planner"], "to run them again: --fresh planner"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_the_remedy(
    agentlark: Command, config: Path, tmp_path: Path, arguments: list[str], says: str
) -> None:
    done = agentlark("run", *arguments)
    assert done.returncode == 2, done.stderr
    assert says in " ".join(done.stderr.split())
    assert not (tmp_path / ".agentfs").exists()
