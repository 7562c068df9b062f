"""Every setting that holds for a run of a squad, with where it came from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from agentlark.model import Agent, Limits, Squad
from orchestrator.core.ports import BackendCard
from orchestrator.core.settings import Flags, Settings
from orchestrator.run.assignment import assign, backend_choice
from orchestrator.schedule.conduct import has_waves, picks


@dataclass(frozen=True, slots=True)
class Effective:
    """One setting: its name (`group.field` or `agent.field` where it is one's own), value and origin."""

    name: str
    value: str | int | float | bool | None
    origin: str


def effective(
    squad: Squad, flags: Flags, settings: Settings, cards: Mapping[str, BackendCard]
) -> list[Effective]:
    """The settings of the run, then of its groups, then of its agents, in file order.

    Raises UserError for an agent that cannot be answered as asked.
    """
    found = list(_of_run(flags, settings))
    for group in squad.groups:
        if has_waves(group):
            for name, pick in picks(group, settings.asked).items():
                beats = f", beats {pick.beats}" if pick.beats else ""
                found.append(Effective(f"{group.id}.{name}", pick.value, f"{pick.origin}{beats}"))
        found += _of_limits(f"{group.id}.", group.limits, "the configuration")
    for agent in squad.agents():
        found += _of_agent(agent, settings, cards)
    return found


def _of_run(flags: Flags, settings: Settings) -> Iterator[Effective]:
    given: tuple[tuple[str, str | int | float | bool, bool], ...] = (
        ("jobs", settings.jobs, flags.jobs is not None),
        ("fail-fast", settings.fail_fast, flags.fail_fast),
        ("mini", settings.mini, flags.mini),
        ("concise", settings.concise, flags.concise != "off"),
        ("max-agents", settings.max_agents, flags.max_agents is not None),
        ("max-depth", settings.max_depth, flags.max_depth is not None),
    )
    for name, value, is_given in given:
        yield Effective(name, value, f"--{name}" if is_given else "built in")
    yield from _of_limits("", settings.limits, "the command line")
    if settings.base_url is not None:
        yield Effective("base-url", settings.base_url.value, settings.base_url.origin)


def _of_limits(prefix: str, limits: Limits | None, origin: str) -> Iterator[Effective]:
    """The caps that are set."""
    if limits is not None:
        for name, value in limits.model_dump(exclude_none=True).items():
            yield Effective(f"{prefix}limits.{name}", value, origin)


def _of_agent(agent: Agent, settings: Settings, cards: Mapping[str, BackendCard]) -> Iterator[Effective]:
    assigned = assign(agent, settings, cards)
    choice = backend_choice(agent, settings)
    yield Effective(f"{agent.id}.backend", choice.value, choice.origin)
    own = agent.model is not None and agent.model == assigned.model
    if settings.mini:
        origin = "--mini"
    elif settings.model is not None:
        origin = settings.model.origin
    else:
        origin = "the configuration" if own else f"the default of {assigned.card.name}"
    yield Effective(f"{agent.id}.model", assigned.model, origin)
    yield from _of_limits(f"{agent.id}.", agent.limits, "the configuration")
