"""Every chunk of `tests/cases/*.lark` is found wrong exactly where it says so, and nowhere else.

Chunks are separated by lines of three dashes. A line that is wrong says itself what is to be told of it:

    ### CODE COLUMN-END message => help <- LINE:COLUMN label

COLUMN and END are those of the first character and after the last one (with `LINE:` before END when that is
on another line); message, help and labels are beginnings of what is said. Where no help is stated there must
be none; every second place must be stated. Chunks without marks must compile. The form, with what is expected
on the failing line itself, follows starlark-go's chunkedfile.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from agentlark.compiler import compile_file
from agentlark.diagnostics import Diagnostic, Span
from agentlark.errors import ConfigError

FOLDER = Path(__file__).parent.parent / "cases"
FILES = ("syntax", "names", "running", "squad")
MARK = re.compile(r"\s*### (?=AL\d{3} )")
LEAST_BROKEN = 60


@dataclass(frozen=True)
class Expected:
    """What a mark says."""

    line: int
    code: str
    span: str
    cause: str
    help: str
    labels: tuple[str, ...]


@dataclass(frozen=True)
class Case:
    """A chunk: its text without marks, and what they say."""

    name: str
    text: str
    expected: tuple[Expected, ...]


def read_mark(line: int, mark: str) -> Expected:
    told, *labels = mark.split(" <- ")
    told, _, help = told.partition(" => ")
    code, span, cause = told.split(" ", 2)
    return Expected(line, code, span, cause.strip(), help.strip(), tuple(label.strip() for label in labels))


def cases() -> list[Case]:
    found = []
    for file in FILES:
        chunks = re.split(r"(?m)^---\n", (FOLDER / f"{file}.lark").read_text(encoding="utf-8"))
        for number, chunk in enumerate(chunks):
            lines, expected = [], []
            for at, line in enumerate(chunk.splitlines(), start=1):
                text, *marks = MARK.split(line)
                lines.append(text)
                expected += [read_mark(at, mark) for mark in marks]
            found.append(Case(f"{file}-{number}", "\n".join(lines), tuple(expected)))
    return found


CASES = cases()
SCORES = ("line", "span", "cause", "suggestion", "labels")


def found_in(case: Case, folder: Path) -> list[Diagnostic]:
    path = folder / "configs" / "agents.lark"
    path.parent.mkdir(exist_ok=True)
    path.write_text(case.text, encoding="utf-8")
    try:
        return list(compile_file(path, shown="agents.lark").diagnostics)
    except ConfigError as error:
        return list(error.diagnostics)


def span_of(place: Span) -> str:
    end = f"{place.end_line}:" if place.end_line != place.line else ""
    return f"{place.column}-{end}{place.end_column}"


def score(expected: Expected, found: Diagnostic) -> dict[str, bool]:
    """Which properties of a finding are as the mark says."""
    assert isinstance(found.place, Span)
    labels = [
        f"{each.place.line}:{each.place.column} {each.message}"
        for each in found.related
        if isinstance(each.place, Span)
    ]
    help = found.help or ""
    return {
        "line": found.place.line == expected.line,
        "span": span_of(found.place) == expected.span,
        "cause": found.code == expected.code and found.message.startswith(expected.cause),
        "suggestion": help.startswith(expected.help) and bool(help) == bool(expected.help),
        "labels": len(labels) == len(expected.labels) and all(map(str.startswith, labels, expected.labels)),
    }


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES])
def test_a_broken_file_is_found_wrong_where_it_says_so(case: Case, tmp_path: Path) -> None:
    found = found_in(case, tmp_path)
    told = [f"{each.place}: {each.code} {each.message}" for each in found]
    assert len(found) == len(case.expected), told
    for expected, diagnostic in zip(case.expected, sorted(found, key=_place), strict=True):
        scores = score(expected, diagnostic)
        assert all(scores.values()), (scores, expected, diagnostic)


def _place(found: Diagnostic) -> tuple[int, int]:
    assert isinstance(found.place, Span)
    return found.place.line, found.place.start


def test_the_corpus_is_large_and_its_score_is_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = [case for case in CASES if case.expected]
    marks = dict.fromkeys(SCORES, 0)
    total = 0
    for case in broken:
        found = sorted(found_in(case, tmp_path), key=_place)
        total += len(case.expected)
        for expected, diagnostic in zip(case.expected, found, strict=False):
            for name, right in score(expected, diagnostic).items():
                marks[name] += right
    with capsys.disabled():
        listed = ", ".join(f"{name} {marks[name]}" for name in SCORES)
        sys.stdout.write(f"\nbroken files: {len(broken)}; mistakes: {total}; right are {listed}\n")
    assert len(broken) >= LEAST_BROKEN
    assert set(marks.values()) == {total}
