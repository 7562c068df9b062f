from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings

from agentlark import starlark
from agentlark.diagnostics import Diagnostic
from agentlark.starlark.builtins import UNIVERSE
from tests.agentlark.starlark import programs
from tests.agentlark.starlark.running import failure, run

LIMITS = starlark.Limits(max_steps=20_000, max_value_size=100_000, max_output=1000)
TWICE = "def f():\n    x = {0}\n    for _ in range(100):\n        x = {1}\n    return x\na = f()\nb = f()\n"
LISTS = TWICE.format("[1]", "[x, x]")
TUPLES = TWICE.format("(1,)", "(x, x)")
NESTED = "def f():\n    x = [1]\n    for _ in range(3000):\n        x = [x]\n    return x\na = f()\nb = f()\n"

TOO_MUCH = {
    "steps of loops": ("for i in range(1 << 60): pass", "max_steps"),
    "steps of nested loops": ("x = [0 for a in range(1000) for b in range(1000)]", "max_steps"),
    "steps of calls that double": (
        "\n".join(f"def f{i}(): return (f{i + 1}(), f{i + 1}())" for i in range(40))
        + "\ndef f40(): pass\nf0()",
        "max_steps",
    ),
    "searching a list again and again": ("x = list(range(50000))\ny = [i in x for i in x]", "max_steps"),
    "scanning a string again and again": (
        "x = 'a' * 90000\ny = [x.count('b') for _ in range(9999)]",
        "max_steps",
    ),
    "comparing lists that share": (LISTS + "c = a == b", "max_steps"),
    "ordering lists that share": (LISTS + "c = a < b", "max_steps"),
    "printing lists that share": (LISTS + "c = str(a)", "max_s"),
    "formatting lists that share": (LISTS + "c = '%s' % [a]", "max_s"),
    "keys of tuples that share": (TUPLES + "c = {a: 1}", "a key may have 1000 parts"),
    "comparing deep lists": (NESTED + "c = a == b", "maximum recursion depth"),
    "printing deep lists": (NESTED + "c = repr(a)", "nests too deeply"),
    "a repeated string": ("x = 'ab' * (1 << 40)", "excessive repeat"),
    "a repeated list": ("x = [0] * (1 << 40)", "excessive repeat"),
    "a string that doubles": ("def f():\n  x = 'a'\n  for _ in range(99): x += x\nf()", "max_value_size"),
    "a list that doubles": ("def f():\n  x = [1]\n  for _ in range(99): x += x\nf()", "max_value_size"),
    "a list of a range": ("x = list(range(1 << 60))", "max_value_size"),
    "a joined string": ("x = ('a' * 1000).join([''] * 1000)", "max_value_size"),
    "a replaced string": ("x = ('a' * 1000).replace('', 'b' * 1000)", "max_value_size"),
    "a zip": ("x = zip(*[range(1000)] * 1000)", "max_value_size"),
    "shifted bits": ("x = 1 << 100000", "shift count too large"),
    "an int that squares": ("def f():\n  x = 3\n  for _ in range(99): x = x * x\nf()", "max_int_bits"),
    "an int of many digits": ("x = int('9' * 50000)", "max_int_bits"),
    "calls": (
        "\n".join(f"def f{i}(): f{i + 1}()" for i in range(200)) + "\ndef f200(): pass\nf0()",
        "max_depth",
    ),
    "output": ("for _ in range(2000): print('a')", "max_output"),
}


@pytest.mark.parametrize(("text", "burned"), TOO_MUCH.values(), ids=TOO_MUCH.keys())
def test_what_would_take_too_much_says_what_it_burned(text: str, burned: str) -> None:
    found = failure(text, limits=LIMITS)
    assert found.code == "AL207"
    assert burned in found.message


def test_a_source_may_be_too_large() -> None:
    found = failure("x = 'é'", limits=starlark.Limits(max_source_bytes=7))
    assert (found.code, "max_source_bytes" in found.message) == ("AL207", True)


def test_a_loop_that_leaves_early_pays_for_the_rounds_it_took() -> None:
    text = "def f():\n    for i in range(1 << 60):\n        if i == 10:\n            return i\nx = f()"
    assert run(text, limits=LIMITS)["x"] == 10


@pytest.mark.parametrize(
    "text",
    ["def f(): return f()\nf()", "def f(g): return g(g)\nf(f)", "def f(x): return [f(y) for y in x]\nf([1])"],
)
def test_recursion_is_refused(text: str) -> None:
    assert failure(text).code == "AL208"


