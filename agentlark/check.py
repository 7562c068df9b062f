"""The one checker of agents, for configurations and for blueprints, and what only a squad can get wrong.

`check_agents` looks at ids and dependencies alone, so that a model's blueprint and a user's file are held
to the same rules. `check_squad` adds groups, relay graphs, schemas, templates and blueprint agents. Both
report everything they find, each finding with its place; neither raises.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from agentlark.diagnostics import SHOWN_LIMIT, Diagnostic, Place, Related, nearest, replacement
from agentlark.inputs import Problem, pattern_problem
from agentlark.model import ID_PATTERN, MEMORY_KINDS, RESERVED_IDS, Agent, Group, Squad
from agentlark.prompts import Turn, default_prompt, inspect_template
from agentlark.schemas import schema_problem

SHOWN_CYCLE = 20
"""How many edges of a circle are printed."""

UNKNOWN = "\0"
"""Stands for an id or a prompt that could not be read, which has been said already."""

_ID = re.compile(ID_PATTERN)
_ID_RULE = "an id starts with a-z and goes on with a-z, 0-9, '-' and '_', 63 characters at most"


@dataclass(frozen=True, slots=True)
class AgentHead:
    """What the checker needs to know of an agent."""

    id: str
    depends_on: Sequence[str]


class PlaceOf(Protocol):
    """Gives the place of a field of the agent at an index, or of one item of the field."""

    def __call__(self, index: int, field: str, item: int | None = None) -> Place:
        """The most precise place known."""
        ...


class SquadPlaces(Protocol):
    """Where the parts of a squad were written."""

    def group(self, group: int, *path: str | int) -> Place:
        """The place of a group's field, or of something inside it."""
        ...

    def key(self, group: int, *path: str | int) -> Place:
        """The place of the dict key that the path into a group's field ends with."""
        ...

    def agent(self, group: int, agent: int, *path: str | int) -> Place:
        """The place of an agent's field, or of something inside it."""
        ...


def check_agents(
    agents: Sequence[AgentHead], *, known: Collection[str], taken: Collection[str] = (), place: PlaceOf
) -> list[Diagnostic]:
    """Everything wrong with the ids and dependencies of some agents.

    `known` are ids besides their own that they may depend on; `taken` are ids they may not have.
    """
    found: list[Diagnostic] = []
    first: dict[str, int] = {}
    for index, agent in enumerate(agents):
        problem = check_id(agent.id, place(index, "id"), "agent")
        if problem:
            found.append(problem)
        elif agent.id in first and agent.id != UNKNOWN:
            earlier = Related(place(first[agent.id], "id"), "first used here")
            found.append(
                Diagnostic(
                    "AL307", f"two agents have the id {agent.id!r}", place(index, "id"), related=(earlier,)
                )
            )
        elif agent.id in taken:
            found.append(
                Diagnostic(
                    "AL307",
                    f"the id {agent.id!r} is taken",
                    place(index, "id"),
                    help=f"taken are {_listed(taken)}",
                )
            )
        first.setdefault(agent.id, index)
    found += _check_dependencies(agents, {*known, *first}, place)
    found += _check_cycles(agents, first, place)
    return found


def check_id(value: str, place: Place, what: str) -> Diagnostic | None:
    """What is wrong with an id, if anything."""
    if value == UNKNOWN:
        return None
    if not _ID.fullmatch(value):
        return Diagnostic(
            "AL305",
            f"{value!r} is no id for {'an' if what[0] in 'aeiou' else 'a'} {what}",
            place,
            help=_ID_RULE,
            fix=replacement(place, value, _as_id(value)),
        )
    if value in RESERVED_IDS:
        listed = ", ".join(sorted(RESERVED_IDS))
        return Diagnostic("AL306", f"the id {value!r} is reserved", place, help=f"reserved are {listed}")
    return None


def _as_id(value: str) -> str | None:
    slug = re.sub(r"[^a-z0-9_-]+", "-", value.casefold()).strip("-")[:63]
    return slug if _ID.fullmatch(slug) else None


def _check_dependencies(
    agents: Sequence[AgentHead], known: Collection[str], place: PlaceOf
) -> Iterator[Diagnostic]:
    complaints = 0  # searching for near names takes time; nobody reads more suggestions than are shown
    for index, agent in enumerate(agents):
        seen: set[str] = set()
        for item, upstream in enumerate(agent.depends_on):
            if upstream not in known:
                complaints += 1
                others = {*known} - {agent.id} if complaints <= SHOWN_LIMIT else ()
                where = place(index, "depends_on", item)
                yield unknown_agent(upstream, others, where, f"{agent.id!r} depends on")
            elif upstream in seen:
                where = place(index, "depends_on", item)
                yield Diagnostic(
                    "AL318", f"{agent.id!r} depends on {upstream!r} twice", where, severity="warning"
                )
            seen.add(upstream)


