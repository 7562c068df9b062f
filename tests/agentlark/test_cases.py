"""Every chunk of `tests/cases/squad.lark` is found wrong exactly where it says so, and nowhere else.

The chunked form, with the expected message on the failing line itself, follows starlark-go's chunkedfile.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from agentlark.compiler import compile_file
from agentlark.diagnostics import Diagnostic, Span
from agentlark.errors import ConfigError

CASES = Path(__file__).parent.parent / "cases" / "squad.lark"
MARK = re.compile(r"\s*### (AL\d+) (.*)$")


def _chunks() -> list[str]:
    return re.split(r"(?m)^---\n", CASES.read_text(encoding="utf-8"))


def _found(path: Path) -> list[Diagnostic]:
    try:
        return list(compile_file(path).diagnostics)
    except ConfigError as error:
        return list(error.diagnostics)


@pytest.mark.parametrize("chunk", [pytest.param(chunk, id=str(n)) for n, chunk in enumerate(_chunks())])
def test_a_broken_file_is_found_wrong_where_it_says_so(chunk: str, tmp_path: Path) -> None:
    expected = {}
    lines = []
    for number, line in enumerate(chunk.splitlines(), start=1):
        mark = MARK.search(line)
        if mark:
            expected[number, mark[1]] = mark[2]
        lines.append(MARK.sub("", line))
    path = tmp_path / "configs" / "agents.lark"
    path.parent.mkdir()
    path.write_text("\n".join(lines), encoding="utf-8")

    found = {}
    for diagnostic in _found(path):
        assert isinstance(diagnostic.place, Span), diagnostic
        text = f"{diagnostic.message} {diagnostic.help or ''}"
        found[diagnostic.place.line, diagnostic.code] = text

    assert set(found) == set(expected), found
    for place, text in expected.items():
        assert text in found[place]
