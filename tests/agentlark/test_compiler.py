"""What the compiler makes of a file: defaults, flat lists, parameters, loads, and what it refuses to read."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from agentlark.compiler import compile_file
from agentlark.diagnostics import Span, render
from agentlark.errors import ConfigError
from agentlark.model import Squad
from agentlark.prompts import default_prompt


def write(folder: Path, text: str, name: str = "configs/agents.lark") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def compiled(folder: Path, text: str, **variables: str) -> Squad:
    return compile_file(write(folder, text), variables=variables).squad


def refused(folder: Path, text: str, **variables: str) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        compile_file(write(folder, text), variables=variables)
    return caught.value


def test_only_id_and_role_are_needed(tmp_path: Path) -> None:
    (agent,) = compiled(tmp_path, 'agents = [agent(id = "scout", role = "Scout")]').agents()
    assert agent.plan_prompt == default_prompt("Scout", "plan")
    assert agent.follow_up_prompt == default_prompt("Scout", "follow-up")
    assert agent.follow_up_enabled
    assert agent.depends_on == ()


def test_a_flat_list_is_one_group(tmp_path: Path) -> None:
    squad = compiled(tmp_path, 'agents = [agent(id = "a", role = "A")]')
    assert [group.id for group in squad.groups] == ["core"]


def test_the_researchers_answer_has_fixed_headings() -> None:
    text = default_prompt("Researcher", "follow-up")
    for heading in ("## Summary", "## Findings", "## Risks", "## Recommendations"):
        assert heading in text


def test_the_last_builder_gives_the_blueprint_unless_somebody_was_named(tmp_path: Path) -> None:
    def givers(text: str) -> list[str]:
        return [agent.id for agent in compiled(tmp_path, text).agents() if agent.blueprint]

    assert givers('agents = [agent(id = "a", role = "Builder"), agent(id = "b", role = "builder")]') == ["b"]
    assert givers(
        'agents = [agent(id = "a", role = "Planner", blueprint = True), agent(id = "b", role = "Builder")]'
    ) == ["a"]
    assert givers(
        'agents = [agent(id = "a", role = "Builder"), agent(id = "b", role = "Builder", blueprint = False)]'
    ) == ["a"]
    assert givers('agents = [agent(id = "a", role = "Builder", follow_up_enabled = False)]') == []
    assert givers('agents = [agent(id = "a", role = "Builder", follow_up_schema = {"type": "object"})]') == []


def test_functions_loops_and_comprehensions_make_agents(tmp_path: Path) -> None:
    squad = compiled(
        tmp_path,
        """
def team(names, after = []):
    made = []
    for index, name in enumerate(names):
        made.append(agent(
            id = "%s-%d" % (name.lower(), index),
            role = name,
            depends_on = after,
        ))
    return made

first = team(["Scout", "Guide"])
ids = [who for who in ["scout-0", "guide-1"] if who.startswith("scout")]
agents = first + team(["Cook"], after = ids)
""",
    )
    assert [agent.id for agent in squad.agents()] == ["scout-0", "guide-1", "cook-0"]
    assert squad.agents()[2].depends_on == ("scout-0",)


def test_parameters_take_values_of_their_defaults_type(tmp_path: Path) -> None:
    text = """
agents = [agent(
    id = "a",
    role = param("role"),
    retries = param("retries", 1),
    follow_up_enabled = param("follow_up", True),
    timeout_s = param("timeout", 2.5),
)]
"""
    (agent,) = compiled(tmp_path, text, role="Cook", retries="3", follow_up="false", timeout="9").agents()
    assert (agent.role, agent.retries, agent.follow_up_enabled, agent.timeout_s) == ("Cook", 3, False, 9.0)
    assert "expected an int" in str(refused(tmp_path, text, role="Cook", retries="many"))
    assert "'retires'" in str(refused(tmp_path, text, role="Cook", retires="3"))
    assert "did you mean 'retries'?" in str(refused(tmp_path, text, role="Cook", retires="3"))
    assert "--var role=" in str(refused(tmp_path, text))


def test_load_is_relative_to_the_loading_file_and_loads_once(tmp_path: Path) -> None:
    write(tmp_path, 'load("../shared/base.lark", "ROLE")\nNAME = "x" + ROLE', "configs/sub/team.lark")
    write(tmp_path, 'ROLE = "Cook"', "configs/shared/base.lark")
    squad = compiled(
        tmp_path,
        """
load("sub/team.lark", "NAME")
load("shared/base.lark", role = "ROLE")
agents = [agent(id = "a", role = role + NAME)]
""",
    )
    assert squad.agents()[0].role == "CookxCook"


def test_files_that_load_each_other_are_named(tmp_path: Path) -> None:
    write(tmp_path, 'load("b.lark", "y")\nx = 1', "configs/a.lark")
    write(tmp_path, 'load("a.lark", "x")\ny = 1', "configs/b.lark")
    error = refused(tmp_path, 'load("a.lark", "x")\nagents = []')
    assert "a.lark → " in str(error)
    assert "b.lark → " in str(error)


def test_nothing_outside_the_project_is_read(tmp_path: Path) -> None:
    write(tmp_path, "secret", "secret.md")
    project = tmp_path / "project"
    (project / ".git").mkdir(parents=True)
    (project / "link.md").symlink_to(tmp_path / "secret.md")
    os.mkfifo(project / "pipe.md")
    (project / "folder.md").mkdir()
    for name, says in {
        "../secret.md": "leads out of the project",
        "link.md": "leads out of the project",
        str(tmp_path / "secret.md"): "absolute",
        "pipe.md": "not a regular file",
        "folder.md": "a folder",
        "a\\b.md": "no path",
        "": "no path",
    }.items():
        text = f"x = prompt_file({json.dumps(name)})\nagents = []"
        path = write(project, text, "agents.lark")
        with pytest.raises(ConfigError) as caught:
            compile_file(path)
        assert says in str(caught.value), name
        assert caught.value.diagnostics[0].code == "AL319"


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"\xff\xfe", "UTF-8"),
        (b"x = '\x00'", ""),
        (b"", "defines no squad"),
        (b"# nothing\n", "defines no squad"),
    ],
)
def test_a_file_that_is_no_configuration_gets_a_diagnostic(data: bytes, says: str, tmp_path: Path) -> None:
    path = tmp_path / "agents.lark"
    path.write_bytes(data)
    with pytest.raises(ConfigError) as caught:
        compile_file(path)
    assert says in str(caught.value)
    assert "agents.lark" in str(caught.value)


@pytest.mark.parametrize("name", ["missing.lark", "."])
def test_a_file_that_is_not_there_is_said_so(name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        compile_file(tmp_path / name)
    assert "cannot be read" in str(caught.value)


def test_all_errors_of_a_file_and_of_its_evaluation_come_in_one_run(tmp_path: Path) -> None:
    error = refused(
        tmp_path,
        """
