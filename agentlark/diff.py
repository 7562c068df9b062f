"""What changes between two squads, in their own terms: agents, groups, fields, edges.

Settings are compared as they hold, so that writing a default out is no change. Order means something for
groups only, which run one after another.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from difflib import unified_diff
from typing import Any, Literal

from agentlark.model import Agent, Group, Limits, Squad

Kind = Literal["added", "removed", "changed"]
EdgeKind = Literal["depends_on", "relay"]

_SIGNS: dict[str, str] = {"added": "+", "removed": "-", "changed": "~"}
_EDGE_FIELDS = frozenset({"depends_on"})


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field with another value; both as plain JSON."""

    name: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Change:
    """A group or an agent, or the squad itself, that came, went or has other fields."""

    kind: Kind
    what: Literal["squad", "group", "agent"]
    id: str
    fields: tuple[FieldChange, ...] = ()


@dataclass(frozen=True, slots=True)
class EdgeChange:
    """Work goes from one agent to another, or no longer does."""

    kind: Literal["added", "removed"]
    edge: EdgeKind
    source: str
    target: str


@dataclass(frozen=True, slots=True)
class Difference:
    """All changes: the squad's own, then groups, then agents, each by order of the later file; then edges."""

    changes: tuple[Change, ...]
    edges: tuple[EdgeChange, ...]

    def __bool__(self) -> bool:
        return bool(self.changes or self.edges)

    def to_json(self) -> dict[str, Any]:
        """The difference as JSON."""
        return {
            "changes": [asdict(change) for change in self.changes],
            "edges": [asdict(edge) for edge in self.edges],
        }


def compare(before: Squad, after: Squad) -> Difference:
    """What one has to change in the first squad to get the second."""
    groups = _each("group", _groups(before), _groups(after))
    agents = _each("agent", _agents(before), _agents(after))
    squad = _fields({"prompt": before.prompt}, {"prompt": after.prompt})
    whole = (Change("changed", "squad", "", squad),) if squad else ()
    return Difference((*whole, *groups, *agents), tuple(_edges(before, after)))


def _groups(squad: Squad) -> dict[str, dict[str, Any]]:
    return {group.id: {"position": at, **_group(group)} for at, group in enumerate(squad.groups, start=1)}


def _group(group: Group) -> dict[str, Any]:
    settings = group.orchestration.model_dump(mode="json")
    relay = settings.pop("relay") or {}
    relay.pop("graph", None)
    return {
        **settings,
        **{f"relay.{name}": value for name, value in relay.items()},
        **_limits(group.limits),
    }


def _agents(squad: Squad) -> dict[str, dict[str, Any]]:
    return {
        agent.id: {"group": group.id, **_agent(agent)} for group in squad.groups for agent in group.agents
    }


def _agent(agent: Agent) -> dict[str, Any]:
    fields = agent.model_dump(mode="json", exclude={"id", "limits", *_EDGE_FIELDS})
    return {**fields, **_limits(agent.limits)}


def _limits(limits: Limits | None) -> dict[str, Any]:
    """The caps that are set, one by one."""
    given = limits.model_dump(mode="json", exclude_none=True) if limits else {}
    return {f"limits.{name}": value for name, value in given.items()}


def _each(
    what: Literal["group", "agent"], before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[Change]:
    for name in before:
        if name not in after:
            yield Change("removed", what, name, _fields(before[name], {}))
    for name, fields in after.items():
        if name not in before:
            yield Change("added", what, name, _fields({}, fields))
        elif changed := _fields(before[name], fields):
            yield Change("changed", what, name, changed)


def _fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[FieldChange, ...]:
    names = dict.fromkeys((*after, *before))
    pairs = ((name, before.get(name), after.get(name)) for name in names)
    return tuple(FieldChange(name, old, new) for name, old, new in pairs if _differ(old, new))


def _differ(old: Any, new: Any) -> bool:
    return json.dumps(old) != json.dumps(new)  # as a model reads a schema: in order, and True is not 1


def _edges(before: Squad, after: Squad) -> Iterator[EdgeChange]:
    old, new = dict.fromkeys(_all_edges(before)), dict.fromkeys(_all_edges(after))
    for kind, source, target in old:
        if (kind, source, target) not in new:
            yield EdgeChange("removed", kind, source, target)
    for kind, source, target in new:
        if (kind, source, target) not in old:
            yield EdgeChange("added", kind, source, target)


def _all_edges(squad: Squad) -> Iterator[tuple[EdgeKind, str, str]]:
    for group in squad.groups:
        for agent in group.agents:
            for upstream in agent.depends_on:
                yield "depends_on", upstream, agent.id
        relay = group.orchestration.relay
        for sender, receivers in sorted(((relay and relay.graph) or {}).items()):
            for receiver in receivers:
                yield "relay", sender, receiver


def as_text(difference: Difference) -> str:
    """The difference for people; empty when there is none."""
    lines: list[str] = []
    for change in difference.changes:
        lines.append(f"{_SIGNS[change.kind]} {change.what} {change.id}".rstrip() + _aside(change))
        if change.kind == "changed":
            lines += [f"    {line}" for field in change.fields for line in _field_lines(field)]
    for edge in difference.edges:
        verb = "waits for" if edge.edge == "depends_on" else "may be handed work by"
        lines.append(f"{_SIGNS[edge.kind]} {edge.target} {verb} {edge.source}")
    return "".join(f"{line}\n" for line in lines)


def _aside(change: Change) -> str:
    """What tells an agent that came or went from others."""
    if change.kind == "changed" or change.what != "agent":
        return ""
    told = {field.name: field.after if change.kind == "added" else field.before for field in change.fields}
    return f" ({told.get('role')}, in {told.get('group')})"


def _field_lines(field: FieldChange) -> Iterator[str]:
    texts = [value for value in (field.before, field.after) if isinstance(value, str)]
    if len(texts) == 2 and any("\n" in text for text in texts):
        yield f"{field.name}:"
        old, new = (text.splitlines() for text in texts)
        yield from (f"  {line}" for line in list(unified_diff(old, new, lineterm="", n=1))[2:])
    else:
        yield f"{field.name}: {_value(field.before)} → {_value(field.after)}"


def _value(value: Any) -> str:
    return "unset" if value is None else json.dumps(value, ensure_ascii=False)
