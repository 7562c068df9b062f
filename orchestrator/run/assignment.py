"""Who answers an agent's turns, with which model and which ceilings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from agentlark.diagnostics import nearest
from agentlark.model import Agent, Squad
from orchestrator.core.errors import UserError
from orchestrator.core.ports import BackendCard
from orchestrator.core.settings import (
    DEFAULT_MAX_TOKENS,
    DEFAULT_RETRIES,
    DEFAULT_TIMEOUT_S,
    Choice,
    Settings,
)


@dataclass(frozen=True, slots=True)
class Assignment:
    """How one agent's turns are answered."""

    card: BackendCard
    model: str
    effort: str | None
    tools: tuple[str, ...]
    max_tokens: int
    timeout_s: float
    retries: int


def backend_choice(agent: Agent, settings: Settings) -> Choice:
    """The backend that answers an agent, and who chose it: flag and environment beat the agent's field."""
    if settings.backend is not None:
        return settings.backend
    if agent.backend is not None:
        return Choice(agent.backend, f"backend = {agent.backend!r} of {agent.id}")
    return settings.fallback


def assign(agent: Agent, settings: Settings, cards: Mapping[str, BackendCard]) -> Assignment:
    """The agent's assignment. Raises UserError for a backend that does not exist or lacks what is asked."""
    choice = backend_choice(agent, settings)
    card = cards.get(choice.value)
    if card is None:
        near = nearest(choice.value, cards)
        raise UserError(
            f"there is no backend {choice.value!r} (from {choice.origin})",
            f"did you mean {near!r}?" if near else f"there is {', '.join(sorted(cards))}",
        )
    if agent.tools and not card.offers_tools:
        raise UserError(
            f"{agent.id} is to use tools ({', '.join(agent.tools)}), and the backend {card.name} has none",
            f"remove tools from {agent.id}, or give it a backend that has tools",
        )
    return Assignment(
        card=card,
        model=_model(agent, settings, card),
        effort=agent.effort,
        tools=agent.tools,
        max_tokens=agent.max_output_tokens or DEFAULT_MAX_TOKENS,
        timeout_s=agent.timeout_s or DEFAULT_TIMEOUT_S,
        retries=DEFAULT_RETRIES if agent.retries is None else agent.retries,
    )


def _model(agent: Agent, settings: Settings, card: BackendCard) -> str:
    """The model that answers: the cheap one beats the asked-for one, which beats the agent's own."""
    if settings.mini:
        return card.cheap_model
    if settings.model is not None:
        return settings.model.value
    own = agent.model if agent.backend in (None, card.name) else None
    return own or card.default_model


def backends_of(squad: Squad, settings: Settings) -> dict[str, Choice]:
    """Every backend the configured agents need, each with who first chose it, in file order."""
    needed: dict[str, Choice] = {}
    for agent in squad.agents():
        choice = backend_choice(agent, settings)
        needed.setdefault(choice.value, choice)
    return needed
