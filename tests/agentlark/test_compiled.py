"""The compiled form: deterministic bytes, unset apart from False, written only when it changes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from agentlark.compiled import emit, json_schema, load_compiled, parse_compiled, write_if_changed
from agentlark.compiler import compile_file
from agentlark.errors import ConfigError
from agentlark.resources import shipped
from agentlark.schemas import schema_complaints, schema_problem

EXAMPLES = (
    "configs/agents.lark",
    "configs/agents.smoke.lark",
    "examples/agents.lark",
    "examples/agents.simple.lark",
)


def write(folder: Path, text: str) -> Path:
    path = folder / "configs" / "agents.lark"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_compiled_example_reads_back_as_the_same_squad(name: str) -> None:
    squad = compile_file(shipped(name)).squad
    text = emit(squad)
    assert emit(parse_compiled(text, name)) == text
    assert parse_compiled(text, name) == squad


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_examples_say_nothing_but_notes(name: str) -> None:
    assert {each.severity for each in compile_file(shipped(name)).diagnostics} <= {"note"}


def test_the_same_file_gives_the_same_bytes_under_any_hash_seed() -> None:
    program = (
        "import sys, agentlark; from agentlark.resources import shipped\n"
        "squad = agentlark.compile_file(shipped('examples/agents.lark')).squad\n"
        "sys.stdout.write(agentlark.emit(squad))"
    )
    texts = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "4242")
    }
    assert len(texts) == 1


def test_an_unset_switch_is_absent_and_a_false_one_is_false(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        """
groups = [
    group(
        id = "a",
        orchestration = define_orchestration(parallel = False),
        agents = [agent(id = "a", role = "Builder", model = None)],
    ),
    group(id = "b", agents = [agent(id = "b", role = "B")]),
]
""",
    )
    data = json.loads(emit(compile_file(path).squad))
    assert data["groups"][0]["orchestration"] == {"parallel": False}
    assert "orchestration" not in data["groups"][1]
    assert "model" not in data["groups"][0]["agents"][0]
    again = parse_compiled(json.dumps(data), "x").groups[0].orchestration
    assert again.parallel is False
    assert again.autonomous is None


def test_a_schema_keeps_its_authors_order_and_a_graph_is_sorted(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        """
groups = [group(
    id = "g",
    orchestration = define_orchestration(relay = define_relay(graph = {"z": ["a"], "a": []})),
    agents = [
        agent(id = "z", role = "Z", follow_up_schema = {"properties": {"zeta": {}, "alpha": {}}}),
        agent(id = "a", role = "Builder"),
    ],
)]
""",
    )
    text = emit(compile_file(path).squad)
    data = json.loads(text)
    assert list(data["groups"][0]["orchestration"]["relay"]["graph"]) == ["a", "z"]
    assert text.index('"zeta"') < text.index('"alpha"')


def test_a_file_is_written_only_when_its_bytes_change(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "agents.out.json"
    assert write_if_changed(target, "one\n")
    before = target.stat().st_mtime_ns, target.stat().st_ino
    assert not write_if_changed(target, "one\n")
    assert (target.stat().st_mtime_ns, target.stat().st_ino) == before
    assert write_if_changed(target, "two\n")
    assert [path.name for path in target.parent.iterdir()] == ["agents.out.json"]


def test_sources_carry_paths_under_the_root_and_digests(tmp_path: Path) -> None:
    (tmp_path / "configs" / "prompts").mkdir(parents=True)
    (tmp_path / "configs" / "prompts" / "x.md").write_text("Do {{ task }}.", encoding="utf-8")
    (tmp_path / "configs" / "team.lark").write_text('def who(id):\n    return agent(id = id, role = "R")\n')
    path = write(
        tmp_path,
        """
load("team.lark", "who")
agents = [who("a"), agent(id = "b", role = "B", plan_prompt = prompt_file("prompts/x.md"))]
""",
    )
    squad = compile_file(path).squad
    assert [source.path for source in squad.sources] == [
        "configs/agents.lark",
        "configs/prompts/x.md",
        "configs/team.lark",
    ]
    assert all(len(source.sha256) == 64 for source in squad.sources)
    assert squad.agents()[1].plan_prompt == "Do {{ task }}."


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ('{"schema_version": 1, "groups": [], "groups": []}', "twice"),
        ('{"schema_version": 2, "groups": []}', "schema_version is 2"),
        ("[]", "schema_version is None"),
        ('{"schema_version": 1, "groups": 5}', "/groups"),
        ('{"schema_version": 1, "groups": [{"id": "G", "agents": []}]}', "/groups/0/id"),
    ],
)
def test_a_compiled_file_that_cannot_be_used_is_refused_with_its_place(text: str, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_compiled(text, "agents.out.json")
    assert says in str(caught.value)
    assert "agents.out.json" in str(caught.value)


def test_a_compiled_file_is_checked_like_a_source(tmp_path: Path) -> None:
    agent = {"id": "a", "role": "A", "plan_prompt": "{{ x }}", "follow_up_prompt": "", "depends_on": ["b"]}
    path = tmp_path / "agents.out.json"
    path.write_text(json.dumps({"schema_version": 1, "groups": [{"id": "g", "agents": [agent]}]}))
    with pytest.raises(ConfigError) as caught:
        load_compiled(path)
    assert [each.code for each in caught.value.diagnostics] == ["AL308", "AL315"]
    assert "/groups/0/agents/0/depends_on/0" in str(caught.value)


def test_the_json_schema_accepts_what_is_emitted() -> None:
    schema = json_schema()
    assert schema_problem(schema) is None
    squad = compile_file(shipped("examples/agents.lark")).squad
    assert schema_complaints(schema, json.loads(emit(squad))) == []
    assert schema_complaints(schema, {"groups": [{"id": "G", "agents": []}]})
