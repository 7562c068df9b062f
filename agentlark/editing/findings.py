"""What is wrong with an open file, as the compiler says it, sorted by the file it is wrong in.

A file that defines no squad is checked through those that load it; alone, it is only no squad where one must
be.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from agentlark import starlark
from agentlark.compiler import compile_file
from agentlark.diagnostics import Diagnostic, Span
from agentlark.editing.outline import Bracket
from agentlark.editing.projects import Texts, defines_squad, entries, is_default
from agentlark.errors import ConfigError

MAX_STEPS = 2_000_000
"""What a file may spend while it is typed; `agentlark check` allows more."""

MOST_ENTRIES = 5
"""How many squads are compiled for one file that they share."""

_NO_SQUAD = "AL300"
_NO_VALUE = "AL320"


def findings(path: Path, texts: Texts) -> dict[Path, list[Diagnostic]]:
    """All that is found about a file and those it belongs to, by file; the file itself is always there."""
    found: dict[Path, list[Diagnostic]] = {path: []}
    for diagnostic in dict.fromkeys(_everything(path, texts)):
        place = diagnostic.place
        where = Path(place.file) if isinstance(place, Span) else path
        found.setdefault(where, []).append(_at_ease(diagnostic))
    return found


def _everything(path: Path, texts: Texts) -> Iterable[Diagnostic]:
    if path.suffix != ".lark":
        yield from _syntax(path, texts)
        return
    squads = entries(path, texts)[:MOST_ENTRIES]
    for entry in squads or [path]:
        yield from (each for each in _compiled(entry, texts) if squads or not _is_library(each, path, texts))


def _syntax(path: Path, texts: Texts) -> Iterable[Diagnostic]:
    """Of a file that other programs run: whether it parses."""
    try:
        starlark.parse(texts.read(path) or "", filename=str(path))
    except starlark.StarlarkError as error:
        yield from error.diagnostics


def _compiled(entry: Path, texts: Texts) -> Iterable[Diagnostic]:
    try:
        done = compile_file(entry, shown=str(entry), max_steps=MAX_STEPS, unsaved=texts.unsaved)
    except (ConfigError, starlark.StarlarkError) as error:
        return error.diagnostics
    return done.diagnostics


def _is_library(diagnostic: Diagnostic, path: Path, texts: Texts) -> bool:
    """Whether a file without a squad may be one that others will load."""
    if diagnostic.code != _NO_SQUAD or is_default(path) or defines_squad(path, texts):
        return False
    known = texts.outline(path)
    return known is None or not any(map(_is_listed, known.brackets))


def _is_listed(call: Bracket) -> bool:
    """Whether a call makes an agent or a group right inside a list at the top level, as in a squad."""
    around = call.around
    return (
        call.name in ("agent", "group") and around is not None and around.opener == "[" and not around.around
    )


def _at_ease(diagnostic: Diagnostic) -> Diagnostic:
    """A value that only the command line gives is nothing to correct in the file."""
    return replace(diagnostic, severity="note") if diagnostic.code == _NO_VALUE else diagnostic
