"""Running part of a squad: which agents and groups stay, and what they would miss."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from agentlark.diagnostics import nearest
from agentlark.model import Squad
from orchestrator.core.errors import UserError


def select(
    squad: Squad, agents: Sequence[str] = (), groups: Sequence[str] = (), with_deps: bool = False
) -> Squad:
    """The squad with only the named agents and groups (empty: all).

    A dependency left out is an error that names it, unless `with_deps` brings it in. Raises UserError.
    """
    if not agents and not groups:
        return squad
    _refuse_unknown("group", groups, [group.id for group in squad.groups])
    everyone = {agent.id: agent for agent in squad.agents()}
    _refuse_unknown("agent", agents, everyone)
    kept = {
        agent.id
        for group in squad.groups
        for agent in group.agents
        if (not groups or group.id in groups) and (not agents or agent.id in agents)
    }
    missing = _missing(squad, kept)
    if missing and not with_deps:
        lines = ", ".join(f"{who} depends on {upstream}" for who, upstream in missing)
        raise UserError(f"a dependency was left out: {lines}", "name it too, or add --with-deps")
    while missing:
        kept.update(upstream for _, upstream in missing)
        missing = _missing(squad, kept)
    if not kept:
        raise UserError(
            "no agent is left: the named agents are not in the named groups", "drop --agents or --groups"
        )
    remaining = [
        group.model_copy(update={"agents": tuple(agent for agent in group.agents if agent.id in kept)})
        for group in squad.groups
    ]
    return squad.model_copy(update={"groups": tuple(group for group in remaining if group.agents)})


def _missing(squad: Squad, kept: Collection[str]) -> list[tuple[str, str]]:
    return [
        (agent.id, upstream)
        for agent in squad.agents()
        if agent.id in kept
        for upstream in agent.depends_on
        if upstream not in kept
    ]


def _refuse_unknown(what: str, named: Sequence[str], known: Collection[str]) -> None:
    for name in named:
        if name not in known:
            near = nearest(name, known)
            listed = ", ".join(list(known)[:12])
            raise UserError(
                f"there is no {what} {name!r}", f"did you mean {near!r}?" if near else f"there is {listed}"
            )