def test_a_function_may_be_called_again_once_it_has_ended() -> None:
    module = run(
        "def f(x): return x + 1\ndef g(): return f(f(1))\nx = g() + g()\ny = [f(i) for i in range(2)]"
    )
    assert module["x"] == 6


DEEP = {
    "signs": ("x = " + "-" * 5000 + "1", 1),
    "nots": ("x = " + "not " * 5000 + "1", True),
    "a sum": ("x = " + " + ".join(["1"] * 20_000), 20_000),
    "an or": ("x = " + " or ".join(["0"] * 5000), 0),
    "elifs": ("if 0:\n  x = 1\n" + "elif 0:\n  x = 2\n" * 2000 + "else:\n  x = 3", 3),
    "statements": ("def f():\n" + "  y = 1\n" * 5000 + "  return y\nx = f()", 1),
}


@pytest.mark.parametrize(("text", "value"), DEEP.values(), ids=DEEP.keys())
def test_long_expressions_are_evaluated(text: str, value: int) -> None:
    assert run(text)["x"] == value


TOO_DEEP = {
    "brackets": "x = " + "[" * 2000 + "]" * 2000,
    "calls": "x = " + "len(" * 2000 + ")" * 2000,
    "lambdas": "x = " + "lambda: " * 5000 + "1",
    "choices": "x = " + "1 if 0 else " * 5000 + "1",
    "attributes": "x = ''" + ".a" * 5000,
    "methods": "x = ''" + ".strip()" * 5000,
    "slices": "x = ''" + "[:]" * 5000,
    "blocks": "".join("  " * i + "if 1:\n" for i in range(500)) + "  " * 500 + "x = 1",
}


@pytest.mark.parametrize("text", TOO_DEEP.values(), ids=TOO_DEEP.keys())
def test_what_nests_too_deeply_is_refused(text: str) -> None:
    assert failure(text).code == "AL006"


ESCAPES = [
    "''.__class__",
    "len.__globals__",
    "(lambda: 0).__code__",
    "getattr([], '__class__')",
    "[].append.__self__",
    "'{0.__class__}'.format('')",
    "'{__class__}'.format(**{})",
    "'%(__class__)s' % {}",
    "type(1).mro",
    "(1).real",
    "fail.__init__",
    "__builtins__",
    "eval('1')",
    "open('/etc/passwd')",
]


@pytest.mark.parametrize("expression", ESCAPES)
def test_no_route_leads_to_python(expression: str) -> None:
    assert failure(f"x = {expression}").code in ("AL101", "AL201", "AL202", "AL204")


def test_no_name_of_the_language_begins_with_an_underscore() -> None:
    assert not [name for name in UNIVERSE if name.startswith("_")]


_PROGRAM = """
d = {x: hash(x) for x in ["b", "a", "c"]}
s = set(["z", "y"]) | set(["x"])
print(d, s, dir(""), [f for f in [len, lambda: 0]], {"k": (1, True)})
print(undefinde)
"""


def test_equal_programs_give_equal_bytes_whatever_the_hash_seed() -> None:
    code = (
        "import sys; from agentlark import starlark\n"
        "for text in (sys.argv[1], sys.argv[1].rsplit('\\n', 2)[0]):\n"
        "    try: starlark.execute(text, filename='t', print=sys.stdout.write)\n"
        "    except starlark.StarlarkError as error: sys.stdout.write(str(error))\n"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code, _PROGRAM],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "2")
    }
    (output,) = outputs
    assert b"undefined: undefinde" in output
    assert b'set(["z", "y", "x"])' in output


def test_running_a_program_imports_neither_lark_nor_hypothesis() -> None:
    code = (
        "import sys; from agentlark import starlark\n"
        "starlark.execute('x = [1]', filename='t')\n"
        "assert not {'lark', 'hypothesis', 'pydantic', 'asyncio'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(programs.texts())
def test_generated_programs_end_well_or_with_an_error_of_ours(text: str) -> None:
    found: tuple[Diagnostic, ...] = ()
    try:
        run("a = {}\nagent = len\n" + text.replace("a =", "a1 ="), limits=LIMITS)
    except starlark.StarlarkError as error:
        found = error.diagnostics
    assert all(one.place is not None for one in found)
