"""The conformance suite of bazelbuild/starlark, read in place.

The idea of chunked files, and their format, come from starlark-go's internal/chunkedfile: a line `---` begins
a new program, line numbers are those of the whole file, `### pattern` names the failure expected. A mark
with a label (`### go:`) counts for that implementation alone; this dialect is Go's.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from agentlark import starlark

SUITE = Path(
    os.environ.get("STARLARK_SUITE", Path(__file__).parents[4] / "shared" / "suites" / "bazelbuild-starlark")
)
_LABELS = ("go", "java", "rust")
_MARK = re.compile(r"###\s*(.*?)\s*$")


@dataclass(frozen=True)
class Chunk:
    """One program of the suite and the failure it should end with, if any."""

    name: str
    text: str
    expected: str | None


def chunks() -> Iterator[Chunk]:
    for path in sorted(SUITE.glob("testdata/*/*.star")):
        lines = path.read_text(encoding="utf-8").split("\n")
        start = 0
        for end in [*(at for at, line in enumerate(lines) if line.strip() == "---"), len(lines)]:
            body = lines[start:end]
            text = "\n" * start + "\n".join(_MARK.sub("", line) for line in body)
            yield Chunk(f"{path.parent.name}/{path.name}:{start + 1}", text, _expected(body))
            start = end + 1


def _expected(lines: list[str]) -> str | None:
    plain = None
    for line in lines:
        mark = _MARK.search(line)
        if not mark:
            continue
        label, colon, pattern = mark[1].partition(":")
        if colon and label in _LABELS:
            if label == "go":
                return pattern.strip()
        else:
            plain = mark[1]
    return plain


def _matches(pattern: str, message: str) -> bool:
    if pattern.lower() in message.lower():
        return True
    return re.search(pattern, message, re.IGNORECASE) is not None


def _equal(call: starlark.Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    if not call.equal(args[0], args[1]):
        call.error(f"got {call.repr(args[0])}, want {call.repr(args[1])}")


def _unequal(call: starlark.Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    if call.equal(args[0], args[1]):
        call.error(f"got {call.repr(args[0])} twice")


def _true(call: starlark.Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    if not args[0]:
        call.error("assertion failed")


PRELUDE = {
    "assert_eq": starlark.Builtin("assert_eq", _equal),
    "assert_ne": starlark.Builtin("assert_ne", _unequal),
    "assert_": starlark.Builtin("assert_", _true),
}


def run(chunk: Chunk) -> str | None:
    """What is wrong with how the chunk ends; None when it ends as expected."""
    try:
        starlark.execute(chunk.text, filename=chunk.name, builtins=PRELUDE)
    except starlark.StarlarkError as error:
        if chunk.expected is None:
            return f"unexpected failure:\n{error}"
        if not any(_matches(chunk.expected, found.message) for found in error.diagnostics):
            return f"expected {chunk.expected!r}, got:\n{error}"
        return None
    return None if chunk.expected is None else f"expected {chunk.expected!r}, but it ran"


@pytest.mark.skipif(not SUITE.is_dir(), reason=f"the conformance suite is not at {SUITE}")
def test_every_chunk_of_the_suite_ends_as_it_says(capsys: pytest.CaptureFixture[str]) -> None:
    every = list(chunks())
    failures = {chunk.name: problem for chunk in every if (problem := run(chunk)) is not None}
    with capsys.disabled():
        sys.stdout.write(
            f"\nbazelbuild/starlark suite: {len(every) - len(failures)} of {len(every)} chunks\n"
        )
    assert not failures, "\n\n".join(f"{name}: {problem}" for name, problem in failures.items())
    assert len(every) == 430
