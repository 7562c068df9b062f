from __future__ import annotations

from typing import Any

import pytest

from agentlark import starlark
from tests.agentlark.starlark.running import failure, run, value_of

TRUE = [
    "True != 1",
    "False != 0",
    "[True] != [1]",
    "(1, [True]) != (1, [1])",
    "{'a': True} != {'a': 1}",
    "len({True: 'a', 1: 'b', 0: 'c', False: 'd'}) == 4",
    "{True: 'a', 1: 'b'}[True] == 'a'",
    "{True: 'a', 1: 'b'}.keys() == [True, 1]",
    "{(1, True): 'a', (1, 1): 'b'}[(1, True)] == 'a'",
    "{(1, True): 'a'}.items() == [((1, True), 'a')]",
    "{1: 'a'} == {1.0: 'a'}",
    "True not in [1]",
    "1 not in {True: 0}",
    "[1, True].index(True) == 1",
    "len(set([1, True, 1.0])) == 2",
    "1 == 1.0",
    "9007199254740993 != 9007199254740992.0",
    "9007199254740993 > 9007199254740992.0",
    "(1 << 500) < float('inf')",
    "float('nan') == float('nan')",
    "float('nan') > float('inf')",
    "sorted([2.5, float('nan'), 1]) == [1, 2.5, float('nan')]",
    "[1, 2] < [1, 3]",
    "(1,) < (1, 0)",
    "'a' < 'b'",
    "b'a' < b'b'",
    "False < True",
    "set([1]) < set([1, 2])",
    "range(3) == range(0, 3)",
    "-7 // 2 == -4",
    "-7 % 3 == 2",
    "7.5 // 2 == 3.0",
    "1 / 2 == 0.5",
    "6 & 3 | 8 ^ 1 == 11",
    "~5 == -6",
    "1 << 3 >> 1 == 4",
    "not []",
    "'b' in {'a': 1, 'b': 2}",
    "'ab' in 'cabd'",
    "[1, 2, 3][::-1] == [3, 2, 1]",
    "'abc'[-2:] == 'bc'",
    "range(10)[2:8:3] == range(2, 8, 3)",
    "{'a': 1} | {'b': 2} == {'a': 1, 'b': 2}",
    "list({'b': 1, 'a': 2} | {'b': 3}) == ['b', 'a']",
    "type([].append) == 'builtin_function_or_method'",
    "str(1e6) == '1e+06' and str(100000.0) == '100000.0' and str(1.5) == '1.5'",
    "str(b'\\xff\\x41') == '\\ufffdA'",
    "repr('a\"\\n\\x01é') == '\"a\\\\\"\\\\n\\\\x01é\"'",
    "str([1, 'a', (2,), {'k': None}, True]) == '[1, \"a\", (2,), {\"k\": None}, True]'",
    "'%s %r %d %x %%' % ('a', 'b', 3, 255) == 'a \"b\" 3 ff %'",
    "'%(k)s' % {'k': 1} == '1'",
    "'{} {k!r} {{}}'.format(1, k = 'v') == '1 \"v\" {}'",
    "hash('hello') == 99162322",
    "getattr('a', 'upper')() == 'A'",
    "[x for x in 'abc'.elems()] == ['a', 'b', 'c']",
    "(lambda *a, k = 1, **kw: (a, k, kw))(1, 2, z = 3) == ((1, 2), 1, {'z': 3})",
    "' a  b '.split() == ['a', 'b']",
    "' a  b '.split(None, 1) == ['a', 'b ']",
    "'Catch-22'.istitle() and 'HAL-9000'.isupper()",
]


@pytest.mark.parametrize("expression", TRUE)
def test_holds(expression: str) -> None:
    assert value_of(expression) is True


ERRORS = [
    ("True + 1", "AL201", "unknown binary op: bool + int"),
    ("1 < True", "AL201", "int < bool not implemented"),
    ("None < None", "AL201", "NoneType < NoneType not implemented"),
    ("[1] + (2,)", "AL201", "unknown binary op: list + tuple"),
    ("[x for x in 'abc']", "AL201", "string value is not iterable"),
    ("{[]: 1}", "AL201", "unhashable type: list"),
    ("{'a': 1}['b']", "AL204", 'key "b" not in dict'),
    ("[1][1]", "AL205", "list index 1 out of range"),
    ("''[0]", "AL205", "string index 0 out of range (empty)"),
    ("1 // 0", "AL203", "division by zero"),
    ("1 % 0", "AL203", "modulo by zero"),
    ("1.0 / 0", "AL203", "division by zero"),
    ("(lambda x: x)()", "AL210", "missing 1 argument (x)"),
    ("(lambda x: x)(1, 2)", "AL210", "accepts exactly 1 positional argument (2 given)"),
    ("(lambda x: x)(1, x = 2)", "AL210", 'multiple values for parameter "x"'),
    ("(lambda name: 1)(nome = 2)", "AL210", "unexpected keyword argument nome"),
    ("sorted([1], revers = True)", "AL210", "unexpected keyword argument revers"),
    ("len()", "AL210", "missing argument"),
    ("len(1, 2)", "AL210", "got 2 arguments, want at most 1"),
    ("fail('a', 1)", "AL211", "fail: a 1"),
    ("'a'.uper()", "AL202", "string has no .uper field or method"),
    ("1()", "AL201", "invalid call of non-function (int)"),
    ("int('x')", "AL201", "invalid literal with base 10: x"),
    ("[][1:2:0]", "AL201", "zero is not a valid slice step"),
]


