"""The grammar that editors colour by: its patterns compile, its words are the language's, its scopes right.

`coloured` is the part of a TextMate engine that the grammar needs: matches, and begin/end with captures.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agentlark.editing.wording import names
from agentlark.starlark.syntax.tables import RESERVED

ROOT = Path(__file__).parents[2]
GRAMMAR: dict[str, Any] = json.loads(
    (ROOT / "editors" / "textmate" / "agentlark.tmLanguage.json").read_text()
)
RULES: dict[str, Any] = GRAMMAR["repository"]


def every_rule(rule: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield rule
    for below in rule.get("patterns", ()):
        yield from every_rule(below)


ALL = [found for rule in [GRAMMAR, *RULES.values()] for found in every_rule(rule)]


def coloured(text: str) -> dict[str, str]:
    """The scope of every piece of a text that has one, by the piece; what stands in a string wins."""
    found: dict[str, str] = {}
    at = 0
    end: re.Pattern[str] | None = None
    name, begun, inner = "", 0, GRAMMAR["patterns"]
    while at < len(text):
        closing = end.match(text, at) if end else None
        if closing:
            found[text[begun : closing.end()]] = name
            at, end, inner = max(closing.end(), at), None, GRAMMAR["patterns"]
            continue
        rule, match = _first(inner, text, at)
        if rule is None or match is None:
            at += 1
            continue
        if "begin" in rule:
            closes = rule["end"].replace(r"\2", re.escape(match[2]))
            end, name, begun, inner = re.compile(closes, re.MULTILINE), rule["name"], at, rule["patterns"]
        for number, capture in rule.get("captures", {}).items():
            found[match[int(number)]] = capture["name"]
        if "name" in rule and "begin" not in rule:
            found[match[0]] = rule["name"]
        at = match.end() if match.end() > at else at + 1
    return {piece: scope.removesuffix(".agentlark") for piece, scope in found.items()}


def _first(
    patterns: list[dict[str, Any]], text: str, at: int
) -> tuple[dict[str, Any] | None, re.Match[str] | None]:
    for pattern in patterns:
        rule = RULES[pattern["include"].removeprefix("#")] if "include" in pattern else pattern
        source = rule.get("match") or rule.get("begin")
        if source is None:
            below = _first(rule["patterns"], text, at)
            if below[1]:
                return below
        elif match := re.compile(source, re.MULTILINE).match(text, at):
            return rule, match
    return None, None


def test_every_pattern_compiles_and_every_include_leads_somewhere() -> None:
    patterns = [rule[key] for rule in ALL for key in ("match", "begin") if key in rule]
    assert len(patterns) > 20
    for pattern in patterns:
        re.compile(pattern)
    for rule in ALL:
        assert rule.get("include", "#comment").removeprefix("#") in RULES


def test_every_scope_ends_with_the_name_of_the_language() -> None:
    scopes = [rule["name"] for rule in ALL if "name" in rule and rule is not GRAMMAR]
    assert all(scope.endswith(".agentlark") for scope in scopes)


def test_the_words_are_those_of_the_language() -> None:
    def words(rule: str) -> set[str]:
        return set(re.findall(r"[a-z_]{2,}", RULES[rule]["match"]))

    functions = {name for name in names() if name[0].islower()} - {"load"}
    assert words("squad") | words("builtin") == functions
    assert set(RESERVED) <= words("reserved") | {"assert"}


@pytest.mark.parametrize(
    ("text", "piece", "scope"),
    [
        ('agent(id = "a")', "agent", "support.function.squad"),
        ('agent(id = "a")', "id", "variable.parameter"),
        ('agent(id = "a")', '"a"', "string.quoted.single"),
        ("x == y", "==", "keyword.operator"),
        ("def worker(n): # c", "worker", "entity.name.function"),
        ("def worker(n): # c", "# c", "comment.line.number-sign"),
        ('load("f", "x")', "load", "keyword.control.import"),
        ("len(x)", "len", "support.function.builtin"),
        ("x.len(y)", "len", "variable.other.member"),
        ("while x:", "while", "invalid.illegal.reserved"),
        ("x = 1.5e3", "1.5e3", "constant.numeric.float"),
        ("x = 0x1F", "0x1F", "constant.numeric.integer"),
        ("x = None", "None", "constant.language"),
        (r'x = "a\n"', r"\n", "constant.character.escape"),
        (r'x = "a\q"', r"\q", "invalid.illegal.escape"),
        (r'x = r"a\q"', r'r"a\q"', "string.quoted.raw.single"),
        (r'x = "it\"s" + y', r'"it\"s"', "string.quoted.single"),
        ('x = """a\n"b"\n# no\n"""', '"""a\n"b"\n# no\n"""', "string.quoted.multi"),
        ('p = "Do {{ task }}"', "{{ task }}", "meta.embedded.template.agentlark variable.other.template"),
        ('"# no comment"', '"# no comment"', "string.quoted.single"),
    ],
)
def test_a_piece_gets_its_scope(text: str, piece: str, scope: str) -> None:
    assert coloured(text)[piece] == scope


@pytest.mark.parametrize("path", sorted(ROOT.glob("examples/*.lark")), ids=lambda path: path.name)
def test_nothing_in_an_example_is_called_illegal(path: Path) -> None:
    scopes = coloured(path.read_text(encoding="utf-8"))

    assert "support.function.squad" in scopes.values()
    assert not [piece for piece, scope in scopes.items() if scope.startswith("invalid")]
