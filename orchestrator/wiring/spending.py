"""What a run may spend, and at which prices, checked before anything is spent."""

from __future__ import annotations

from dataclasses import dataclass

from agentlark.model import Squad
from orchestrator.backends.cards import LISTINGS
from orchestrator.backends.prices import known_prices
from orchestrator.core.ports import Prices
from orchestrator.core.settings import Settings
from orchestrator.run.assignment import assign, backends_of
from orchestrator.run.spending import budget_of, check_priced
from orchestrator.schedule.budget import Budget, Ledger
from orchestrator.wiring.answering import CARDS


@dataclass(frozen=True, slots=True)
class Spending:
    """A run's budget, and the prices; None where nothing is billed or they are not installed."""

    budget: Budget
    prices: Prices | None


def spending_of(squad: Squad, settings: Settings, ledger: Ledger, *, is_billed: bool) -> Spending:
    """What holds for a run that has spent what is in the ledger.

    Raises UserError for caps that cannot be held.
    """
    budget = budget_of(squad, settings.limits, is_billed=is_billed)
    prices = prices_of(squad, settings) if is_billed else None
    check_priced(squad, budget, lambda agent: assign(agent, settings, CARDS), prices, ledger)
    return Spending(budget, prices)


def prices_of(squad: Squad, settings: Settings) -> Prices | None:
    """The prices of the models that a squad is answered by; None where they are not installed."""
    given = settings.base_url.value if settings.base_url else None
    needed = backends_of(squad, settings)
    return known_prices(
        {name: given for name in needed if given is not None and given != LISTINGS[name].base_url}
    )