def unknown_agent(name: str, known: Collection[str], place: Place, who: str) -> Diagnostic:
    """The finding that nobody has this id, with the nearest one that somebody has."""
    near = nearest(name, known)
    return Diagnostic(
        "AL308",
        f"{who} {name!r}, but there is no such agent",
        place,
        help=f"did you mean {near!r}?" if near else f"there is {_listed(known)}" if known else None,
        fix=replacement(place, name, near),
    )


def _listed(names: Collection[str], limit: int = 12) -> str:
    ordered = sorted(names)
    more = f" and {len(ordered) - limit} more" if len(ordered) > limit else ""
    return ", ".join(ordered[:limit]) + more


def _check_cycles(
    agents: Sequence[AgentHead], first: Mapping[str, int], place: PlaceOf
) -> Iterator[Diagnostic]:
    """Every circle of agents once, edge by edge, and then whoever waits for one of them for ever."""
    graph = {name: [up for up in agents[index].depends_on if up in first] for name, index in first.items()}
    stuck = _never_ready(graph)
    in_cycle: set[str] = set()
    for name in graph:
        if name not in stuck or name in in_cycle:
            continue
        cycle = _cycle_through(name, graph, stuck)
        if not cycle or in_cycle.intersection(cycle):
            continue
        in_cycle.update(cycle)
        yield _describe_cycle(cycle, agents, first, place)
    for name, upstream in graph.items():
        if name in stuck and name not in in_cycle:
            blocker = next(up for up in upstream if up in stuck)
            yield Diagnostic(
                "AL311",
                f"{name!r} can never run: it waits for {blocker!r}, which never ends",
                place(first[name], "depends_on", agents[first[name]].depends_on.index(blocker)),
                help="break the circle",
            )


def _never_ready(graph: Mapping[str, list[str]]) -> set[str]:
    """The nodes left when everything that can run has run: those in a circle and those behind one."""
    missing = {name: len(set(ups)) for name, ups in graph.items()}
    below: dict[str, list[str]] = {name: [] for name in graph}
    for name, ups in graph.items():
        for up in set(ups):
            below[up].append(name)
    ready = [name for name, count in missing.items() if not count]
    while ready:
        for name in below[ready.pop()]:
            missing[name] -= 1
            if not missing[name]:
                ready.append(name)
    return {name for name, count in missing.items() if count}


def _cycle_through(start: str, graph: Mapping[str, list[str]], stuck: Collection[str]) -> list[str]:
    """A shortest circle from `start` back to it, each waiting for the next; empty when there is none."""
    came_from: dict[str, str] = {}
    queue = [start]
    for name in queue:
        for up in graph[name]:
            if up == start:
                path = [name]
                while path[-1] != start:
                    path.append(came_from[path[-1]])
                return path[::-1]
            if up in stuck and up not in came_from:
                came_from[up] = name
                queue.append(up)
    return []


def _describe_cycle(
    cycle: Sequence[str], agents: Sequence[AgentHead], first: Mapping[str, int], place: PlaceOf
) -> Diagnostic:
    edges = []
    for name, upstream in zip(cycle, [*cycle[1:], cycle[0]], strict=True):
        index = first[name]
        where = place(index, "depends_on", list(agents[index].depends_on).index(upstream))
        edges.append(Related(where, f"{name!r} waits for {upstream!r}"))
    shown = cycle if len(cycle) <= SHOWN_CYCLE else [*cycle[: SHOWN_CYCLE - 1], f"… ({len(cycle)} agents)"]
    round_trip = " → ".join([*shown, cycle[0]])
    edges = edges[:SHOWN_CYCLE]
    message = (
        f"{cycle[0]!r} waits for itself"
        if len(cycle) == 1
        else f"these agents wait for each other: {round_trip}"
    )
    return Diagnostic(
        "AL309", message, edges[0].place, related=tuple(edges), help="remove one of these dependencies"
    )


