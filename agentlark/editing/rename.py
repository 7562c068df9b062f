"""Gives an agent another id, everywhere, and makes sure that nothing else changes.

The squad is compiled before and after: it must be the same but for the id. Where ids are computed, strings
that are equal to the id are tried as well; what would change anything else is refused.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from agentlark.check import check_id
from agentlark.compiled import emit
from agentlark.compiler import compile_file
from agentlark.diagnostics import Source, Span
from agentlark.editing.findings import MAX_STEPS
from agentlark.editing.lookup import agent_mentions
from agentlark.editing.mentions import Role, role_of
from agentlark.editing.projects import Spot, Texts, entries, related
from agentlark.errors import AgentlarkError
from agentlark.model import Squad


class RenameRefused(AgentlarkError):
    """A rename that is not done, and why."""


def renameable(path: Path, offset: int, texts: Texts) -> Spot | None:
    """The agent's id at an offset; None where there is none."""
    known = texts.outline(path)
    text = known.text_at(offset) if known is not None else None
    if text is None or role_of(text) not in (Role.agent, Role.dependency, Role.edge):
        return None
    return Spot(path, *text.inside)


def rename(path: Path, offset: int, new: str, texts: Texts) -> list[Spot]:
    """Every place to be replaced by the new id.

    Raises RenameRefused when there is no id, the new one cannot be one, a squad has errors, or anything but
    the id would change.
    """
    spot = renameable(path, offset, texts)
    if spot is None:
        raise RenameRefused("there is no agent's id here")
    old = (texts.read(path) or "")[spot.start : spot.end]
    problem = check_id(new, Span(Source(str(path), new), 0, 0), "agent")
    if problem is not None:
        raise RenameRefused(f"{problem.message}: {problem.help}")
    if new == old:
        return []
    before = {entry: _squad(entry, texts, "has errors; correct them first") for entry in entries(path, texts)}
    if not any(agent.id == old for squad in before.values() for agent in squad.agents()):
        raise RenameRefused(f"no squad that compiles has an agent {old!r}")
    if any(agent.id == new for squad in before.values() for agent in squad.agents()):
        raise RenameRefused(f"there is an agent {new!r} already")
    refusal: RenameRefused | None = None
    for spots in (_mentioned(path, old, texts), _written(path, old, texts)):
        try:
            _compare(before, old, new, _edited(texts, spots, new))
        except RenameRefused as error:
            refusal = refusal or error
        else:
            return spots
    assert refusal is not None
    raise refusal


def _mentioned(path: Path, id: str, texts: Texts) -> list[Spot]:
    """The places that name the agent by their position."""
    return [Spot(each, *found.text.inside) for each, found in agent_mentions(path, texts) if found.id == id]


def _written(path: Path, id: str, texts: Texts) -> list[Spot]:
    """Every string that is equal to the id."""
    return [
        Spot(each, *text.inside)
        for each in related(path, texts)
        if (known := texts.outline(each)) is not None
        for text in known.texts
        if text.value == id and role_of(text) is not Role.group
    ]


def _edited(texts: Texts, spots: Sequence[Spot], new: str) -> Texts:
    edited = dict(texts.unsaved)
    for path in dict.fromkeys(spot.path for spot in spots):
        text = texts.read(path) or ""
        for spot in sorted((each for each in spots if each.path == path), key=lambda each: -each.start):
            text = text[: spot.start] + new + text[spot.end :]
        edited[path] = text
    return Texts(edited)


def _compare(before: dict[Path, Squad], old: str, new: str, texts: Texts) -> None:
    for entry, squad in before.items():
        after = _squad(entry, texts, f"would have errors with {new!r}")
        if _renamed(_plain(squad), old, new) != _plain(after):
            raise RenameRefused(f"renaming {old!r} would change more than the id in {entry.name}")


def _squad(entry: Path, texts: Texts, what: str) -> Squad:
    try:
        return compile_file(entry, max_steps=MAX_STEPS, unsaved=texts.unsaved).squad
    except AgentlarkError as error:
        first = next((each.message for each in _diagnostics(error)), str(error))
        raise RenameRefused(f"{entry.name} {what}: {first}") from error


def _diagnostics(error: AgentlarkError) -> Iterable[Any]:
    return getattr(error, "diagnostics", ())


def _plain(squad: Squad) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(emit(squad))
    plain.pop("sources", None)
    return plain


def _renamed(plain: dict[str, Any], old: str, new: str) -> dict[str, Any]:
    def other(id: str) -> str:
        return new if id == old else id

    for group in plain["groups"]:
        for agent in group["agents"]:
            agent["id"] = other(agent["id"])
            if "depends_on" in agent:
                agent["depends_on"] = [other(id) for id in agent["depends_on"]]
        relay = (group.get("orchestration") or {}).get("relay") or {}
        if relay.get("graph"):
            relay["graph"] = {other(id): [other(each) for each in to] for id, to in relay["graph"].items()}
    return plain