@pytest.mark.parametrize(("expression", "code", "message"), ERRORS)
def test_fails_with_its_code(expression: str, code: str, message: str) -> None:
    found = failure(f"x = {expression}")
    assert found.code == code
    assert message in found.message


def test_suggestions_name_the_nearest_key_method_and_parameter() -> None:
    assert failure("x = {'model': 1}['modle']").help == 'did you mean "model"?'
    assert failure("x = 'a'.uper()").help == "did you mean .upper?"
    assert failure("def f(depends_on): pass\nf(depend_on = 1)").help == "did you mean depends_on?"


@pytest.mark.parametrize(
    "change",
    ["x.append(1)", "x.clear()", "x.extend([1])", "x.insert(0, 1)", "x.pop()", "x.remove(1)", "x[0] = 2"],
)
def test_a_list_cannot_change_while_it_is_iterated_over(change: str) -> None:
    found = failure(f"def f(x):\n    for _ in x:\n        {change}\nf([1, 2])")
    assert found.code == "AL206"
    assert "during iteration" in found.message
    assert failure(f"x = [1, 2]\ndef g(): {change}\ny = [g() for _ in x]").code == "AL206"


@pytest.mark.parametrize(
    "change",
    ["x['c'] = 1", "x.clear()", "x.pop('a')", "x.popitem()", "x.setdefault('d', 1)", "x.update(e = 1)"],
)
def test_a_dict_cannot_change_while_it_is_iterated_over(change: str) -> None:
    assert failure(f"def f(x):\n    for _ in x:\n        {change}\nf(dict(a = 1))").code == "AL206"


def test_a_container_may_change_again_after_the_iteration_however_it_ended() -> None:
    text = "def f(x):\n    for i in x:\n        for j in x:\n            return i\n"
    module = run(text + "x = [1, 2]\nf(x)\ny = [i for i in x]\nx.append(3)\n")
    assert list(module["x"]) == [1, 2, 3]


def test_everything_a_module_holds_is_frozen_after_it_ran() -> None:
    text = "a = [[1], {'k': [2]}]\ndef f():\n    inner = [1]\n    return lambda: inner.append(2)\ng = f()\n"
    module = run(text)
    other = "load('m', 'a', 'g')\n"
    for change in ("a[0].append(1)", "a[1]['k'].append(1)", "g()", "a.append(1)"):
        assert failure(other + change, load=lambda name, span: module).code == "AL206"


def test_in_place_addition_extends_a_list_seen_elsewhere() -> None:
    module = run("def f():\n    a = [1]\n    b = a\n    a += (2,)\n    return b\nx = f()")
    assert list(module["x"]) == [1, 2]


def test_dicts_keep_the_order_of_insertion() -> None:
    assert list(value_of("{'b': 1, 'a': 2}")) == ["b", "a"]
    assert list(value_of("dict([('b', 1), ('a', 2)], c = 3)")) == ["b", "a", "c"]


def test_a_computed_key_that_comes_twice_is_refused_where_it_comes_again() -> None:
    found = failure("k = 'a'\nx = {'a': 1, k: 2}")
    assert (found.code, str(found.place)) == ("AL107", "test.lark:2:14")


PLAIN: list[tuple[str, Any]] = [
    ("[1, (2.5, None), {'a': True}]", [1, [2.5, None], {"a": True}]),
    ("range(3)", [0, 1, 2]),
    ("set(['b', 'a'])", ["b", "a"]),
]


@pytest.mark.parametrize(("expression", "plain"), PLAIN)
def test_plain_data_is_handed_to_python(expression: str, plain: Any) -> None:
    assert value_of(expression) == plain


@pytest.mark.parametrize(
    ("text", "path", "reason"),
    [
        ("x = {'a': [0, len]}", "$.a[1]", "builtin_function_or_method"),
        ("x = [{1: 2}]", "$[0]", "a key must be a string, not int"),
        ("x = [{True: 2}]", "$[0]", "a key must be a string, not bool"),
        ("x = [float('nan')]", "$[0]", "NaN"),
        ("x = [1]\nx.append(x)", "$[1]", "contains itself"),
        ("x = b'a'", "$", "bytes"),
    ],
)
def test_what_has_no_plain_form_is_named_by_its_path(text: str, path: str, reason: str) -> None:
    with pytest.raises(starlark.NotPlain) as caught:
        starlark.to_python(run(text)["x"])
    assert caught.value.path == path
    assert reason in caught.value.reason
