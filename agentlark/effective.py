"""One agent as it will run: every field's value, where it comes from, and who depends on the agent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from agentlark.compiler import Compilation
from agentlark.diagnostics import Place, nearest
from agentlark.errors import AgentlarkError


class UnknownAgent(AgentlarkError):
    """An id that no agent of the squad has."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A field's value as plain JSON; `place` is the expression that gave it, None for a default."""

    name: str
    value: Any
    place: Place | None


@dataclass(frozen=True, slots=True)
class Effective:
    """An agent's fields, then those of its group, in the models' order; dependents in file order."""

    id: str
    group: str
    place: Place
    fields: tuple[Setting, ...]
    group_fields: tuple[Setting, ...]
    dependents: tuple[str, ...]
    handed_by: tuple[str, ...]
    """Agents that a relay's graph lets hand work to this one."""


def effective(compilation: Compilation, agent_id: str) -> Effective:
    """What holds for an agent. Raises UnknownAgent with the nearest id."""
    squad, places = compilation.squad, compilation.places
    at = {a.id: (g, i) for g, group in enumerate(squad.groups) for i, a in enumerate(group.agents)}
    if agent_id not in at:
        near = nearest(agent_id, at)
        known = f"did you mean {near!r}?" if near else f"there is {', '.join(list(at)[:12])}"
        raise UnknownAgent(f"there is no agent {agent_id!r}: {known}")
    g, i = at[agent_id]
    group, agent = squad.groups[g], squad.groups[g].agents[i]
    values = agent.model_dump(mode="json")
    fields = tuple(
        Setting(name, value, places.agent(g, i, name) if places.is_written(g, i, name) else None)
        for name, value in values.items()
    )
    orchestration = group.orchestration
    group_fields = tuple(
        Setting(name, value, places.group(g, "orchestration", name) if is_set else None)
        for name, value in orchestration.model_dump(mode="json").items()
        for is_set in (name in orchestration.model_fields_set,)
    )
    group_limits = group.model_dump(mode="json", include={"limits"}).items()
    group_fields += tuple(
        Setting(name, value, places.group(g, name) if group.limits else None) for name, value in group_limits
    )
    relay = orchestration.relay
    graph = (relay and relay.graph) or {}
    return Effective(
        id=agent_id,
        group=group.id,
        place=places.agent(g, i),
        fields=fields,
        group_fields=group_fields,
        dependents=tuple(each.id for each in squad.agents() if agent_id in each.depends_on),
        handed_by=tuple(sorted(sender for sender, receivers in graph.items() if agent_id in receivers)),
    )
