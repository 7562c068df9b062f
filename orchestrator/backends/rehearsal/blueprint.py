"""Blueprints of the rehearsal backend: a few specialists derived from the task, right by construction.

Ids are unique, well-formed and free; dependencies name earlier agents of the same blueprint only, so there
is no cycle. Agents who build come first and side by side, those who check them wait for them.
"""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet

from pydantic import JsonValue

from agentlark.blueprint import MAX_AGENTS
from agentlark.model import RESERVED_IDS
from orchestrator.backends.rehearsal.draw import Draw
from orchestrator.backends.rehearsal.reading import (
    MARK,
    acts_again,
    asks_for_builders,
    asks_for_four,
    has_answered_before,
    quoted,
    receivers,
    receivers_behind,
    taken_ids,
    task_of,
)
from orchestrator.core.turn import TurnOrder

_ID_LENGTH = 63

# Words of a task, and the part of a program they speak of.
_AREAS = (
    ("api", r"api|server|endpoint|backend|service|http"),
    ("web", r"web|page|frontend|ui|browser|screen"),
    ("store", r"database|store|schema|sql|cache"),
    ("cli", r"cli|command|terminal|flag"),
)

_CHECKERS = (
    ("tester", "Tester", "Write the tests that would fail without the change"),
    ("documenter", "Documenter", "Explain the change to the person who will use it"),
    ("reviewer", "Reviewer", "Read the change as somebody who must keep it"),
)


def is_blueprint(schema: JsonValue) -> bool:
    """Whether a schema calls itself a blueprint, by its title or the last part of its `$id`."""
    if not isinstance(schema, dict):
        return False
    last = str(schema.get("$id", "")).rstrip("/#").rpartition("/")[2].removesuffix(".json")
    return "blueprint" in {last.lower(), str(schema.get("title", "")).lower()}


def blueprint_of(order: TurnOrder) -> dict[str, JsonValue]:
    """A blueprint for the order's task: four independent agents if asked for, two builders, or three or four.

    Where the schema lets it finish, an agent that has answered before says that it is done.
    """
    if "done" in _properties(order.input.output_schema) and has_answered_before(order):
        return {"done": f"{MARK}: the rehearsal adds one wave and then finds nothing left to do."}
    blueprint = _blueprint(order)
    if "handoffs" in _properties(order.input.output_schema):
        blueprint["handoffs"] = _handoffs(order, blueprint)
    return blueprint


def handoffs_of(order: TurnOrder) -> dict[str, JsonValue]:
    """A note to everybody ahead; the first time an agent acts, also one back to the first behind it."""
    agent = order.input.agent
    found: list[JsonValue] = [
        {"to": name, "note": f"{MARK}: {agent} hands its result on to {name}."} for name in receivers(order)
    ]
    if not acts_again(order):
        found += [
            {"to": name, "note": f"{MARK}: {agent} asks {name} to go over it once more."}
            for name in receivers_behind(order)[:1]
        ]
    return {"handoffs": found}


def is_handoffs(schema: JsonValue) -> bool:
    """Whether a schema asks for what an agent hands on."""
    return isinstance(schema, dict) and schema.get("title") == "Handoffs"


def _properties(schema: JsonValue) -> dict[str, JsonValue]:
    found = schema.get("properties") if isinstance(schema, dict) else None
    return found if isinstance(found, dict) else {}


def _handoffs(order: TurnOrder, blueprint: dict[str, JsonValue]) -> list[JsonValue]:
    """Each agent is handed its baton by one it waits for, else by whoever gives the blueprint.

    Those who wait for whoever gives it are handed theirs as well.
    """
    agents = blueprint["agents"]
    assert isinstance(agents, list)
    own = order.input.agent
    found: list[JsonValue] = [
        {"from": own, "to": name, "note": f"{MARK}: {name} takes over from {own}."}
        for name in receivers(order)
    ]
    for agent in agents:
        assert isinstance(agent, dict)
        waits = agent.get("dependsOn")
        sender = waits[0] if isinstance(waits, list) and waits else order.input.agent
        found.append(
            {"from": sender, "to": agent["id"], "note": f"{MARK}: {agent['id']} takes over from {sender}."}
        )
    return found


def _blueprint(order: TurnOrder) -> dict[str, JsonValue]:
    task = task_of(order)
    builders = _builders(task)
    edges: list[list[int]]
    if asks_for_builders(order):
        team = _only_builders(builders)
        edges = [[] for _ in team]
    elif asks_for_four(order):
        team = _team(builders, MAX_AGENTS)
        edges = [[] for _ in team]
    else:
        team = _team(builders, 3 + Draw(order.key, "blueprint").number(2))
        edges = _edges(len(builders), len(team))
    ids = _free_ids([name for name, _, _ in team], taken_ids(order) | RESERVED_IDS)
    agents: list[JsonValue] = []
    for own, (_, role, duty), waits in zip(ids, team, edges, strict=True):
        agent: dict[str, JsonValue] = {
            "id": own,
            "role": role,
            "prompt": f"{MARK}: {duty}, for the task {quoted(task)}.",
        }
        if waits:
            agent["dependsOn"] = [ids[index] for index in waits]
        agents.append(agent)
    return {"summary": f"{MARK}: {len(agents)} specialists for {quoted(task)}.", "agents": agents}


def _builders(task: str) -> list[tuple[str, str, str]]:
    """One builder for each area the task speaks of, two at most; a general one if it names none."""
    found = [area for area, words in _AREAS if re.search(rf"\b(?:{words})\b", task, re.IGNORECASE)]
    if not found:
        return [("implementer", "Implementer", "Make the smallest change that does it")]
    return [
        (
            f"{area}-implementer",
            f"Implementer ({area})",
            f"Make the smallest change to the {area} part that does it",
        )
        for area in found[:2]
    ]


def _only_builders(builders: list[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """The builders by that name, and one who closes the gaps."""
    named = [
        (f"{name.removesuffix('implementer')}builder", role.replace("Implementer", "Builder"), duty)
        for name, role, duty in builders
    ]
    return [*named, ("gap-builder", "Builder (gaps)", "Build what the answers so far left open")]


def _team(builders: list[tuple[str, str, str]], size: int) -> list[tuple[str, str, str]]:
    """`size` agents: the builders, then as many checkers as it takes."""
    return (builders + list(_CHECKERS))[:size]


def _edges(builders: int, size: int) -> list[list[int]]:
    """Whom each agent waits for: nobody, the builders, or (the last of four) those before it who check."""
    edges: list[list[int]] = []
    for index in range(size):
        if index < builders:
            edges.append([])
        elif index == 3:
            edges.append(list(range(builders, 3)))
        else:
            edges.append(list(range(builders)))
    return edges


def _free_ids(wanted: list[str], taken: AbstractSet[str]) -> list[str]:
    """The wanted ids, those already used numbered from 2 on."""
    used, free = set(taken), []
    for name in wanted:
        own, number = name, 1
        while own in used:
            number += 1
            own = f"{name[: _ID_LENGTH - 1 - len(str(number))]}-{number}"
        used.add(own)
        free.append(own)
    return free
