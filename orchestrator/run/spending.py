"""What a run is allowed to spend, and whether that can be held: asked before anything is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from agentlark.model import Agent, Limits, Squad
from orchestrator.core.errors import UserError
from orchestrator.core.ports import Prices
from orchestrator.core.turn import Usage
from orchestrator.run.assignment import Assignment
from orchestrator.schedule.budget import Budget, Ledger

INSTEAD = "cap it without prices: --max-tokens, --max-turns"


def budget_of(squad: Squad, limits: Limits, *, is_billed: bool) -> Budget:
    """The budget of a run: its own limits, those of its groups and agents."""
    groups = {group.id: group.limits for group in squad.groups if group.limits is not None}
    return Budget(limits, groups, counts_cost=is_billed)


def check_priced(
    squad: Squad,
    budget: Budget,
    assign: Callable[[Agent], Assignment],
    prices: Prices | None,
    ledger: Ledger,
) -> None:
    """Refuse caps on cost that cannot be held: a price is unknown, of what is to be sent or has been.

    Raises UserError, before anything is spent.
    """
    if not budget.counts_cost:
        return
    capped = list(_capped_agents(squad, budget))
    for agent, cap in capped:
        to = assign(agent)
        if prices is None:
            raise UserError(
                f"{cap} needs prices, and genai-prices is not installed",
                f"install it: pip install 'agentlark[prices]'; or {INSTEAD}",
            )
        if prices.cost(to.card.name, to.model, Usage(input=1, output=1)) is None:
            raise UserError(
                f"{cap} cannot be held: no price is known for {to.model} of {to.card.name} ({agent.id})",
                f"choose another with --model; or {INSTEAD}",
            )
    if capped and (unknown := (ledger.spent() + ledger.promised()).unpriced):
        raise UserError(
            f"{capped[0][1]} cannot be held: {unknown} of the turns sent so far have no known price",
            f"{INSTEAD}; or start a new run, which takes what is recorded from the record",
        )


def _capped_agents(squad: Squad, budget: Budget) -> Iterator[tuple[Agent, str]]:
    """The agents whose cost is capped, each with the cap that says so."""
    for group in squad.groups:
        for agent in group.agents:
            if budget.run.max_cost is not None:
                yield agent, f"--max-cost {budget.run.max_cost:g}"
            elif group.limits is not None and group.limits.max_cost is not None:
                yield agent, f"max_cost of the group {group.id}"
            elif agent.limits is not None and agent.limits.max_cost is not None:
                yield agent, f"max_cost of the agent {agent.id}"


def notes_on(squad: Squad, budget: Budget) -> tuple[str, ...]:
    """What there is to say about caps that do not apply."""
    if budget.counts_cost:
        return ()
    caps = dict.fromkeys(cap for _, cap in _capped_agents(squad, budget))
    return tuple(f"{cap} does not apply: nothing is billed. --max-tokens and --max-turns do" for cap in caps)
