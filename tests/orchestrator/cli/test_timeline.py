"""`agentlark timeline` as people and programs use it."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.orchestrator.cli.conftest import Command


def test_a_run_is_drawn_as_text_json_page_and_picture(
    agentlark: Command, config: Path, tmp_path: Path
) -> None:
    assert agentlark("run", "-q", "--rehearsal-delay", "0.05").returncode == 0
    drawn = agentlark("timeline", COLUMNS="70").stdout
    assert "planner" in drawn and "█" in drawn and "critical path" in drawn and "\x1b" not in drawn
    assert max(map(len, drawn.splitlines()[:3])) <= 70
    value = json.loads(agentlark("timeline", "--json").stdout)
    assert [bar["node"] for bar in value["bars"]][:2] == ["planner", "builder"]
    assert value["critical"][:2] == ["planner", "builder"]
    written = agentlark("timeline", value["run"], "--html", "t.html", "--svg", "t.svg")
    assert (written.returncode, written.stdout) == (0, "")
    assert ElementTree.parse(tmp_path / "t.svg").getroot().tag.endswith("svg")
    assert (tmp_path / "t.html").read_text().startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [((), "there is no run"), (("--html", "no/such/t.html"), "no folder"), (("--svg", "."), "is a folder")],
)
def test_what_cannot_be_drawn_or_written_is_said(
    arguments: tuple[str, ...], said: str, agentlark: Command
) -> None:
    ended = agentlark("timeline", *arguments)
    assert ended.returncode == 2
    assert said in ended.stderr and "Traceback" not in ended.stderr
