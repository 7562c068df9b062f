"""docs/errors.md explains every code there is, and each of its examples gets the code it stands for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import agentlark
from agentlark import codes, explain
from agentlark.blueprint import read_blueprint
from agentlark.check import check_backends
from agentlark.compiled import parse_compiled
from agentlark.compiler import compile_file
from agentlark.diagnostics import Diagnostic
from agentlark.errors import ConfigError
from agentlark.starlark import codes as language_codes

KNOWN = {**language_codes.CODES, **codes.CODES}


def found_in(language: str, text: str, code: str, folder: Path) -> list[Diagnostic]:
    if language == "json" and code == "AL330":
        with pytest.raises(ConfigError) as refused:
            parse_compiled(text, "agents.out.json")
        return list(refused.value.diagnostics)
    if language == "json":
        problems = read_blueprint(text, known=(), taken=())
        return problems if isinstance(problems, list) else []
    path = folder / "agents.lark"
    path.write_text(text, encoding="utf-8")
    try:
        compiled = compile_file(path)
        return [*compiled.diagnostics, *check_backends(compiled.squad, compiled.places, ["anthropic"])]
    except ConfigError as error:
        return list(error.diagnostics)


def test_every_code_has_an_entry_under_its_meaning() -> None:
    assert {code: entry.title for code, entry in explain.entries().items()} == KNOWN
    assert list(explain.entries()) == sorted(KNOWN)


def test_every_code_in_the_source_is_known() -> None:
    folder = Path(agentlark.__file__).parents[1]
    used = {
        code
        for room in ("agentlark", "orchestrator")
        for path in (folder / room).rglob("*.py")
        for code in re.findall(r'"(AL\d{3})"', path.read_text(encoding="utf-8"))
    }
    assert used == set(KNOWN)


@pytest.mark.parametrize("entry", explain.entries().values(), ids=lambda entry: entry.code)
def test_an_example_gets_the_code_it_stands_for(entry: explain.Entry, tmp_path: Path) -> None:
    language, text = explain.example_of(entry)
    if language == "console":
        assert entry.code == "AL321"  # held by the command's own test
        return
    found = {each.code for each in found_in(language, text, entry.code, tmp_path)}
    assert entry.code in found
    assert found <= {entry.code, "AL309", "AL318"}, "an example shows one mistake"
    assert len(entry.text.split("\n\n")) >= 3, "the meaning, the example, the way out"


@pytest.mark.parametrize("written", ["AL308", "al308", "308"])
def test_a_code_may_be_written_carelessly(written: str) -> None:
    assert explain.entry(written).code == "AL308"


@pytest.mark.parametrize("written", ["AL999", "", "x", "AL"])
def test_a_code_that_nothing_has_is_refused(written: str) -> None:
    with pytest.raises(explain.UnknownCode):
        explain.entry(written)
