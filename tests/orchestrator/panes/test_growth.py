"""Logs of agents born later fill the tabs in order, then new ones, then the last one."""

from __future__ import annotations

from orchestrator.panes.growth import next_name, with_room
from orchestrator.panes.multiplexer import Tab


def tabs(**panes: int) -> list[Tab]:
    return [
        Tab(id=f"@{n}", name=name.replace("_", "-"), position=n, panes=count)
        for n, (name, count) in enumerate(panes.items(), start=1)
    ]


def room(**panes: int) -> str | None:
    tab = with_room(tabs(**panes))
    return tab.name if tab else None


def test_the_place_beneath_the_timeline_is_filled_first() -> None:
    assert room(core_logs=1, spawned_agents=1, agent_logs_1=1) == "spawned-agents"
    assert room(core_logs=1, spawned_agents=4) == "spawned-agents"


def test_then_the_numbered_tabs_by_their_numbers() -> None:
    assert room(core_logs=4, spawned_agents=5, agent_logs_1=3) == "agent-logs-1"
    assert room(spawned_agents=5, agent_logs_10=0, agent_logs_2=4, agent_logs_3=1) == "agent-logs-3"


def test_the_first_tab_and_the_users_own_are_left_alone() -> None:
    assert room(core_logs=0, mine=0, spawned_agents=5, agent_logs_x=0) is None


def test_the_next_tab_counts_on() -> None:
    assert next_name(tabs(core_logs=4, spawned_agents=5)) == "agent-logs-1"
    assert next_name(tabs(agent_logs_2=4, agent_logs_10=4, agent_logs_x=1)) == "agent-logs-11"
