"""Wave policies: what a group does once all its agents have ended.

They are asked in order, look at recorded facts alone, and answer with the agents to engage, the asking agent
among them, or with the reason to add no more waves; None leaves it to the next. They never call anybody.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from orchestrator.core.facts import EngagedFor, WavesEnding
from orchestrator.schedule.node import ORCHESTRATOR
from orchestrator.schedule.relay import waits_of

if TYPE_CHECKING:
    from orchestrator.schedule.conduct import Conduct
    from orchestrator.schedule.growth import Caps
    from orchestrator.schedule.state import RunState


@dataclass(frozen=True, slots=True)
class Engage:
    """Engage these agents (configured ones, or the orchestrator) in a wave of their own."""

    purpose: EngagedFor
    agents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class End:
    """Add no more waves."""

    ending: WavesEnding
    reason: str


class WavePolicy(Protocol):
    """What comes after a wave."""

    def after(self, state: RunState, group: str) -> Engage | End | None:
        """The next step of a group whose nodes have all ended."""
        ...


class EndOnFailure:
    """Work is not carried on upon what failed; a resumed run tries that again first."""

    def after(self, state: RunState, group: str) -> End | None:
        """End when an agent of the group did not end well, or its blueprint was refused or rejected."""
        lost = [node.id for node in state.nodes_of(group) if state.is_lost(node.id)]
        if lost:
            return End("failed", f"not ended well: {', '.join(lost[:8])}")
        refused = [node.id for node in state.nodes_of(group) if node.id in state.refused]
        return End("failed", f"blueprint refused: {', '.join(refused)}") if refused else None


class Continue:
    """A wave that is one straight chain is carried on once by implementers of the builder's choosing."""

    def __init__(self, caps: Caps) -> None:
        self._caps = caps

    def after(self, state: RunState, group: str) -> Engage | None:
        """Engage the group's blueprint agent after such a wave, unless it was one of continuation."""
        newest = state.newest_wave(group)
        builder = state.blueprint_agent(group)
        if newest is None or builder is None or state.joined_agents >= self._caps.agents:
            return None
        if not is_chain(waits_of(newest.agents, newest.handoffs)):
            return None
        asked_by = state.nodes[newest.by]
        later = [each for each in state.engaged_in(group) if each.wave > newest.wave]
        if asked_by.part == "continuation" or any(each.purpose == "continuation" for each in later):
            return None
        return Engage("continuation", (builder,))


class Relay:
    """What was handed back is worked on first; then the orchestrator, if any, says what comes next."""

    def __init__(self, max_waves: int, orchestrator: Autonomous | None) -> None:
        self._max_waves = max_waves
        self._orchestrator = orchestrator

    def after(self, state: RunState, group: str) -> Engage | End:
        """Engage the receivers of work handed back with all ahead of them, else the orchestrator."""
        undelivered = state.undelivered(group)
        if not undelivered:
            step = self._orchestrator and self._orchestrator.after(state, group)
            return step or End("done", "nothing was handed back")
        if state.waves_spent(group) >= self._max_waves:
            left = ", ".join(f"{each.sender} → {each.receiver}" for each in undelivered)
            return _limit(self._max_waves, f"; not worked on any more: {left}")
        return Engage("relay", state.relay_wave(group))


class Autonomous:
    """The orchestrator says what comes next, until it says that nothing does."""

    def __init__(self, max_waves: int, caps: Caps) -> None:
        self._max_waves = max_waves
        self._caps = caps

    def after(self, state: RunState, group: str) -> Engage | End | None:
        """Engage the orchestrator while there are waves left."""
        if state.newest_wave(group) is None:
            return None
        if state.waves_spent(group) >= self._max_waves:
            return _limit(self._max_waves)
        if state.joined_agents >= self._caps.agents:
            return End("cap", f"{state.joined_agents} agents have joined, and no more may (--max-agents)")
        return Engage("orchestration", (ORCHESTRATOR,))


def policies_of(conduct: Conduct, caps: Caps) -> Sequence[WavePolicy]:
    """The policies of a group, in the order in which they are asked."""
    found: list[WavePolicy] = [EndOnFailure()]
    if conduct.specialists_join:
        found.append(Continue(caps))
    orchestrates = conduct.autonomous and conduct.specialists_join
    orchestrator = Autonomous(conduct.max_waves, caps) if orchestrates else None
    if conduct.relay is not None:
        found.append(Relay(conduct.max_waves, orchestrator))
    elif orchestrator is not None:
        found.append(orchestrator)
    return found


def after_wave(state: RunState, group: str, caps: Caps) -> Engage | End | None:
    """What a group does now that all its nodes have ended; None when it just ends.

    Only a group that was to go on by itself says why it does not.
    """
    conduct = state.conduct(group)
    goes_on = conduct.relay is not None or conduct.autonomous
    if group in state.waves_ended or state.blueprint_agent(group) is None:
        return None
    steps = (policy.after(state, group) for policy in policies_of(conduct, caps))
    step = next((step for step in steps if step is not None), None)
    return None if isinstance(step, End) and not goes_on else step


def is_chain(waits: Mapping[str, Collection[str]]) -> bool:
    """Whether two or more agents, each with those it waits for, can only act one after another, in a line."""
    left = {name: waits.keys() & set(ups) for name, ups in waits.items()}
    previous: str | None = None
    while left:
        free = [name for name, ups in left.items() if not ups & left.keys()]
        if len(free) != 1 or (previous is not None and previous not in left[free[0]]):
            return False
        previous = free[0]
        del left[previous]
    return len(waits) > 1


def _limit(waves: int, more: str = "") -> End:
    return End("max-waves", f"its limit of {waves} wave{'' if waves == 1 else 's'} is reached{more}")