def check_squad(squad: Squad, places: SquadPlaces) -> list[Diagnostic]:
    """Everything wrong with a squad whose fields already have the right types."""
    found: list[Diagnostic] = list(_check_groups(squad, places))
    if not squad.groups:
        found.append(Diagnostic("AL300", "the squad has no groups", help="add a group with an agent"))
    flat = [(g, a) for g, group in enumerate(squad.groups) for a in range(len(group.agents))]
    agents = [squad.groups[g].agents[a] for g, a in flat]

    def place(index: int, field: str, item: int | None = None) -> Place:
        return places.agent(*flat[index], field, *(() if item is None else (item,)))

    found += check_agents([AgentHead(a.id, a.depends_on) for a in agents], known=(), place=place)
    found += _check_group_order(squad, flat, places)
    for index, agent in enumerate(agents):
        group, position = flat[index]
        found += _check_agent(agent, group, position, places)
    return found


def _check_groups(squad: Squad, places: SquadPlaces) -> Iterator[Diagnostic]:
    first: dict[str, int] = {}
    for index, group in enumerate(squad.groups):
        problem = check_id(group.id, places.group(index, "id"), "group")
        if problem:
            yield problem
        elif group.id in first and group.id != UNKNOWN:
            earlier = Related(places.group(first[group.id], "id"), "first used here")
            yield Diagnostic(
                "AL307", f"two groups have the id {group.id!r}", places.group(index, "id"), related=(earlier,)
            )
        first.setdefault(group.id, index)
        if not group.agents:
            yield Diagnostic(
                "AL317",
                f"the group {group.id!r} has no agents",
                places.group(index, "agents"),
                help='add agents = [agent(id = "…", role = "…")], or remove the group',
            )
        yield from _check_relay(group, index, places)
        yield from _check_blueprint_agent(group, index, places)


def _check_relay(group: Group, index: int, places: SquadPlaces) -> Iterator[Diagnostic]:
    relay = group.orchestration.relay
    if relay is None or relay.graph is None:
        return
    ids = {agent.id for agent in group.agents}
    for sender, receivers in relay.graph.items():
        where = ("orchestration", "relay", "graph", sender)
        if sender not in ids:
            yield unknown_agent(sender, ids, places.key(index, *where), f"the relay of {group.id!r} names")
        for item, receiver in enumerate(receivers):
            place = places.group(index, *where, item)
            if receiver == sender:
                yield Diagnostic("AL309", f"{sender!r} hands work to itself", place, help="remove this entry")
            elif receiver not in ids:
                yield unknown_agent(receiver, ids - {sender}, place, f"{sender!r} hands work to")


def _check_blueprint_agent(group: Group, index: int, places: SquadPlaces) -> Iterator[Diagnostic]:
    planners = [position for position, agent in enumerate(group.agents) if agent.blueprint]
    for position in planners[1:]:
        earlier = Related(places.agent(index, planners[0], "blueprint"), "the first one")
        yield Diagnostic(
            "AL316",
            f"the group {group.id!r} has a second blueprint agent",
            places.agent(index, position, "blueprint"),
            related=(earlier,),
            help="a group has at most one: keep one blueprint = True",
        )
    for position in planners:
        agent = group.agents[position]
        if not agent.follow_up_enabled:
            yield Diagnostic(
                "AL316",
                f"{agent.id!r} gives its blueprint in the follow-up, which is switched off",
                places.agent(index, position, "follow_up_enabled"),
                help="remove follow_up_enabled = False, or set blueprint = False",
            )
        if agent.follow_up_schema is not None:
            yield Diagnostic(
                "AL316",
                f"{agent.id!r} cannot give a blueprint and satisfy a follow_up_schema of its own",
                places.agent(index, position, "follow_up_schema"),
                help="remove one of the two",
            )
    if not planners:
        yield from _without_effect(group, index, places)


def _without_effect(group: Group, index: int, places: SquadPlaces) -> Iterator[Diagnostic]:
    orchestration = group.orchestration
    relay_on = orchestration.relay is not None and orchestration.relay.enabled
    for name, is_on in (
        ("autonomous", orchestration.autonomous),
        ("parallel", orchestration.parallel),
        ("relay", relay_on),
    ):
        if is_on:
            yield Diagnostic(
                "AL318",
                f"{name} has no effect in {group.id!r}: none of its agents gives a blueprint",
                places.group(index, "orchestration", name),
                severity="note",
                help="its agents run side by side as their dependencies allow",
            )


