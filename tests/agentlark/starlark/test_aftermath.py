"""After a failure those statements are still judged that do not depend on it, and only those."""

from __future__ import annotations

import pytest

from agentlark import starlark
from agentlark.diagnostics import Span
from tests.agentlark.starlark.running import failures


def lines(text: str) -> list[int]:
    return [each.place.line for each in failures(text) if isinstance(each.place, Span)]


CASES = [
    ("x = 1 // 0\ny = 2 // 0", [1, 2]),
    ("x = 1 // 0\ny = x // 0", [1]),
    ("x = 1 // 0\ny = x\nz = y.foo", [1]),
    ("x = missing\ny = 1 // 0", [1, 2]),
    ("x = missing\ny = x.foo", [1]),
    # A function stands and falls with what it mentions.
    ("x = 1 // 0\ndef f():\n    return x.foo\ny = f()", [1]),
    ("def f(n):\n    return n // 0\nx = f(1)\ny = f(2)", [2, 2]),
    ("def f():\n    return g()\nx = 1 // 0\ndef g():\n    return x\ny = f().foo", [3]),
    # What may have been changed, or ought to have been, is in doubt; so is what holds it.
    ("d = {}\nd['a'] = 1 // 0\ny = d['a']", [2]),
    ("d = {}\ne = [d]\nd['a'] = 1 // 0\ny = e[0]['a']", [3]),
    ("d = {}\ne = d\ne['a'] = 1 // 0\ny = d['a']", [3]),
    ("d = {}\ndef put(v):\n    d['a'] = v\nput(1 // 0)\ny = d['a']", [4]),
    ("l = []\nx = 1 // 0\nl.append(x)\ny = l[0]", [2]),
    ("for i in [1, 2]:\n    a = i // 0\nb = a", [2]),
    ("if 1 // 0:\n    a = 1\nelse:\n    a = 2\nb = a.foo\nc = {}.foo", [1, 6]),
    # A constant is not.
    ("n = 1\nx = n // 0\ny = n.foo", [2, 3]),
    # After a limit nothing more is run.
    ("x = range(1 << 40)\ny = list(x)\nz = 1 // 0", [2]),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_what_depends_on_a_failure_is_not_judged(text: str, expected: list[int]) -> None:
    assert lines(text) == expected


def test_what_no_failure_put_in_doubt_can_be_had_all_the_same() -> None:
    with pytest.raises(starlark.StarlarkError) as caught:
        starlark.execute("a = [1]\nb = 1 // 0\nc = a + [b]\nd = 'x'", filename="t")
    assert caught.value.module is not None
    assert dict(caught.value.module) == {"a": [1], "d": "x"}


def test_a_file_that_did_not_run_to_its_end_defines_nothing() -> None:
    with pytest.raises(starlark.StarlarkError) as caught:
        starlark.execute("a = 1\nb = list(range(1 << 40))", filename="t")
    assert caught.value.module is None


def test_a_load_that_fails_leaves_its_names_in_doubt() -> None:
    def load(name: str, place: object) -> starlark.Module:
        raise starlark.StarlarkError([])

    with pytest.raises(starlark.StarlarkError) as caught:
        starlark.execute("load('m', 'a')\nb = a.foo\nc = {}.foo", filename="t", load=load)
    assert [str(each.place) for each in caught.value.diagnostics] == ["t:3:8"]


def test_print_is_silent_in_a_file_with_mistakes_that_were_found_before() -> None:
    said: list[str] = []
    with pytest.raises(starlark.StarlarkError):
        starlark.execute("print('a')\nx = missing", filename="t", print=said.append)
    assert said == []
