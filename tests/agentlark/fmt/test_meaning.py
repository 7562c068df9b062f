from __future__ import annotations

import pytest

from agentlark import starlark
from agentlark.fmt.meaning import difference


def differ(one: str, other: str) -> bool:
    return difference(starlark.parse(one, filename="a"), starlark.parse(other, filename="b")) is not None


SAME = [
    ("x = 1 + 2", "x = (1 + (2))"),
    ('load("a", "b")\nx = 1', 'x = 1\nload("a", "b")'),
    ('load("a", "b", "c")', 'load("a", "c")\nload("a", b = "b")'),
    ("f(*a, b = 1)", "f(b = 1, *a)"),
    ('def f():\n  """A\n  b"""', 'def f():\n    """A\n    b"""'),
    ("if a:\n  b\nelse:\n  if c:\n    d", "if a:\n  b\nelif c:\n  d"),
]
DIFFERENT = [
    ("x = 1", "x = 2"),
    ("x = 1", "x = 1.0"),
    ("x = 'a '", "x = 'a'"),
    ("x = 'a'", "x = b'a'"),
    ("x = a - b - c", "x = a - (b - c)"),
    ("not (a == b)", "(not a) == b"),
    ("x = [1]", "x = (1,)"),
    ("x = 1", "x += 1"),
    ("f(a, b)", "f(b, a)"),
    ("f(a = 1, b = 2)", "f(b = 2, a = 1)"),
    ("x = 1\ny = 2", "y = 2\nx = 1"),
    ("if a:\n  b\n  c", "if a:\n  b\nc"),
    ("if a:\n  b\nelse:\n  c", "if a:\n  b\n  c"),
    ('load("a", "b")', 'load("a", b = "c")'),
    ('load("a", "b")', ""),
    ("x[1:]", "x[:1]"),
    ("def f(a, *, b): pass", "def f(a, b): pass"),
    ('def f():\n  x = """A\n  b"""', 'def f():\n    x = """A\n    b"""'),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_what_no_program_can_tell_apart_is_the_same(one: str, other: str) -> None:
    assert not differ(one, other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_what_means_something_else_is_noticed(one: str, other: str) -> None:
    assert differ(one, other)
    assert differ(other, one)


def test_the_place_of_the_difference_is_in_the_first_file() -> None:
    one = starlark.parse("x = 1\ny = f(2)\n", filename="a")
    place = difference(one, starlark.parse("x = 1\ny = f(3)\n", filename="b"))

    assert str(place) == "a:2:7"
