"""Counting in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agentlark.model import Squad


def several(number: int, thing: str) -> str:
    """`1 agent`, `2 agents`."""
    return f"{number:,} {thing}{'s' * (number != 1)}"


def count(squad: Squad) -> str:
    """How large a squad is."""
    return f"{several(len(squad.agents()), 'agent')} in {several(len(squad.groups), 'group')}"
