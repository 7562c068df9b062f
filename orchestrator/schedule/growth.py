"""How far a run may grow: added agents, and the longest chain of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from agentlark.blueprint import Blueprint
from orchestrator.core.settings import DEFAULT_MAX_AGENTS, DEFAULT_MAX_DEPTH
from orchestrator.schedule.relay import waits_of


@dataclass(frozen=True, slots=True)
class Caps:
    """At most so many agents may join a run, and at most so many of them wait for one another in a row."""

    agents: int = DEFAULT_MAX_AGENTS
    depth: int = DEFAULT_MAX_DEPTH


def depths_of(waits: Mapping[str, Collection[str]], known: Mapping[str, int]) -> dict[str, int]:
    """How long the chain of joined agents that ends in each agent of a wave is; `known` are those before it.

    `waits` are the wave's agents, each with those it waits for, free of circles.
    """
    found: dict[str, int] = {}

    def depth(name: str) -> int:
        if name not in waits:
            return known.get(name, 0)
        if name not in found:
            found[name] = 1 + max((depth(up) for up in waits[name]), default=0)
        return found[name]

    return {name: depth(name) for name in waits}


def growth_faults(blueprint: Blueprint, joined: int, known: Mapping[str, int], caps: Caps) -> list[str]:
    """Why a wave would make the run too large; `joined` agents are in it already."""
    faults: list[str] = []
    if joined + len(blueprint.agents) > caps.agents:
        left = max(0, caps.agents - joined)
        faults.append(
            f"at most {caps.agents} agents may join this run, and {left} more are left (--max-agents)"
        )
    waits = waits_of(blueprint.agents, blueprint.handoffs)
    deepest = max(depths_of(waits, known).values(), default=0)
    if deepest > caps.depth:
        faults.append(f"{deepest} agents would wait for one another in a row, {caps.depth} may (--max-depth)")
    return faults
