"""One case: one contestant on one program: `python -m benchmarks.language_case CONTESTANT PROGRAM`.

PROGRAM is a number of agents or the name of a kernel. Prints one JSON object (`Figures`) and exits;
`language.py` starts it. A contestant is a function from a source text to the plain Python value of its
global `result`.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import importlib.metadata
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any, TypeAlias

from benchmarks.language_programs import KERNELS, configuration, kernel

Evaluate: TypeAlias = Callable[[str], object]

DISTRIBUTIONS = {
    "agentlark": "agentlark",
    "starlark-pyo3": "starlark-pyo3",
    "starlark-go": "starlark-go",
    "starlark": "starlark",
}
"""The contestants, and the distributions they come from."""

OWN_WORDS = ("starlark-pyo3", "starlark-go")
"""Who gets `agent` and `group` defined in the file: pyo3 is faster so, as nothing is converted on the way in
and out of each call; starlark-go 1.0.1 crashes where a Python function gets no positional arguments."""

ENOUGH_S = 0.4
"""A program is run again and again for so long; the median counts."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What a case came to; `digest` is that of the value."""

    contestant: str
    program: str
    seconds: float
    runs: int
    digest: str


def measure(contestant: str, program: str) -> Figures:
    """The figures of one case."""
    evaluate = evaluator(contestant)
    if program in KERNELS:
        text = kernel(program)
    else:
        text = configuration(int(program), with_words=contestant in OWN_WORDS)
    evaluate(configuration(10, with_words=contestant in OWN_WORDS))  # whatever is set up only once
    times: list[float] = []
    value: object = None
    while sum(times) < ENOUGH_S:
        value = None  # what is left of the run before is not this run's to clear away
        begun = time.perf_counter()
        value = evaluate(text)
        times.append(time.perf_counter() - begun)
    digest = hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
    return Figures(contestant, program, median(times), len(times), digest)


def evaluator(contestant: str) -> Evaluate:
    """The contestant; imported here so that each process loads nothing but its own."""
    makers: dict[str, Callable[[], Evaluate]] = {
        "agentlark": _agentlark,
        "starlark-pyo3": _pyo3,
        "starlark-go": _go,
        "starlark": _pure,
    }
    return makers[contestant]()


def _agentlark() -> Evaluate:
    from agentlark import starlark

    def word(_: starlark.Call, args: tuple[object, ...], kwargs: dict[str, object]) -> dict[str, object]:
        return kwargs

    builtins = {name: starlark.Builtin(name, word) for name in ("agent", "group")}

    def evaluate(text: str) -> object:
        module = starlark.execute(text, filename="bench.lark", builtins=builtins)
        return starlark.to_python(module["result"])

    return evaluate


def _pyo3() -> Evaluate:
    starlark: Any = importlib.import_module("starlark")
    standard = starlark.Globals.standard()
    dialect = starlark.Dialect.extended()

    def evaluate(text: str) -> object:
        # Only the value of the last expression is handed over.
        tree = starlark.parse("bench.lark", f"{text}result\n", dialect)
        return starlark.eval(starlark.Module(), tree, standard)

    return evaluate


def _go() -> Evaluate:
    starlark: Any = importlib.import_module("starlark_go")

    def evaluate(text: str) -> object:
        thread = starlark.Starlark()
        thread.exec(text, filename="bench.lark")
        return thread.get("result")

    return evaluate


def _pure() -> Evaluate:
    starlark: Any = importlib.import_module("starlark")

    def word(**fields: object) -> object:
        return starlark.to_value(fields)

    words = {name: starlark.BuiltinFunction(name, word) for name in ("agent", "group")}

    def evaluate(text: str) -> object:
        module = starlark.exec_file(text, "bench.lark", predeclared=words)
        return starlark.from_value(module.globals["result"])

    return evaluate


def main() -> int:
    """Run the case named on the command line and print its figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.language_case", description=__doc__)
    parser.add_argument("contestant", choices=DISTRIBUTIONS)
    parser.add_argument("program", nargs="?", help="a number of agents, or a kernel; none: print the version")
    options = parser.parse_args()
    if options.program is None:
        evaluator(options.contestant)(kernel("fib"))
        print(importlib.metadata.version(DISTRIBUTIONS[options.contestant]))
        return 0
    print(json.dumps(asdict(measure(options.contestant, options.program))))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
