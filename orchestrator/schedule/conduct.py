"""How a group goes on once its agents have answered: what its file says, what the run was asked for.

A group's explicit autonomous, parallel, relay and max_waves beat the flags; everything else it says a flag
beats. A group without a blueprint agent has no waves, so none of it applies there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from agentlark.model import Approve, Group, Squad
from orchestrator.core.settings import Asked

DEFAULT_MAX_WAVES = 5
MAX_RELAY_WAVES = 5
DEFAULT_REVIEW_CHARS = 120_000


@dataclass(frozen=True, slots=True)
class RelayRules:
    """Who may hand work to whom, and whether a note is demanded."""

    graph: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    requires_note: bool = False


@dataclass(frozen=True, slots=True)
class Conduct:
    """How one group goes on. `relay` is None when work is not handed on."""

    parallel: bool = False
    autonomous: bool = False
    relay: RelayRules | None = None
    max_waves: int = DEFAULT_MAX_WAVES
    approve: Approve | None = None
    review_limit: int = DEFAULT_REVIEW_CHARS
    specialists_join: bool = True

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags of everything that happens in the group."""
        return () if self.relay is None else ("relay",)


class Picked(NamedTuple):
    """An effective value, where it came from, and what it beats."""

    value: bool | int | str | None
    origin: str
    beats: str | None = None


def has_waves(group: Group) -> bool:
    """Whether one of the group's agents gives a blueprint."""
    return any(agent.blueprint for agent in group.agents)


def picks(group: Group, asked: Asked) -> dict[str, Picked]:
    """The effective settings of a group that has waves, by name, each with its origin."""
    how = group.orchestration
    says_relay = how.relay.enabled if how.relay else None
    note = how.relay.require_handoff_note if how.relay else None
    relay = _file_first("relay", says_relay, asked.relay or None, False)
    autonomous = _file_first("autonomous", how.autonomous, asked.autonomous or None, False)
    if relay.value and how.autonomous is None and not asked.autonomous:
        autonomous = Picked(True, f"relay implies it ({relay.origin})")
    max_waves = _file_first("max_waves", how.max_waves, asked.max_waves, DEFAULT_MAX_WAVES)
    assert isinstance(max_waves.value, int)
    if relay.value and max_waves.value > MAX_RELAY_WAVES:
        most = f"a relay has at most {MAX_RELAY_WAVES} ({max_waves.origin})"
        max_waves = Picked(MAX_RELAY_WAVES, most, max_waves.beats)
    return {
        "autonomous": autonomous,
        "parallel": _file_first("parallel", how.parallel, asked.parallel or None, False),
        "relay": relay,
        "relay.require_handoff_note": _note_demanded(note, asked),
        "max_waves": max_waves,
        "approve": _flag_first("approve", how.approve, asked.approve, None),
        "review_limit": _flag_first(
            "review_limit", how.review_limit, asked.review_limit, DEFAULT_REVIEW_CHARS
        ),
    }


def _note_demanded(file: bool | None, asked: Asked) -> Picked:
    if file and asked.one_turn:
        return Picked(False, "one turn per agent (concise) leaves none for notes", _FILE)
    return _file_first("require_handoff_note", file, None, False)


def conduct_of(group: Group, asked: Asked) -> Conduct:
    """The group's conduct."""
    if not has_waves(group):
        return Conduct()
    found = {name: pick.value for name, pick in picks(group, asked).items()}
    relay = RelayRules(_graph(group), bool(found["relay.require_handoff_note"])) if found["relay"] else None
    approve = found["approve"]
    assert approve in (None, "blueprint", "wave")
    return Conduct(
        parallel=bool(found["parallel"]),
        autonomous=bool(found["autonomous"]),
        relay=relay,
        max_waves=int(found["max_waves"] or 0),
        approve=approve,  # type: ignore[arg-type]  # narrowed by the assertion above
        review_limit=int(found["review_limit"] or 0),
        specialists_join=not asked.no_specialists,
    )


def _graph(group: Group) -> dict[str, tuple[str, ...]]:
    """The group's relay graph among the agents that it has: some may have been left out of the run."""
    graph = (group.orchestration.relay and group.orchestration.relay.graph) or {}
    here = {agent.id for agent in group.agents}
    return {
        sender: tuple(each for each in receivers if each in here)
        for sender, receivers in graph.items()
        if sender in here
    }


def conducts_of(squad: Squad, asked: Asked) -> dict[str, Conduct]:
    """The conduct of every group, by id."""
    return {group.id: conduct_of(group, asked) for group in squad.groups}


def overrides(squad: Squad, asked: Asked) -> list[str]:
    """A line for every setting in which file and flags disagree, saying which one holds."""
    return [
        f"{group.id}: {name} is {pick.value}: {pick.origin} beats {pick.beats}"
        for group in squad.groups
        if has_waves(group)
        for name, pick in picks(group, asked).items()
        if pick.beats is not None
    ]


_FILE = "the configuration"


def _file_first(name: str, file: bool | int | None, flag: bool | int | None, builtin: bool | int) -> Picked:
    if file is not None:
        return Picked(file, _FILE, _flag(name) if flag is not None and flag != file else None)
    return Picked(flag, _flag(name)) if flag is not None else Picked(builtin, "built in")


def _flag_first(name: str, file: str | int | None, flag: str | int | None, builtin: int | None) -> Picked:
    if flag is not None:
        return Picked(flag, _flag(name), _FILE if file is not None and flag != file else None)
    return Picked(file, _FILE) if file is not None else Picked(builtin, "built in")


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")
