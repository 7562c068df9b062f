"""What `agentlark fmt` writes, buildifier leaves as it is: for every Starlark file at hand, and by chance.

Two things are left out, on purpose. A list under a `keep sorted` comment is not sorted, and calls whose
arguments are calls keep their order, since both change what a program does. And buildifier spells
non-ASCII names in loads as bytes, which is another name here.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random

import pytest

from agentlark import starlark
from agentlark.fmt import format_text
from agentlark.fmt.meaning import argument_rank
from agentlark.starlark import StarlarkError
from agentlark.starlark.syntax import tree
from tests.fuzz.configurations import Grammar
from tests.fuzz.layouts import strewn

ROOT = Path(__file__).parents[3]
SUITE = Path(os.environ.get("STARLARK_SUITE", ROOT.parent / "shared" / "suites" / "bazelbuild-starlark"))
MODULES = os.environ.get("AGENTLARK_NODE_MODULES")
ROUNDS = 3000 if os.environ.get("AGENTLARK_SOAK") else 200
CHUNK = re.compile(r"(?m)^---\n")

pytestmark = pytest.mark.interop


def _files() -> Iterator[Path]:
    for folder in ("configs", "examples", "templates", "tests/cases"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in (".lark", ".star"):
                yield path
    yield from sorted(SUITE.glob("testdata/*/*.star"))


Rewritten = Callable[[Sequence[str]], list[str | None]]


@pytest.fixture
def rewritten(tmp_path: Path) -> Rewritten:
    """Has buildifier rewrite texts as plain Starlark files; None stands for one that it cannot read."""
    modules = Path(MODULES) if MODULES else Path.home() / ".cache" / "agentlark" / "node" / "node_modules"
    program = modules / ".bin" / "buildifier"
    if shutil.which("node") is None or not program.exists():
        install = f"npm install --prefix {modules.parent} @bazel/buildifier@8.2.1"
        pytest.skip(f"no buildifier in {modules}: {install}")

    def rewrite(texts: Sequence[str]) -> list[str | None]:
        files = [tmp_path / f"{at}.star" for at in range(len(texts))]
        for file, text in zip(files, texts, strict=True):
            file.write_text(text, encoding="utf-8")
        command = [str(program), "--type=default", "--mode=fix", *map(str, files)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        unread = {line.split(":", 1)[0] for line in done.stderr.splitlines()}
        return [None if str(file) in unread else file.read_text(encoding="utf-8") for file in files]

    return rewrite


@pytest.mark.parametrize("path", list(_files()), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_file_at_hand_stays_as_it_is_formatted(path: Path, rewritten: Rewritten) -> None:
    formatted = []
    for chunk in CHUNK.split(path.read_text(encoding="utf-8")):
        try:
            formatted.append(format_text(chunk, filename=path.name))
        except StarlarkError:
            continue  # a chunk that shows a syntax error
    theirs = rewritten(formatted)

    assert theirs.count(None) < len(theirs) / 2, "buildifier reads most of what this language has"
    assert [ours for ours, other in zip(formatted, theirs, strict=True) if other not in (ours, None)] == []


def test_programs_and_layouts_made_up_by_chance_stay_as_they_are_formatted(rewritten: Rewritten) -> None:
    random = Random(10)
    formatted: list[str] = []
    while len(formatted) < ROUNDS:
        text = strewn(random, Grammar(random).file())
        try:
            file = starlark.parse(text, filename="x.lark")
        except StarlarkError:
            continue
        if "é" in text or _loads_twice(file) or any(map(_is_left_out, file.body)):
            continue
        formatted.append(format_text(text, filename="x.lark"))
    theirs = rewritten(formatted)

    assert theirs.count(None) < len(theirs) / 2
    assert [ours for ours, other in zip(formatted, theirs, strict=True) if other not in (ours, None)] == []


def _is_left_out(node: tree.Node) -> bool:
    """Whether a call has arguments in an order that buildifier would change."""
    if isinstance(node, tree.Call):
        ranks = [argument_rank(argument) for argument in node.args]
        if ranks != sorted(ranks):
            return True
    return any(map(_is_left_out, tree.children(node)))


def _loads_twice(file: tree.File) -> bool:
    """Whether a name is loaded twice, which is an error that buildifier would hide."""
    loads = [node for node in file.body if isinstance(node, tree.Load)]
    names = [
        each.local.name if each.local else each.exported.value for node in loads for each in node.symbols
    ]
    return len(set(names)) < len(names)
