from __future__ import annotations

from pathlib import Path

from agentlark.diagnostics import Span
from agentlark.editing.completion import complete
from agentlark.editing.findings import findings
from agentlark.editing.lookup import definitions, explain
from agentlark.editing.projects import Texts
from tests.agentlark.editing.desk import Desk, desk

ONE = 'agents = [agent(id = "a", role = "A")]\n'


def found(here: Desk, name: str = "agents") -> dict[str, list[str]]:
    path = here.root / "configs" / f"{name}.lark"
    return {
        str(file.relative_to(here.root)): [
            f"{each.code}:{each.place.line}" for each in all_ if isinstance(each.place, Span)
        ]
        for file, all_ in findings(path, here.texts).items()
    }


def test_the_text_in_the_editor_counts_not_the_file(tmp_path: Path) -> None:
    assert found(desk(tmp_path, ONE + "|x = nothing\n")) == {"configs/agents.lark": ["AL101:2"]}
    assert found(desk(tmp_path, ONE + "|")) == {"configs/agents.lark": []}


def test_a_file_that_does_not_parse_has_findings(tmp_path: Path) -> None:
    assert found(desk(tmp_path, "|x = (\ny = ]\n"))["configs/agents.lark"] == ["AL005:1", "AL005:2"]


def test_a_mistake_in_a_loaded_file_is_found_there(tmp_path: Path) -> None:
    here = desk(tmp_path, '|load("team.lark", "x")\n' + ONE, team="x = 1\ny = nothing\n")

    assert found(here) == {"configs/agents.lark": [], "configs/team.lark": ["AL101:2"]}
    assert found(here, "team") == {"configs/team.lark": ["AL101:2"]}


def test_a_loaded_file_is_checked_as_part_of_its_squad(tmp_path: Path) -> None:
    here = desk(
        tmp_path,
        '|load("team.lark", "x")\nagents = [x]\n',
        team='x = agent(id = "a", role = "A", depends_on = ["nobody"])\n',
    )

    assert found(here, "team") == {"configs/team.lark": ["AL308:1"]}


def test_a_file_that_others_may_load_needs_no_squad(tmp_path: Path) -> None:
    assert found(desk(tmp_path, ONE + "|", library="def f():\n  pass\n"), "library") == {
        "configs/library.lark": []
    }


def test_a_file_that_makes_agents_but_no_squad_is_told_so(tmp_path: Path) -> None:
    here = desk(tmp_path, ONE + "|", other='agnets = [agent(id = "a", role = "A")]\n')

    assert found(here, "other") == {"configs/other.lark": ["AL300:1"]}


def test_a_value_that_only_the_command_line_gives_is_a_note(tmp_path: Path) -> None:
    here = desk(tmp_path, 'x = param("x")\n|' + ONE)
    (only,) = findings(here.path, here.texts)[here.path]

    assert (only.code, only.severity) == ("AL320", "note")


def test_a_program_that_runs_long_ends_with_a_finding(tmp_path: Path) -> None:
    text = "def f():\n  for a in range(10000):\n    for b in range(10000):\n      pass\nf()\n"

    assert found(desk(tmp_path, text + "|" + ONE))["configs/agents.lark"] == ["AL207:3"]


def test_a_plain_starlark_file_only_has_to_parse(tmp_path: Path) -> None:
    here = desk(tmp_path, ONE + "|")
    path = tmp_path / "host.star"
    path.write_text("x = given_by_the_host\n")
    assert findings(path, here.texts) == {path: []}

    path.write_text("x = (\n")
    assert [each.code for each in findings(path, here.texts)[path]] == ["AL005"]


def test_every_prefix_of_an_example_has_findings_or_none_but_never_fails(tmp_path: Path) -> None:
    text = (Path(__file__).parents[3] / "examples" / "agents.simple.lark").read_text(encoding="utf-8")
    path = desk(tmp_path, "|").path
    for end in range(0, text.rindex("]"), 3):
        prefix = text[:end]
        (found,) = findings(path, Texts({path: prefix})).values()
        assert found, "half a squad is none"
        for offset in (end, max(0, end - 3)):
            complete(path, offset, Texts({path: prefix}))
            explain(path, offset, Texts({path: prefix}))
            definitions(path, offset, Texts({path: prefix}))
