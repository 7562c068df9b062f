from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from agentlark.editing.mentions import mentions
from agentlark.editing.outline import Outline, outline
from agentlark.editing.symbols import Symbol, symbols
from tests.fuzz.configurations import damaged, generated

EXAMPLE = Path(__file__).parents[3] / "examples" / "agents.lark"


def ids(text: str) -> list[tuple[str, str]]:
    return [(str(each.role), each.id) for each in mentions(outline(text))]


def test_ids_are_found_where_agents_are_made_and_referred_to() -> None:
    text = (
        'agent(id = "a", role = "id")\n'
        'agent(id = "b", depends_on = ["a"] + ["c"], tools = ["d"])\n'
        'group(id = "g", agents = [agent(id = r"e")])\n'
        'define_relay(graph = {"a": ["b", "e"], "x" + "y": z})\n'
        'f(id = "no", graph = {"no": ["no"]})\n'
    )

    assert ids(text) == [
        ("agent", "a"),
        *(("agent", "b"), ("dependency", "a"), ("dependency", "c")),
        *(("group", "g"), ("agent", "e")),
        *(("edge", "a"), ("edge", "b"), ("edge", "e"), ("edge", "x"), ("edge", "y")),
    ]


@pytest.mark.parametrize(
    "text",
    [
        'x = [agent(id = "a", depends_on = ["b"',
        'x = agent(id = "a", depends_on = ["b\ny = 1',
        'agent(id = "a", role = )\nagent(depends_on = ["b"]',
        ')]}agent(id = "a"]) agent(depends_on = ("b"))',
    ],
)
def test_ids_are_found_in_texts_that_do_not_parse(text: str) -> None:
    assert ids(text) == [("agent", "a"), ("dependency", "b")]


def bound(text: str, name: str) -> str | None:
    """The text of the line that binds a name at the mark."""
    offset = text.index("|")
    plain = text.replace("|", "")
    found = outline(plain).binding(name, offset)
    return None if found is None else plain[: found.end].splitlines()[-1]


def test_names_mean_what_the_innermost_scope_says() -> None:
    text = "x = 1\ndef f(a, x = 2):\n    y = |x\n"

    assert bound(text, "x") == "def f(a, x"
    assert bound(text, "a") == "def f(a"
    assert bound(text, "y") == "    y"
    assert bound("def f(a):\n    y = a\nz = |a\n", "a") is None
    assert bound("x = 1\ny = [x for x in |x if x]\n", "x") == "y = [x for x"
    assert bound("a, (b, c) = |f\n", "c") == "a, (b, c"
    assert bound("for i, j in x:\n  |pass\n", "j") == "for i, j"
    assert bound('load("f.lark", "g", h = "k")\n|g\n', "h") == 'load("f.lark", "g", h'
    assert bound("f(x = |1)\n", "x") is None


def test_brackets_know_what_is_around_an_offset() -> None:
    known = outline("f(a, [b, (c)], d")

    def around(char: str) -> str | None:
        bracket = known.bracket_at(known.text.index(char))
        return bracket.opener + (bracket.name or "") if bracket else None

    assert [around(char) for char in "fabcd"] == [None, "(f", "[", "(", "(f"]


def shown(found: list[Symbol]) -> list[object]:
    return [
        f"{each.kind} {each.name}" if not each.children else (each.name, shown(each.children))
        for each in found
    ]


def test_symbols_are_nested_as_the_calls_are() -> None:
    text = (
        "def f(n):\n  return agent(id = n)\n"
        'groups = [group(id = "g", agents = [agent(id = "a", role = "R"), f("b")])]\n'
    )
    found = symbols(outline(text))

    assert shown(found) == [("f", ["agent agent(…)"]), ("groups", [("g", ["agent a"])])]
    agent = found[1].children[0].children[0]
    assert agent.detail == "R"
    assert text[slice(*agent.range)] == 'agent(id = "a", role = "R")'
    assert text[slice(*agent.name_range)] == "a"


def test_any_text_has_an_outline() -> None:
    """Every prefix of the example, and damaged files."""
    text = EXAMPLE.read_text(encoding="utf-8")
    random = Random(3)
    texts = [text[:end] for end in range(0, len(text), 7)]
    texts += [damaged(random, [text.encode()]).decode("utf-8", "replace") for _ in range(100)]
    texts += [generated(random).decode() for _ in range(100)]
    for each in texts:
        known = Outline(each)
        for token in known.tokens:
            assert each[token.start : token.end] == token.text
        for bracket in known.brackets:
            assert bracket.start < bracket.end <= len(each)
        for symbol in symbols(known):
            assert symbol.range[0] <= symbol.name_range[0] <= symbol.name_range[1] <= symbol.range[1]
        for offset in range(0, len(each), 50):
            known.text_at(offset), known.bracket_at(offset), known.token_at(offset)
