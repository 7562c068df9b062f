"""How a finding is shown: its place, the line, carets under the right characters, no escape sequence."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import agentlark
from agentlark.codes import CODES
from agentlark.diagnostics import Diagnostic, Pointer, Related, Source, Span, nearest, render, visible


def shown(text: str, wrong: str) -> list[str]:
    source = Source("a.lark", text)
    start = text.index(wrong)
    return render([Diagnostic("AL999", "bad", Span(source, start, start + len(wrong)))]).splitlines()


@pytest.mark.parametrize(
    ("text", "wrong", "line", "carets"),
    [
        ("x = foo", "foo", "  1 | x = foo", "    |     ^^^"),
        ("\tx = foo", "foo", "  1 |     x = foo", "    |         ^^^"),
        ('"日本" + foo', "foo", '  1 | "日本" + foo', "    |          ^^^"),
        ("\x1b + foo", "foo", "  1 | \\x1b + foo", "    |        ^^^"),
        ("e\u0301 + foo", "foo", "  1 | e\u0301 + foo", "    |     ^^^"),
        ("a\r\nb foo\r\n", "foo", "  2 | b foo", "    |   ^^^"),
        ("x = (\n1", "(\n1", "  1 | x = (", "    |     ^"),
    ],
)
def test_carets_stand_under_what_is_meant(text: str, wrong: str, line: str, carets: str) -> None:
    assert shown(text, wrong)[1:3] == [line, carets]


def test_of_a_very_long_line_the_part_around_the_place_is_shown() -> None:
    head, line, carets = shown("x" * 100_000 + "foo" + "y" * 100_000, "foo")
    assert head.startswith("a.lark:1:100001: ")
    assert len(line) < 300
    at = carets.index("^")
    assert line[at : at + 3] == "foo"


def test_positions_are_one_based_and_in_characters() -> None:
    span = Span(Source("a", "é\nxy"), 2, 4)
    assert (span.line, span.column, span.end_line, span.end_column) == (2, 1, 2, 3)
    assert str(span) == "a:2:1"


def test_related_places_and_help_follow() -> None:
    source = Source("a.lark", "one\ntwo")
    found = Diagnostic(
        "AL307", "taken", Span(source, 4, 7), help="rename", related=(Related(Span(source, 0, 3), "here"),)
    )
    assert render([found]).splitlines() == [
        "a.lark:2:1: error[AL307]: taken",
        "  2 | two",
        "    | ^^^",
        "  a.lark:1:1: here",
        "  1 | one",
        "    | ---",
        "  help: rename",
    ]


def test_only_the_first_fifty_are_shown_and_the_rest_counted() -> None:
    many = [Diagnostic("AL999", f"number {n}") for n in range(120)]
    text = render(many)
    assert "number 49" in text
    assert "number 50" not in text
    assert text.endswith("… and 70 more")


def test_a_place_without_lines_is_a_pointer() -> None:
    found = Diagnostic("AL330", "wrong", Pointer("a.json", "/groups/0"))
    assert render([found]) == "a.json#/groups/0: error[AL330]: wrong"
    assert found.to_json()["line"] is None
    assert found.to_json()["message"] == "/groups/0: wrong"


@given(st.text())
def test_what_is_shown_never_acts_on_a_terminal(text: str) -> None:
    safe = visible(text)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200e\u200f\ufeff]", safe)
    assert visible(safe) == safe
    safe.encode("utf-8")


def test_the_nearest_name_is_near() -> None:
    assert nearest("reseacher", ["planner", "researcher"]) == "researcher"
    assert nearest("zzz", ["planner", "researcher"]) is None
    assert nearest("x", []) is None


def test_every_code_that_is_used_is_explained() -> None:
    folder = Path(agentlark.__file__).parent
    used = {
        code
        for path in folder.glob("*.py")
        for code in re.findall(r'"(AL\d{3})"', path.read_text(encoding="utf-8"))
    }
    assert used - set(CODES) <= {"AL210"}
    assert set(CODES) <= used
