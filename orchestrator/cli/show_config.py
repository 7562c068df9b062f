"""`agentlark show AGENT --config`: an agent's settings, where each comes from, and who depends on it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from agentlark.diagnostics import Place
    from agentlark.effective import Effective, Setting

_LONGEST = 60


def show_config(agent: str, file: Path, variables: Mapping[str, str], *, as_json: bool) -> None:
    """Print the effective configuration of an agent. Raises ConfigError, UnknownAgent."""
    from agentlark.compiler import compile_file
    from agentlark.diagnostics import visible
    from agentlark.effective import effective

    found = effective(compile_file(file, variables=variables), agent)
    if as_json:
        sys.stdout.write(json.dumps(_as_json(found), indent=2, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write(visible("".join(f"{line}\n" for line in _lines(found))))


def _lines(found: Effective) -> Iterable[str]:
    yield f"agent {found.id}, {_line_of(found.place)}"
    yield from _table(found.fields)
    yield f"group {found.group}"
    yield from _table(found.group_fields)
    yield f"waited for by: {', '.join(found.dependents) or 'nobody'}"
    if found.handed_by:
        yield f"may be handed work by: {', '.join(found.handed_by)}"


def _table(settings: Iterable[Setting]) -> Iterable[str]:
    rows = [(f"{each.name} = {_brief(each.value)}", each.place) for each in settings]
    width = max(len(text) for text, _ in rows)
    for text, place in rows:
        yield f"  {text.ljust(width)}  {_line_of(place) if place else 'default'}"


def _brief(value: Any) -> str:
    """A value in a line; of long text its beginning and how much there is."""
    text = "unset" if value is None else json.dumps(value, ensure_ascii=False)
    if isinstance(value, str) and "\n" in value.rstrip("\n"):
        first, lines = value.splitlines()[0], len(value.splitlines())
        return f"{json.dumps(first[:_LONGEST], ensure_ascii=False)} … ({lines} lines)"
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} … ({len(text)} characters)"


def _line_of(place: Place) -> str:
    return str(place).rpartition(":")[0] or str(place)


def _as_json(found: Effective) -> dict[str, Any]:
    return {
        "agent": found.id,
        "group": found.group,
        **_json_place(found.place),
        "fields": {each.name: _setting(each) for each in found.fields},
        "group_fields": {each.name: _setting(each) for each in found.group_fields},
        "dependents": list(found.dependents),
        "handed_by": list(found.handed_by),
    }


def _setting(each: Setting) -> dict[str, Any]:
    return {"value": each.value, **_json_place(each.place)}


def _json_place(place: Place | None) -> dict[str, Any]:
    from agentlark.diagnostics import Span

    if not isinstance(place, Span):
        return {"file": None, "line": None, "column": None}
    return {"file": place.file, "line": place.line, "column": place.column}