def _check_group_order(
    squad: Squad, flat: Sequence[tuple[int, int]], places: SquadPlaces
) -> Iterator[Diagnostic]:
    home: dict[str, int] = {}
    for group, position in flat:
        home.setdefault(squad.groups[group].agents[position].id, group)
    for group, position in flat:
        agent = squad.groups[group].agents[position]
        for item, upstream in enumerate(agent.depends_on):
            later = home.get(upstream, group)
            if later > group:
                name = squad.groups[later].id
                yield Diagnostic(
                    "AL310",
                    f"{agent.id!r} depends on {upstream!r}, whose group {name!r} runs later",
                    places.agent(group, position, "depends_on", item),
                    help=f"groups run in file order: move {name!r} up, or drop the dependency",
                )


def _check_agent(agent: Agent, group: int, position: int, places: SquadPlaces) -> Iterator[Diagnostic]:
    if not agent.role.strip():
        place = places.agent(group, position, "role")
        yield Diagnostic("AL312", f"{agent.id!r} has an empty role", place, help="say in a word what it is")
    if agent.follow_up_schema is not None and (problem := schema_problem(agent.follow_up_schema)):
        yield Diagnostic(
            "AL313",
            f"the follow_up_schema of {agent.id!r} is no JSON Schema that can be used: {problem}",
            places.agent(group, position, "follow_up_schema"),
        )
    yield from _check_given(agent, group, position, places)
    turns: tuple[tuple[Turn, str, str], ...] = (
        ("plan", "plan_prompt", agent.plan_prompt),
        ("follow-up", "follow_up_prompt", agent.follow_up_prompt),
    )
    upstream = frozenset(agent.depends_on)
    for turn, field, text in turns:
        if text == default_prompt(agent.role, turn):
            continue  # shipped, and tested; a squad of default prompts compiles without Jinja2
        for complaint in inspect_template(text, turn, upstream):
            is_own = complaint.output == agent.id
            lines = f" (line {complaint.line} of the template)" if "\n" in text else ""
            yield Diagnostic(
                "AL314" if complaint.is_syntax else "AL315",
                f"{field} of {agent.id!r}: {complaint.message}{lines}",
                places.agent(group, position, field),
                help=_OWN_OUTPUT if is_own else complaint.help,
            )


_OWN_OUTPUT = "outputs are those of the agents it waits for, never its own"


def _check_given(agent: Agent, group: int, position: int, places: SquadPlaces) -> Iterator[Diagnostic]:
    """What is wrong with the files and the memory that an agent asks for."""
    for item, pattern in enumerate(agent.inputs):
        if problem := pattern_problem(pattern):
            place = places.agent(group, position, "inputs", item)
            fix = replacement(place, pattern, problem.instead)
            yield Diagnostic("AL322", f"inputs: {problem.message}", place, help=problem.help, fix=fix)
    for item, term in enumerate(agent.memory):
        place = places.agent(group, position, "memory", item)
        if problem := _term_problem(term):
            fix = replacement(place, term, problem.instead)
            yield Diagnostic("AL324", f"memory: {problem.message}", place, help=problem.help, fix=fix)
    if "memory_limit" in agent.model_fields_set and not agent.memory:
        yield Diagnostic(
            "AL318",
            f"memory_limit has no effect: {agent.id!r} has no memory",
            places.agent(group, position, "memory_limit"),
            severity="note",
        )


def check_backends(squad: Squad, places: SquadPlaces, backends: Collection[str]) -> Iterator[Diagnostic]:
    """Warnings for agents whose backend is none of these; a flag may still give them another."""
    for g, group in enumerate(squad.groups):
        for a, agent in enumerate(group.agents):
            if agent.backend is None or agent.backend in backends:
                continue
            place = places.agent(g, a, "backend")
            near = nearest(agent.backend, backends)
            yield Diagnostic(
                "AL325",
                f"there is no backend {agent.backend!r}: {agent.id!r} runs only with another by --backend",
                place,
                severity="warning",
                help=f"did you mean {near!r}?" if near else f"there is {', '.join(sorted(backends))}",
                fix=replacement(place, agent.backend, near),
            )


def _term_problem(term: str) -> Problem | None:
    """What is wrong with a term of memory such as `tag:research`, if anything."""
    kind, _, value = term.partition(":")
    listed = ", ".join(f"{known}:…" for known in MEMORY_KINDS)
    if kind not in MEMORY_KINDS:
        near = nearest(kind, MEMORY_KINDS) if value else None
        better = near and f"{near}:{value}"
        help = f"did you mean {better!r}?" if better else f"write one of {listed}"
        return Problem(f"{term!r} is no way to name artifacts", help, better)
    if not value.strip():
        return Problem(f"{term!r} does not say which {kind}", f"write {kind}:…")
    return None
