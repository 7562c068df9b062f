"""Layouts are KDL that other readers understand the same, whatever names and paths hold."""

from __future__ import annotations

import os
import re
import unicodedata
from pathlib import Path
from random import Random

import ckdl
import pytest

from agentlark.resources import shipped
from orchestrator.panes.errors import InvalidInput
from orchestrator.panes.kdl import kdl, literal, render_layout
from orchestrator.panes.plans import Layout, PanePlan, TabPlan, arrange

FUZZED = 20_000 if os.environ.get("AGENTLARK_SOAK") else 2_000
PER_LAYOUT = 200
PER_PANE = 4
"""A pane's name, two arguments, and its program and folder."""
NASTY = '"\\/$~{}();#\r\n\t\b\f\0\x1b\x7f\x85\u00a0\u200b\u200d\u202e\u2028\u2066\ufeff\U000e0001é漢🙂\ufffe'


def fuzzed(random: Random, alphabet: str = "") -> str:
    """A string of up to 60 characters, half of them trouble."""
    characters = []
    for _ in range(random.randrange(1, 60)):
        if random.random() < 0.5:
            characters.append(random.choice(alphabet or NASTY))
        else:
            point = random.choice((random.randrange(0x20, 0x7F), random.randrange(0x11_0000)))
            characters.append(chr(point) if not 0xD800 <= point < 0xE000 else "x")
    return "".join(characters)


def odd_pane(random: Random) -> PanePlan:
    """A pane whose name, program, arguments and folder are as odd as they may be."""
    name = "".join(c for c in fuzzed(random) if unicodedata.category(c) not in {"Cc", "Zl", "Zp"})
    program, *arguments = (fuzzed(random).replace("\0", "") for _ in range(PER_PANE - 1))
    return PanePlan(name=f"{name}x", argv=(f"x{program}", *arguments), cwd=Path(f"/{program}"))


def parsed(text: str) -> list[ckdl.Node]:
    return list(ckdl.parse(text, version=1).nodes)


def named(nodes: list[ckdl.Node], name: str) -> list[ckdl.Node]:
    return [node for node in nodes if node.name == name]


def test_every_fuzzed_string_is_read_back_as_it_was() -> None:
    random = Random("kdl")
    strings = [fuzzed(random) for _ in range(FUZZED)]
    for start in range(0, FUZZED, PER_LAYOUT):
        some = strings[start : start + PER_LAYOUT]
        (node,) = parsed("x " + " ".join(map(kdl, some)))
        assert list(node.args) == some


def test_every_fuzzed_name_path_and_argument_survives_a_layout() -> None:
    random = Random("layout")
    for _ in range(FUZZED // PER_LAYOUT):
        panes = [odd_pane(random) for _ in range(PER_LAYOUT // PER_PANE)]
        layout = Layout(tabs=(TabPlan(name=panes[0].name, rows=tuple((pane,) for pane in panes)),))
        (root,) = named(parsed(render_layout(layout)), "layout")
        (tab,) = named(root.children, "tab")
        assert tab.properties["name"] == panes[0].name
        for row, plan in zip(tab.children, panes, strict=True):
            (pane,) = row.children
            inside = {child.name: list(child.args) for child in pane.children}
            assert pane.properties == {"name": plan.name}
            assert [inside["command"][0].replace("$$", "$"), *inside["args"]] == list(plan.argv)
            assert inside["cwd"][0].replace("$$", "$") == str(plan.cwd)


def test_nothing_that_acts_on_a_terminal_is_in_the_text() -> None:
    text = kdl(NASTY)
    assert text.replace("\u00a0", "").isprintable()
    assert "\\u{202e}" in text
    assert kdl("é漢🙂") == '"é漢🙂"'


def test_undecodable_bytes_in_a_name_are_refused() -> None:
    with pytest.raises(InvalidInput, match="not valid Unicode"):
        kdl(os.fsdecode(b"/caf\xe9"))


@pytest.mark.parametrize(
    ("given", "spelled"),
    [("/a/$HOME/${x}", "/a/$$HOME/$${x}"), ("~", "./~"), ("~/x", "./~/x"), ("~x", "~x"), ("/a~", "/a~")],
)
def test_paths_are_spelled_so_that_nothing_is_expanded(given: str, spelled: str) -> None:
    assert literal(given) == spelled


def test_every_value_in_every_template_goes_through_the_filter() -> None:
    templates = sorted(shipped("templates/zellij").glob("*.j2"))
    assert len(templates) >= 2
    for template in templates:
        found = re.findall(r"\{\{(.*?)\}\}", template.read_text(encoding="utf-8"), re.DOTALL)
        assert found
        assert [each for each in found if not each.rstrip("- ").endswith("| kdl")] == []


def test_a_layout_renders_the_same_text_each_time_and_has_its_options() -> None:
    logs = [PanePlan(name=f"a{n}", argv=("agentlark", "logs", "-f", f"a{n}")) for n in range(11)]
    layout = Layout(
        tabs=arrange(logs, PanePlan(name="timeline", argv=("agentlark", "logs", "-f", "timeline"))),
        focus=2,
        interrupt=("agentlark", "interrupt", "--folder", "/a b"),
        cwd=Path("/work $x"),
    )
    text = render_layout(layout)
    assert text == render_layout(layout.model_copy())
    nodes = parsed(text)
    (root,) = named(nodes, "layout")
    assert [tab.properties["name"] for tab in named(root.children, "tab")] == [
        "core-logs",
        "spawned-agents",
        "agent-logs-1",
    ]
    assert [tab.properties["focus"] for tab in named(root.children, "tab")] == [False, True, False]
    (shared,) = named(nodes, "keybinds")[0].children
    (bind,) = shared.children
    assert (shared.name, list(bind.args)) == ("shared", ["Ctrl s"])
    assert [(node.name, list(node.args)) for node in bind.children] == [
        ("GoToTab", [1]),
        ("Write", [19]),
        ("Run", ["agentlark", "interrupt", "--folder", "/a b"]),
    ]
    assert {node.name: list(node.args) for node in bind.children[2].children} == {
        "close_on_exit": [True],
        "floating": [True],
        "cwd": ["/work $x"],
    }
    assert "Ctrl q" not in text
    assert len(named(root.children, "default_tab_template")) == 1
    plain = render_layout(layout.model_copy(update={"bars": False, "interrupt": (), "cwd": None}))
    (root,) = named(parsed(plain), "layout")
    assert {node.name for node in root.children} == {"tab"}
    assert named(parsed(plain), "keybinds") == []
