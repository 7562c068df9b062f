"""Where the log of an agent that was born during the run is shown.

The tabs of the start layout hold what was configured. A later agent's log goes to `spawned-agents`, beneath
the timeline, then to `agent-logs-<n>`, four to a tab, then to a new tab; should the multiplexer make no tab,
it is stacked in the last one, so that no log is ever without a pane.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from orchestrator.panes.errors import NobodyAttached, NotCreated
from orchestrator.panes.multiplexer import Pane, Session, Tab
from orchestrator.panes.plans import FURTHER_LOGS, LOGS_PER_TAB, SPAWNED_AGENTS, PanePlan, TabPlan


def log_tabs(tabs: Sequence[Tab]) -> list[Tab]:
    """The tabs that later logs go to, in the order in which they are filled."""
    spawned = [tab for tab in tabs if tab.name == SPAWNED_AGENTS]
    numbered = [tab for tab in tabs if _number(tab) is not None]
    return spawned + sorted(numbered, key=lambda tab: _number(tab) or 0)


def with_room(tabs: Sequence[Tab]) -> Tab | None:
    """The first of these tabs that has room for one more log; the timeline is beside the logs of its tab."""
    for tab in log_tabs(tabs):
        if tab.panes < LOGS_PER_TAB + (tab.name == SPAWNED_AGENTS):
            return tab
    return None


def next_name(tabs: Sequence[Tab]) -> str:
    """The name of the tab after these."""
    return f"{FURTHER_LOGS}{1 + max((_number(tab) or 0 for tab in tabs), default=0)}"


async def add_log_pane(session: Session, plan: PanePlan) -> Pane:
    """Show one more log. Not to be called twice at once for a session.

    Raises NotCreated when the multiplexer has no room for it at all, SessionNotFound when the session ended.
    """
    tabs = await session.tabs()
    if tab := with_room(tabs):
        with suppress(NotCreated):  # by its count it has room, on a small terminal it has not
            return await session.new_pane(tab.id, plan)
    try:
        made = await session.new_tab(TabPlan(name=next_name(tabs), rows=((plan,),)))
    except (NotCreated, NobodyAttached):
        last = (log_tabs(tabs) or list(tabs))[-1]
        return await session.new_pane(last.id, plan, stacked=True)
    return next(pane for pane in await session.panes() if pane.tab == made.id)


def _number(tab: Tab) -> int | None:
    number = tab.name.removeprefix(FURTHER_LOGS)
    return int(number) if number != tab.name and number.isdecimal() else None
