from __future__ import annotations

import time

import pytest

from agentlark import starlark
from agentlark.diagnostics import Span
from agentlark.starlark.codes import CODES
from tests.agentlark.starlark.running import failure, failures, run, shown

CASES = [
    ("x = 1 + ", "AL001", "1:9", "got end of line, expected an expression"),
    ("x = = 1", "AL001", "1:5", "got `=`, expected an expression"),
    ("f(a b)", "AL001", "1:5", "got `b`, expected `,` or `)`"),
    ("f(a = 1\n  b = 2)", "AL001", "1:8", "expected `,` or `)` after `1`"),
    ("for x 1:\n  pass", "AL001", "1:7", "expected `,` or `in`"),
    ('x = "a" "b"', "AL001", "1:9", "adjacent strings are not joined"),
    ("x = 1 < 2 < 3", "AL001", "1:11", "comparisons do not chain"),
    ("x = 1,", "AL001", "1:6", "unparenthesized tuple with trailing comma"),
    ("if x = 1:\n  pass", "AL001", "1:6", "got `=`, expected `:`"),
    ("while True:\n  pass", "AL001", "1:1", "`while` is a reserved word"),
    ("x = 1_000", "AL001", "1:5", "no underscores in numbers"),
    ("else:\n  pass", "AL001", "1:1", "got `else`, expected a statement"),
    ("x = load('a')", "AL001", "1:5", "got `load`, expected an expression"),
    ("x = 'abc\ny = 1", "AL002", "1:5", "not closed on its line"),
    ('x = """abc\ny = 1', "AL002", "1:5", "never closed"),
    ("if x:\ny = 1", "AL003", "2:1", "expected an indented block"),
    ("x = 1\n  y = 2", "AL003", "2:3", "unexpected indentation"),
    ("  x = 1", "AL003", "1:1", "unexpected indentation"),
    ("def f():\n    x = 1\n  y = 2", "AL003", "3:1", "matches no block"),
    (r"x = '\q'", "AL004", "1:6", r"invalid escape sequence \q"),
    (r"x = '\xff'", "AL004", "1:6", r"non-ASCII escape \xff"),
    (r"x = '\ud800'", "AL004", "1:6", "not a Unicode code point"),
    (r"x = b'\777'", "AL004", "1:7", "larger than a byte"),
    ("x = [1, 2)", "AL005", "1:10", "`)` does not match `[`"),
    ("x = )", "AL005", "1:5", "`)` closes nothing"),
    ("x = [1, 2", "AL005", "1:5", "`[` is never closed"),
    ("x = [1, 2\ny = 3", "AL005", "1:5", "`[` is never closed"),
    ("x = 1e400", "AL007", "1:5", "this floating-point number is too large"),
    ("x = " + "9" * 5000, "AL007", "1:5", "too many digits"),
    ("x = 0777", "AL007", "1:5", "invalid int literal 0777"),
    ("x = 1 ? 2", "AL007", "1:7", "unexpected character '?'"),
    ("x = 1\n\f\n", "AL007", "2:1", "unexpected character U+000C"),
    ("x = 'a\0b'", "AL007", "1:7", "NUL"),
    ("x = '\ud800'", "AL007", "1:6", "lone surrogate"),
]


@pytest.mark.parametrize(("text", "code", "place", "message"), CASES)
def test_a_syntax_error_is_told_in_words_at_its_place(text: str, code: str, place: str, message: str) -> None:
    found = failure(text)
    assert (found.code, str(found.place)) == (code, f"test.lark:{place}")
    assert message in found.message


def test_every_code_that_occurs_has_a_meaning() -> None:
    assert {code for _, code, _, _ in CASES} <= set(CODES)


def test_one_run_reports_the_mistakes_of_several_statements() -> None:
    text = "x = = 1\ny = 2\nz = ) + 1\n\ndef f():\n    return 1 2\n\nw = 'a' 'b'\n"
    places = [str(found.place) for found in failures(text)]
    assert places == ["test.lark:1:5", "test.lark:3:5", "test.lark:6:14", "test.lark:8:9"]


def test_a_bracket_that_does_not_match_names_its_opener() -> None:
    found = failure("a = b(c = [1)\n")
    assert (found.code, str(found.place)) == ("AL005", "test.lark:1:13")
    assert [(str(other.place), other.message) for other in found.related] == [
        ("test.lark:1:11", "opened here")
    ]


def test_a_missing_comma_points_at_the_end_of_the_line_that_lacks_it() -> None:
    found = failure('a = f(\n  x = "one"\n  y = 2,\n)\n')
    assert str(found.place) == "test.lark:2:12"
    assert found.help == "put a comma here"


def test_characters_that_begin_no_token_are_all_reported() -> None:
    assert [str(found.place) for found in failures("x = “a”\ny = $")] == [
        "test.lark:1:5",
        "test.lark:1:7",
        "test.lark:2:5",
    ]


def test_offsets_of_nodes_cover_their_text() -> None:
    text = "x = f(a, b = [1, 2], *c)[0].d if (e) else -g\n"
    file = starlark.parse(text, filename="t")
    (assign,) = file.body
    assert shown(file.span(assign)) == text.rstrip()
    assert isinstance(file.span(assign), Span)


