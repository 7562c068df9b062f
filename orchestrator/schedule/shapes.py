"""Shapes: what a blueprint should look like beside being right. A shape wishes; it is asked for once."""

from __future__ import annotations

import re
from typing import Protocol

from agentlark.blueprint import MAX_AGENTS, Blueprint

_BUILDER = re.compile(r"\b(?:builder|implementer)\b", re.IGNORECASE)


class Shape(Protocol):
    """Judges a blueprint that is right in itself."""

    @property
    def name(self) -> str:
        """What the prompt calls it."""
        ...

    def wishes(self, blueprint: Blueprint) -> list[str]:
        """What should be otherwise; empty when it has the shape."""
        ...


class Free:
    """Any blueprint will do."""

    name = "free"

    def wishes(self, blueprint: Blueprint) -> list[str]:
        """None."""
        return []


class FourSlots:
    """Four agents that do not wait for each other, so that all work at once."""

    name = "four"

    def wishes(self, blueprint: Blueprint) -> list[str]:
        """Slots left empty, and dependencies between the wave's own agents."""
        found: list[str] = []
        if len(blueprint.agents) < MAX_AGENTS:
            found.append(
                f"{MAX_AGENTS} agents are wanted, {len(blueprint.agents)} are given: fill every slot"
            )
        own = {agent.id for agent in blueprint.agents}
        for agent in blueprint.agents:
            inner = [up for up in agent.depends_on if up in own]
            if inner:
                found.append(
                    f"{agent.id} depends on {', '.join(inner)}: the {MAX_AGENTS} are to be independent"
                )
        return found


class BuildersOnly:
    """Agents that build: no more planning, research or review."""

    name = "builders"

    def wishes(self, blueprint: Blueprint) -> list[str]:
        """Agents whose role names no builder."""
        return [
            f"the role of {agent.id} is {agent.role!r}: this wave is of builders only"
            for agent in blueprint.agents
            if not _BUILDER.search(agent.role)
        ]
