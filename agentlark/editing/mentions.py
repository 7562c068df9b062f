"""Where a text names agents and groups: the id that makes one, and every place that refers to one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from agentlark.editing.outline import Bracket, Outline, Text


class Role(StrEnum):
    """What a string does with an id."""

    agent = "agent"
    """It is the id of an agent."""
    group = "group"
    """It is the id of a group."""
    dependency = "dependency"
    """It stands in depends_on."""
    edge = "edge"
    """It stands in the graph of a relay."""


@dataclass(frozen=True, slots=True)
class Mention:
    """A string that is an id, by what it does."""

    role: Role
    text: Text

    @property
    def id(self) -> str:
        """The id."""
        return self.text.value


def mentions(outline: Outline) -> Iterator[Mention]:
    """All ids a text writes out, in order."""
    for text in outline.texts:
        role = role_of(text)
        if role is not None:
            yield Mention(role, text)


def role_of(text: Text) -> Role | None:
    """What a string does with an id; None for a string that is none."""
    around = text.around
    if around is None:
        return None
    if around.opener == "(" and text.argument == "id":
        return {"agent": Role.agent, "group": Role.group}.get(around.name or "")
    if is_value_of(around, "agent", "depends_on") and around.opener in ("[", "("):
        return Role.dependency
    if around.opener == "{" and is_value_of(around, "define_relay", "graph"):
        return None if text.after_colon else Role.edge
    edges = around.around
    if edges is not None and edges.opener == "{" and is_value_of(edges, "define_relay", "graph"):
        return Role.edge if around.after_colon else None
    return None


def is_value_of(bracket: Bracket, callee: str, argument: str) -> bool:
    """Whether a bracket is (part of) the value of an argument of a call."""
    call = bracket.around
    return (
        call is not None and call.name == callee and bracket.argument == argument and bracket.callee is None
    )