@pytest.mark.parametrize(
    "text", ["", "\n", "\n\n  \n", "# only a comment", "\ufeff", "  # indented comment\n"]
)
def test_a_file_without_statements_is_an_empty_module(text: str) -> None:
    assert dict(run(text)) == {}


def test_line_ends_of_other_systems_and_a_byte_order_mark_are_taken() -> None:
    module = run("\ufeffx = 1\r\ndef f():\r\n  return '''a\r\nb'''\r\ny = f()\rz = 3")
    assert starlark.to_python(module["y"]) == "a\nb"
    assert module["z"] == 3


def test_a_tab_indents_to_the_next_multiple_of_eight() -> None:
    assert run("if True:\n\tx = 1\n        y = 2\n")["y"] == 2


def test_comments_and_continued_lines_may_stand_anywhere() -> None:
    module = run("x = [ # one\n  1, # two\n\n  # three\n  2]\ny = 1 + \\\n  2 # four")
    assert starlark.to_python(module["x"]) == [1, 2]
    assert module["y"] == 3


def test_comments_can_be_found_again() -> None:
    text = "# top\nx = [ # one\n  '# no',\n  # two\n]\n\ndef f():\n    pass # three"
    source = starlark.parse(text, filename="t").source
    found = starlark.comments(source)
    assert [text[one.start : one.end] for one in found] == ["# top", "# one", "# two", "# three"]
    assert [one.own_line for one in found] == [True, False, True, False]


SEVERAL = """\
def f(x)
    y = 1 +
    return [1, 2
z = 3

groups = [
group(
id = "core"
agents = [
agent(id = "planner" role = "Planner"),
agent(id = "researcher", role = "Researcher", depends_on = ["planner"),
agent(id = "builder", role = "Builder", depends_on = [planner", "researcher"]),
],
),
group(
id: "delivery",
agents = [
agent(id = "qa", role = , depends_on = ["builder"]),
agent(id = "docs", role = "D\\ocs" depends_on = ["builder"]),
],
),
]
w = 5 5
"""


def test_the_mistakes_inside_one_statement_are_all_told_and_nothing_that_follows_from_them() -> None:
    found = [
        (each.place.line, each.place.column) for each in failures(SEVERAL) if isinstance(each.place, Span)
    ]
    assert found == [
        *((1, 9), (2, 12), (3, 12), (8, 12), (10, 22), (11, 70), (12, 76), (16, 3), (18, 25)),
        *((19, 29), (19, 35), (23, 7)),
    ]


@pytest.mark.parametrize(
    ("line", "least"),
    [
        ("x = = 1\n", 10_000),
        ('x = "abc\n', 10_000),
        ("x = $\n", 10_000),
        ("f(a b)\n", 10_000),
        ("  (1, 2],\n", 10_000),
        ("x = (\n", 10_000),
        ("x = [1,\n", 10_000),
        ("def f(a:\n  return a\n", 10_000),
        ("if x:\n      y = 1\n   z = 2\n", 10_000),
    ],
)
def test_ten_thousand_mistakes_are_counted_in_a_few_seconds(line: str, least: int) -> None:
    begun = time.monotonic()
    assert len(failures(line * 10_000)) >= least
    assert time.monotonic() - begun < 30


FIXES = [
    ("x = f(a b)", "x = f(a, b)"),
    ("x = a && b", "x = a and b"),
    ("// note", "# note"),
    ("if x:\n  pass\nelse if y:\n  pass", "if x:\n  pass\nelif y:\n  pass"),
    ("x = {'a' = 1}", "x = {'a' : 1}"),
    ("f(a: 1)", "f(a = 1)"),
    ("f('a' = 1)", "f(a = 1)"),
    ("def f()\n  pass", "def f():\n  pass"),
    ("x = 'a' 'b'", "x = 'a' + 'b'"),
    ("f(\n  a = 1\n  b = 2\n)", "f(\n  a = 1,\n  b = 2\n)"),
]


@pytest.mark.parametrize(("wrong", "right"), FIXES)
def test_a_fix_makes_the_text_right(wrong: str, right: str) -> None:
    (found,) = failures(wrong)
    assert found.fix is not None
    (edit,) = found.fix.edits
    fixed = wrong[: edit.span.start] + edit.text + wrong[edit.span.end :]
    assert fixed.replace("  ", " ") == right.replace("  ", " ")
    starlark.parse(fixed, filename="t")


PLACED = [
    ("x = [\n  f(a = 1,\n  f(a = 2,\n  f(a = 3),\n]\n", ["2:4", "3:4"]),
    ("def f(a:\n  return a\n", ["1:6"]),
    ("x = g(\n  a = [\n    1,\n)\ny = 2 3\n", ["2:7", "5:7"]),
    ("x = [\n  f((a = 1),\n  2,\n]\n", ["2:4"]),
    ("x = [1, 2]]\n", ["1:11"]),
    ("x = g[\n  a = 1,\n)\n", ["3:1"]),
    ("x = [1 2, 3 4, 5 6]\n", ["1:8", "1:13", "1:18"]),
    ("x = $ ? @\n", ["1:5", "1:7", "1:9"]),
]


@pytest.mark.parametrize(("text", "places"), PLACED)
def test_the_indentation_tells_which_bracket_is_meant(text: str, places: list[str]) -> None:
    assert [str(found.place) for found in failures(text)] == [f"test.lark:{place}" for place in places]
