from __future__ import annotations

import pytest

from agentlark.fmt import formatter
from agentlark.fmt.formatter import Unformattable, format_text
from agentlark.starlark import StarlarkError


def formatted(text: str) -> str:
    return format_text(text, filename="test.lark")


CASES = {
    "items on one line stay there": ("x=[1,2 ,3]", "x = [1, 2, 3]\n"),
    "an opened bracket has one item a line and a last comma": (
        "x = [1,\n2]\n",
        "x = [\n    1,\n    2,\n]\n",
    ),
    "named arguments have spaces around =": ('f(a=1,b = "x")\n', 'f(a = 1, b = "x")\n'),
    "an opened call has one argument a line": (
        'agent(id="a", role="R",\n  depends_on=["b"])\n',
        'agent(\n    id = "a",\n    role = "R",\n    depends_on = ["b"],\n)\n',
    ),
    "a star ends without a comma": ("f(a,\n  **k)\n", "f(\n    a,\n    **k\n)\n"),
    "parameters are indented twice and end without a comma": (
        "def f(a,\n  b=1,):\n  return a\n",
        "def f(\n        a,\n        b = 1):\n    return a\n",
    ),
    "single quotes become double ones": ("x = 'a'\n", 'x = "a"\n'),
    "single quotes around double ones stay": ("x = 'a\"b'\n", "x = 'a\"b'\n"),
    "escaped single quotes lose the backslash": (r"x = 'it\'s \\ \n é'", 'x = "it\'s \\\\ \\n é"\n'),
    "raw strings stay raw": (r"x = r'\d'", 'x = r"\\d"\n'),
    "bytes stay as they are": ("x = b'\\x00'\n", "x = b'\\x00'\n"),
    "floats have a digit before the point and a plain exponent": (
        "x = [.5, 1.5E+03, 1.5e0, 2., 1.e5, 1e9, 0x1F, 00]",
        "x = [0.5, 1.5e3, 1.5, 2., 1.0e5, 1e9, 0x1F, 0]\n",
    ),
    "a comment behind a statement is two spaces away": ("x = 1# c\n", "x = 1  # c\n"),
    "a comment behind an item opens the bracket": (
        "x = [1, # one\n 2]\n",
        "x = [\n    1,  # one\n    2,\n]\n",
    ),
    "a comment before the closing bracket stays there": (
        "x = [\n  1,\n\n  # no more\n]\n",
        "x = [\n    1,\n\n    # no more\n]\n",
    ),
    "a comment above a statement is set apart": (
        "x = 1\n# about y\ny = 2\n",
        "x = 1\n\n# about y\ny = 2\n",
    ),
    "comments that stand alone stay alone": (
        "x = 1\n\n\n# alone\n\n\ny = 2\n",
        "x = 1\n\n# alone\n\ny = 2\n",
    ),
    "a comment inside an operation stays before its operand": (
        "x = (a +\n  # the other\n  b)\n",
        "x = (a +\n     # the other\n     b)\n",
    ),
    "a comment in an index goes before the statement": ("x = a[  # first\n  0]\n", "# first\nx = a[0]\n"),
    "a comment behind a function's header goes into its body": (
        "def f():  # why\n  pass\n",
        "def f():\n    # why\n    pass\n",
    ),
    "a comment further out than a body is not the body's": (
        "def f():\n  pass\n  # mine\n# not mine\nx = 1\n",
        "def f():\n    pass\n    # mine\n\n# not mine\nx = 1\n",
    ),
    "functions are set apart": ("x = 1\ndef f():\n  pass\ny = 2", "x = 1\n\ndef f():\n    pass\n\ny = 2\n"),
    "bodies get lines of their own": (
        "def f(): x = 1; return x # c\n",
        "def f():\n    x = 1\n    return x  # c\n",
    ),
    "else with nothing but an if becomes elif": (
        "def f(x):\n  if x: return 1\n  else:\n    if not x: return 2\n",
        "def f(x):\n    if x:\n        return 1\n    elif not x:\n        return 2\n",
    ),
    "loads come first, merged, their names sorted": (
        'x = 1\nload("b.lark", "z", "y")\nload("a.lark", "q")\nload("b.lark", n = "m")\n',
        'load("a.lark", "q")\nload("b.lark", "y", "z", n = "m")\n\nx = 1\n',
    ),
    "a docstring moves with its function": (
        'def f():\n  """One.\n\n  Two.   \n  """\n  pass\n',
        'def f():\n    """One.\n\n    Two.\n    """\n    pass\n',
    ),
    "a line broken after an operator is aligned": (
        'x = "a" + \\\n "b"\ny = ("a" +\n "b")\n',
        'x = "a" + \\\n    "b"\ny = ("a" +\n     "b")\n',
    ),
    "signs in a row get parentheses": (
        "x = - - 1\ny = not not a == b\n",
        "x = -(-1)\ny = not (not a == b)\n",
    ),
    "an opened comprehension has one clause a line": (
        "x = [a for a in b\n if a]\n",
        "x = [\n    a\n    for a in b\n    if a\n]\n",
    ),
    "named arguments go before *args when nothing can tell": ("f(*a, b = 1)\n", "f(b = 1, *a)\n"),
    "calls keep the order in which they are made": ("f(*a(), b = c())\n", "f(*a(), b = c())\n"),
    "carriage returns and a byte order mark go": ("\ufeffx=1\r\ny=2\r\n", "x = 1\ny = 2\n"),
    "nothing stays nothing": ("\n\n", ""),
    "comments alone stay": ("\n# a\n# b\n\n\n# c", "# a\n# b\n\n# c\n"),
}


@pytest.mark.parametrize(("before", "after"), CASES.values(), ids=CASES)
def test_the_layout_is_what_it_should_be_and_stays(before: str, after: str) -> None:
    assert formatted(before) == after
    assert formatted(after) == after


def test_a_text_that_does_not_parse_is_refused_with_every_error() -> None:
    with pytest.raises(StarlarkError) as caught:
        formatted("x = [1,\ny = )\n")

    assert len(caught.value.diagnostics) == 2


def test_a_sum_of_thousands_of_terms_is_formatted() -> None:
    text = "x = 1" + " + 1" * 5000 + "\n"

    assert formatted(text) == text


def test_what_nests_too_deeply_is_an_error_of_the_file() -> None:
    with pytest.raises(StarlarkError) as caught:
        formatted("x = y" + ".z" * 20_000 + "\n")

    assert caught.value.diagnostics[0].code == "AL006"


def test_a_result_that_means_something_else_is_never_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formatter, "_print", lambda file: "x = 2\n")

    with pytest.raises(Unformattable, match=r"^test\.lark:1:3: .*would mean something else"):
        formatted("x=1\n")


def test_a_result_that_lost_a_comment_is_never_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formatter, "_print", lambda file: "x = 1\n")

    with pytest.raises(Unformattable, match="comment would be lost"):
        formatted("x=1 # why\n")


def test_a_result_that_does_not_parse_is_never_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formatter, "_print", lambda file: "x = (\n")

    with pytest.raises(Unformattable, match="does not parse"):
        formatted("x=1\n")
