from __future__ import annotations

import pytest

from agentlark import starlark
from tests.agentlark.starlark.running import failure, failures, run

CASES = [
    ("x = foo", "AL101", "1:5", "undefined: foo"),
    ("def f():\n  return foo", "AL101", "2:10", "undefined: foo"),
    ("x = 1\nx = 2", "AL102", "2:1", "cannot reassign global x"),
    ("x = 1\nx += 2", "AL102", "2:1", "cannot reassign global x"),
    ("def f(): pass\nf = 1", "AL102", "2:1", "cannot reassign global f"),
    ("def f(a, a): pass", "AL104", "1:10", "duplicate parameter: a"),
    ("def f(a = 1, b): pass", "AL104", "1:14", "required parameter may not follow optional"),
    ("def f(**k, a): pass", "AL104", "1:12", "parameters may not follow **kwargs"),
    ("def f(*): pass", "AL104", "1:7", "bare * must be followed"),
    ("len(x = 1, x = 2)", "AL104", "1:12", "keyword argument x is repeated"),
    ("len(x = 1, 2)", "AL104", "1:12", "positional argument may not follow named"),
    ("len(*[], *[])", "AL104", "1:10", "* argument may not follow *"),
    ("return 1", "AL105", "1:1", "return statement not within a function"),
    ("break", "AL105", "1:1", "break not in a loop"),
    ("def f():\n  continue", "AL105", "2:3", "continue not in a loop"),
    ("1 = 2", "AL106", "1:1", "can't assign to a literal"),
    ("len([]) = 2", "AL106", "1:1", "can't assign to a call"),
    ("a, (b, 1) = 2, (3, 4)", "AL106", "1:8", "can't assign to a literal"),
    ("x = {'a': 1, 'a': 2}", "AL107", "1:14", 'duplicate key: "a"'),
    ("load('m')", "AL103", "1:1", "must import at least 1 symbol"),
    ("load('m', '_x')", "AL103", "1:11", "leading underscores are not exported"),
    ("def f():\n  load('m', 'x')", "AL103", "2:3", "load statement within a function"),
    ("if len([]):\n  load('m', 'x')", "AL103", "2:3", "load statement within a function, a loop or a cond"),
    ("if len([]):\n  pass\nelse:\n  load('m', 'x')", "AL103", "4:3", "or a conditional"),
]


@pytest.mark.parametrize(("text", "code", "place", "message"), CASES)
def test_a_mistake_of_names_is_found_before_anything_runs(
    text: str, code: str, place: str, message: str
) -> None:
    printed: list[str] = []
    found = failure("print('ran')\n" + text, print=printed.append)
    line, column = place.split(":")
    assert (found.code, str(found.place)) == (code, f"test.lark:{int(line) + 1}:{column}")
    assert message in found.message
    assert printed == []


def test_all_mistakes_of_a_file_are_reported_in_file_order() -> None:
    found = failures("a = foo\nb = bar\ndef f(x, x):\n    return baz\n1 = 2\n")
    assert [one.message for one in found] == [
        "undefined: foo",
        "undefined: bar",
        "duplicate parameter: x",
        "undefined: baz",
        "can't assign to a literal",
    ]


def test_an_unknown_name_suggests_the_nearest_known_one() -> None:
    assert failure("agents = []\nx = agent").help == "did you mean agents?"
    assert failure("x = enumarate([])").help == "did you mean enumerate?"


def test_a_name_assigned_anywhere_in_a_function_is_local_to_it() -> None:
    found = failure("x = 1\ndef f():\n    print(x)\n    x = 2\nf()")
    assert (found.code, found.message) == ("AL212", "local variable x referenced before assignment")
    assert str(found.place) == "test.lark:3:11"


def test_a_global_read_before_its_assignment_is_an_error() -> None:
    assert failure("def f():\n    return x\nf()\nx = 1").code == "AL212"


def test_the_branches_of_a_conditional_may_assign_the_same_global() -> None:
    assert run("if len([]) == 0:\n    x = 1\nelif True:\n    x = 2\nelse:\n    x = 3")["x"] == 1
    assert failure("if True:\n    x = 1\nx = 2").code == "AL102"


def test_loops_at_the_top_level_may_share_their_variable() -> None:
    module = run("n = []\nfor i in [1]:\n    n.append(i)\nfor i in [2]:\n    n.append(i)")
    assert starlark.to_python(module["n"]) == [1, 2]


def test_a_comprehension_is_a_block_of_its_own_but_for_its_first_iterable() -> None:
    module = run("x = [[1, 2]]\ny = [x for x in x for y in x]\n")
    assert starlark.to_python(module["x"]) == [[1, 2]]
    assert starlark.to_python(module["y"]) == [[1, 2], [1, 2]]


def test_functions_capture_variables_by_reference() -> None:
    text = """
def counter():
    n = [0]
    def more():
        n[0] += 1
        return n[0] + extra
    extra = 10
    return more
c = counter()
result = [c(), c()]
late = [f() for f in [lambda: i for i in range(3)]]
def nested():
    a = 1
    def middle():
        def inner():
            return a
        return inner
    return middle()()
deep = nested()
"""
    module = run(text)
    assert starlark.to_python(module["result"]) == [11, 12]
    assert starlark.to_python(module["late"]) == [2, 2, 2]
    assert module["deep"] == 1


def test_a_variable_set_in_one_branch_only_may_be_unset_after_it() -> None:
    text = "def f(a):\n    if a:\n        x = 1\n    return x\n"
    assert run(text + "r = f(True)")["r"] == 1
    assert failure(text + "r = f(False)").code == "AL212"


def test_a_variable_set_in_a_loop_may_be_unset_after_it() -> None:
    text = "def f(a):\n    for y in a:\n        x = y\n    return x\n"
    assert run(text + "r = f([1, 2])")["r"] == 2
    assert failure(text + "r = f([])").code == "AL212"
