"""The driver and stock Lark read the same grammar: they accept the same texts and see the same trees."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lark import Lark, Token, Tree
from lark.exceptions import LarkError
from lark.indenter import Indenter

from agentlark import starlark
from agentlark.starlark.syntax import tree
from agentlark.starlark.syntax.build_tables import DATA, GRAMMAR, render_tables
from tests.agentlark.starlark import programs
from tests.agentlark.starlark.test_suite import chunks

Shape = tuple[Any, ...]
"""Label, start, end, operator, shapes of the children in written order."""


class Layout(Indenter):
    """INDENT and DEDENT, as Lark makes them."""

    NL_type = "NEWLINE"
    OPEN_PAREN_types = ["LPAR", "LSQB", "LBRACE"]  # noqa: RUF012  # the base class's attribute
    CLOSE_PAREN_types = ["RPAR", "RSQB", "RBRACE"]  # noqa: RUF012
    INDENT_type = "INDENT"
    DEDENT_type = "DEDENT"
    tab_len = 8


@pytest.fixture(scope="module")
def lark() -> Lark:
    return Lark(
        GRAMMAR.read_text(encoding="utf-8"),
        parser="lalr",
        lexer="basic",
        start="file",
        postlex=Layout(),
        keep_all_tokens=True,
        maybe_placeholders=False,
    )


_LEAVES = frozenset({"NAME", "STRING", "BYTES", "INT", "FLOAT"})
_LAYOUT = frozenset({"NEWLINE", "INDENT", "DEDENT"})
_WITH_OPERATOR = frozenset({"binary", "unary", "augment"})


def _tokens(node: Any) -> list[Token]:
    if isinstance(node, Token):
        return [] if node.type in _LAYOUT else [node]
    return [token for child in node.children for token in _tokens(child)]


def _of_lark(node: Tree[Token], text: str) -> Shape:
    kids: list[Shape] = []
    words: list[str] = []
    for child in node.children:
        if isinstance(child, Token):
            if child.type in _LEAVES:
                kids.append((child.type, child.start_pos, child.end_pos, "", ()))
            else:
                words.append(str(child))
        elif child.data == "suite":
            kids += _of_lark(child, text)[4]
        else:
            kids.append(_of_lark(child, text))
    label = str(node.data).replace("bare_tuple", "tuple")
    tokens = _tokens(node)
    start, end = (tokens[0].start_pos, tokens[-1].end_pos) if tokens else (0, 0)
    operator = " ".join(words) if label in _WITH_OPERATOR else ""
    return label, start, _without_semicolon(text, start, end), operator, tuple(kids)


def _without_semicolon(text: str, start: int | None, end: int | None) -> int | None:
    """A block may end with a semicolon, which belongs to no statement."""
    if start is not None and end is not None and text[start:end].endswith(";"):
        return start + len(text[start:end].rstrip("; \t"))
    return end


_LABELS: dict[type, str] = {
    tree.ListDisplay: "list",
    tree.TupleDisplay: "tuple",
    tree.Paren: "paren",
    tree.Entry: "entry",
    tree.DictDisplay: "dict",
    tree.ForClause: "for_clause",
    tree.IfClause: "if_clause",
    tree.Unary: "unary",
    tree.Binary: "binary",
    tree.Choice: "choice",
    tree.Lambda: "lambda",
    tree.Keyword: "keyword",
    tree.Call: "call",
    tree.Attribute: "attribute",
    tree.Index: "index",
    tree.Slice: "slice",
    tree.Expression: "expression",
    tree.Return: "return",
    tree.Define: "definition",
    tree.For: "loop",
    tree.Branch: "alternative",
    tree.If: "conditional",
    tree.Symbol: "symbol",
    tree.Load: "load",
    tree.Name: "NAME",
}
_PREFIXES = {"": "", "*": "_star", "**": "_double_star"}


def _label(node: tree.Node, text: str) -> tuple[str, str]:
    if isinstance(node, tree.Literal):
        kinds = {str: "STRING", bytes: "BYTES", int: "INT", float: "FLOAT"}
        return kinds[type(node.value)], ""
    if isinstance(node, tree.Comprehension):
        return ("list" if text[node.start] == "[" else "dict") + "_comprehension", ""
    if isinstance(node, tree.Parameter):
        return "param" + _PREFIXES[node.prefix], ""
    if isinstance(node, tree.Star):
        return ("star" if node.prefix == "*" else "double_star"), ""
    if isinstance(node, tree.Flow):
        return node.word, ""
    if isinstance(node, tree.Assign):
        return ("augment", node.op + "=") if node.op else ("assign", "")
    return _LABELS[type(node)], getattr(node, "op", "")


def _of_ours(node: tree.Node, text: str) -> Shape:
    kids = sorted(tree.children(node), key=lambda kid: kid.start)
    if isinstance(node, tree.If):
        kids = sorted([*tree.children(node.branches[0]), *kids[1:]], key=lambda kid: kid.start)
    shapes = tuple(_of_ours(kid, text) for kid in kids)
    label, operator = _label(node, text)
    return label, node.start, node.end, operator, shapes


def read_by_us(text: str) -> tuple[Shape, ...] | None:
    try:
        file = starlark.parse(text, filename="t")
    except starlark.StarlarkError:
        return None
    return tuple(_of_ours(node, text) for node in file.body)


def read_by_lark(lark: Lark, text: str) -> tuple[Shape, ...] | None:
    try:
        found: Any = lark.parse(text if text.endswith("\n") else text + "\n")
    except LarkError:
        return None
    return tuple(_of_lark(child, text) for child in found.children if isinstance(child, Tree))


def assert_same(lark: Lark, text: str) -> None:
    assert read_by_us(text) == read_by_lark(lark, text)


def test_the_shipped_tables_are_those_of_the_grammar() -> None:
    assert DATA.read_text(encoding="utf-8") == render_tables()


def test_every_chunk_of_the_suite_has_the_same_tree(lark: Lark) -> None:
    read = 0
    for chunk in chunks():
        assert_same(lark, chunk.text)
        read += 1
    if not read:
        pytest.skip("the conformance suite is not here")


_SETTINGS = settings(
    max_examples=120, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)


@_SETTINGS
@given(programs.texts())
def test_generated_programs_have_the_same_tree(lark: Lark, text: str) -> None:
    shapes = read_by_us(text)
    assert shapes is not None
    assert shapes == read_by_lark(lark, text)


@_SETTINGS
@given(st.lists(st.sampled_from(programs.WORDS), max_size=14))
def test_token_soup_is_accepted_by_both_or_by_none(lark: Lark, words: list[str]) -> None:
    assert_same(lark, " ".join(words).lstrip(" \t"))


@_SETTINGS
@given(programs.texts(), st.data())
def test_programs_with_one_word_lost_are_accepted_by_both_or_by_none(
    lark: Lark, text: str, data: st.DataObject
) -> None:
    words = text.split(" ")
    del words[data.draw(st.integers(0, len(words) - 1))]
    assert_same(lark, " ".join(words).lstrip(" \t"))