agents = [
    agent(id = "A", role = "A", mdel = "x"),
    agent(id = "b", role = 7),
]
boom = 1 // 0
""",
    )
    assert {each.code for each in error.diagnostics} >= {"AL302", "AL303", "AL203"}


def test_a_diagnostic_shows_its_place_the_line_and_carets(tmp_path: Path) -> None:
    text = """agents = [
    agent(id = "xyz", role = "A", depends_on = ["abd"]),
    agent(id = "abc", role = "A"),
]
"""
    path = write(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        compile_file(path, shown="agents.lark")
    (found,) = caught.value.diagnostics
    assert isinstance(found.place, Span)
    assert found.to_json() | {"message": "", "help": ""} == {
        "code": "AL308",
        "severity": "error",
        "file": "agents.lark",
        "line": 2,
        "column": 49,
        "end_line": 2,
        "end_column": 54,
        "message": "",
        "help": "",
        "related": [],
        "fix": {
            "message": "write 'abc' instead of 'abd'",
            "edits": [
                {
                    "file": "agents.lark",
                    "line": 2,
                    "column": 49,
                    "end_line": 2,
                    "end_column": 54,
                    "text": '"abc"',
                }
            ],
        },
    }
    assert render([found]).splitlines()[1:3] == [
        '  2 |     agent(id = "xyz", role = "A", depends_on = ["abd"]),',
        "    |                                                 ^^^^^",
    ]


def test_the_place_of_a_computed_value_is_the_argument_that_holds_it(tmp_path: Path) -> None:
    error = refused(
        tmp_path,
        """
wanted = ["a", "nobody"]
agents = [
    agent(id = "a", role = "A"),
    agent(id = "b", role = "B", depends_on = wanted),
]
""",
    )
    place = error.diagnostics[0].place
    assert isinstance(place, Span)
    assert place.line in (2, 5)


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ('groups = [group(id = "g", agnts = [agent(id = "a", role = "A")])]', ["AL302"]),
        (
            'groups = [group(id = "g", agents = 5), group(id = "h", agents = ['
            'agent(id = "b", role = "B", depends_on = ["a"])])]',
            ["AL303"],
        ),
        (
            'agents = [agent(ide = "a", role = "A"), agent(id = "b", role = "B", depends_on = ["a"])]',
            ["AL302"],
        ),
        ('agents = [agent(id = 5, role = "A"), agent(id = "b", role = "B", depends_on = ["a"])]', ["AL303"]),
    ],
)
def test_what_follows_from_a_mistake_is_not_told_again(text: str, codes: list[str], tmp_path: Path) -> None:
    assert [each.code for each in refused(tmp_path, text).diagnostics] == codes


def test_a_file_that_is_no_text_or_not_there_is_named_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "x.lark"
    with pytest.raises(ConfigError) as missing:
        compile_file(file, shown="x.lark")
    file.write_bytes("x = 1\nrole = 'Prüfer'\n".encode("latin-1"))
    with pytest.raises(ConfigError) as latin:
        compile_file(file, shown="x.lark")
    assert [str(each.place) for each in missing.value.diagnostics] == ["x.lark"]
    assert [str(each.place) for each in latin.value.diagnostics] == ["x.lark:2:11"]


@pytest.mark.parametrize(
    "text",
    [
        'b = agent(id = "b", role = "B")\nagents = [b, agent(id = "a", role = "A", depends_on = [b])]',
        'agents = [agent(id = "b", role = "B"), agent(id = "a", role = "A", depends_on = "b")]',
        'agents = [agent(id = "a", role = "A", plan_prompt = prompt_file("agent.lark"))]',
    ],
)
def test_the_fixes_of_a_file_put_it_right(text: str, tmp_path: Path) -> None:
    fixed = text
    for found in reversed(refused(tmp_path, text).diagnostics):
        assert found.fix
        for edit in reversed(found.fix.edits):
            fixed = fixed[: edit.span.start] + edit.text + fixed[edit.span.end :]
    assert compiled(tmp_path, fixed).agents()


def test_a_fix_is_offered_only_where_the_value_itself_is_written(tmp_path: Path) -> None:
    text = """
planner = agent(id = "planner", role = "Planner")

def mk(deps):
    return agent(id = "b", role = "B", depends_on = deps)

agents = [planner, mk([each for each in [planner]])]
"""
    (found,) = refused(tmp_path, text).diagnostics
    assert found.help == 'write its id: "planner"'
    assert found.fix is None
