"""Who answers: the backends that a squad needs, checked before anything is spent, and made."""

from __future__ import annotations

from collections.abc import Mapping

from agentlark.model import Squad
from orchestrator.backends.cards import LISTINGS
from orchestrator.backends.limits.rate import Rate
from orchestrator.backends.limits.throttle import Throttle, Throttled
from orchestrator.backends.rehearsal import Rehearsal, RehearsalOptions
from orchestrator.backends.router import Router
from orchestrator.core.errors import UserError
from orchestrator.core.ports import BackendCard, Clock, Performer
from orchestrator.core.settings import Settings
from orchestrator.run.assignment import assign, backends_of

CARDS: Mapping[str, BackendCard] = {name: listing.card for name, listing in LISTINGS.items()}


def check_answerable(
    squad: Squad,
    settings: Settings,
    cards: Mapping[str, BackendCard] = CARDS,
    *,
    needs_keys: bool = True,
) -> bool:
    """Whether the squad's answers will be simulated. Raises UserError when it cannot be run so.

    Answers that do not come from the backends themselves need no keys.
    """
    for agent in squad.agents():
        assign(agent, settings, cards)
    needed = backends_of(squad, settings)
    for name, choice in needed.items():
        variable = LISTINGS[name].key_variable if name in LISTINGS else None
        if needs_keys and variable and variable not in settings.credentials:
            raise UserError(
                f"the backend {name} (from {choice.origin}) needs a key, and {variable} is not set",
                f"set {variable}, or rehearse without one: --backend rehearsal",
            )
    simulated = [name for name in needed if cards[name].simulated]
    if simulated and len(simulated) < len(needed):
        raise UserError(
            f"simulated and real answers cannot be mixed: {', '.join(sorted(needed))}",
            "a simulated answer never feeds a real backend: choose one for all with --backend",
        )
    return bool(simulated)


def performers(
    squad: Squad, settings: Settings, clock: Clock, own: Mapping[str, Performer] | None = None
) -> Router:
    """A Performer for each backend that the squad needs; the caller's own ones come first."""
    own = own or {}
    shared = [name for name in backends_of(squad, settings) if name not in own]
    return Router({**own, **{name: _performer(name, settings, clock) for name in shared}})


def _performer(name: str, settings: Settings, clock: Clock) -> Performer:
    if name == "rehearsal":
        return Rehearsal(
            clock,
            RehearsalOptions(delay_s=settings.rehearsal_delay_s, fail_once=settings.rehearsal_fail_once),
        )
    from orchestrator.backends.anthropic_api import AnthropicBackend, AnthropicOptions

    base_url = settings.base_url.value if settings.base_url else LISTINGS[name].base_url
    assert base_url is not None
    throttle = Throttle(clock, Rate(settings.pace.requests, settings.pace.tokens))
    key, options = settings.credentials["ANTHROPIC_API_KEY"], AnthropicOptions(clock=clock)
    return Throttled(AnthropicBackend(key, base_url, options, throttle.hear), throttle)
