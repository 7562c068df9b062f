"""Random squads and random edits to them, as people make them between two runs."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeAlias

from agentlark.model import Agent, Group, Squad
from tests.doubles.rebuilds import Project
from tests.doubles.squads import PLAN, an_agent

MOST_AGENTS = 8
SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}

Edit: TypeAlias = Callable[[random.Random, Project], Project]


def a_project(dice: random.Random, *, is_static: bool) -> Project:
    """One to three groups of a few agents each; with blueprints unless it is to be static."""
    agents: list[Agent] = []
    for number in range(dice.randint(2, MOST_AGENTS - 1)):
        above = [agent.id for agent in agents if dice.random() < 0.4]
        agents.append(an_agent(f"n{number}", *above, **_prompts(dice)))
    project = Project(Squad(groups=(Group(id="g0", agents=tuple(agents)),)), "the task")
    for _ in range(dice.randrange(3)):
        project = _group(dice, project)
    if not is_static:
        project = _blueprint(dice, project)
    return project


def edited(dice: random.Random, project: Project, *, is_static: bool) -> tuple[str, Project]:
    """The name of an edit and the project after it."""
    edits = STATIC if is_static else {**STATIC, "blueprint": _blueprint}
    name = dice.choice(sorted(edits))
    return name, edits[name](dice, project)


def _prompts(dice: random.Random) -> dict[str, Any]:
    """Prompts that say more or less of what there is to say, and how the answer is to look."""
    told = [part for part in ("{{ agent.role }}", "{{ group.id }}") if dice.random() < 0.3]
    return {
        "plan_prompt": " ".join([PLAN, *told, f"({dice.randrange(3)})"]),
        "follow_up_prompt": f"go on ({dice.randrange(2)}) {dice.choice(['', 'after {{ plan }}'])}",
        "follow_up_enabled": dice.random() < 0.8,
        "follow_up_schema": SCHEMA if dice.random() < 0.2 else None,
    }


def _changed(project: Project, name: str, **fields: Any) -> Project:
    """The project with some fields of an agent changed."""
    groups = tuple(
        group.model_copy(
            update={
                "agents": tuple(
                    agent.model_copy(update=fields) if agent.id == name else agent for agent in group.agents
                )
            }
        )
        for group in project.squad.groups
    )
    return replace(project, squad=Squad(groups=groups))


def _one(dice: random.Random, project: Project) -> Agent:
    return dice.choice(list(project.squad.agents()))


def _plan_prompt(dice: random.Random, project: Project) -> Project:
    return _changed(project, _one(dice, project).id, plan_prompt=_prompts(dice)["plan_prompt"])


def _follow_up(dice: random.Random, project: Project) -> Project:
    prompts = _prompts(dice)
    fields = {name: prompts[name] for name in ("follow_up_prompt", "follow_up_enabled")}
    return _changed(project, _one(dice, project).id, **fields)


def _role(dice: random.Random, project: Project) -> Project:
    return _changed(project, _one(dice, project).id, role=f"Role {dice.randrange(3)}")


def _model(dice: random.Random, project: Project) -> Project:
    return _changed(project, _one(dice, project).id, model=dice.choice([None, "fake-2", "fake-3"]))


def _effort(dice: random.Random, project: Project) -> Project:
    return _changed(project, _one(dice, project).id, effort=dice.choice([None, "low", "high"]))


def _schema(dice: random.Random, project: Project) -> Project:
    chosen = dice.choice([None, SCHEMA, {**SCHEMA, "title": "Numbers"}])
    return _changed(project, _one(dice, project).id, follow_up_schema=chosen)


def _ceilings(dice: random.Random, project: Project) -> Project:
    """What no answer depends on."""
    return _changed(project, _one(dice, project).id, timeout_s=dice.randint(5, 50), retries=dice.randrange(3))


def _task(dice: random.Random, project: Project) -> Project:
    return replace(project, task=f"task {dice.randrange(3)}")


def _dependencies(dice: random.Random, project: Project) -> Project:
    """Another choice among those that stand before an agent: never a circle, never a later group."""
    agents = list(project.squad.agents())
    place = dice.randrange(len(agents))
    above = tuple(agent.id for agent in agents[:place] if dice.random() < 0.4)
    return _changed(project, agents[place].id, depends_on=above)


def _add(dice: random.Random, project: Project) -> Project:
    agents = list(project.squad.agents())
    unused = [
        name for number in range(MOST_AGENTS + 1) if (name := f"n{number}") not in {a.id for a in agents}
    ]
    if len(agents) >= MOST_AGENTS or not unused:
        return _remove(dice, project)
    above = [agent.id for agent in agents if dice.random() < 0.3]
    *groups, last = project.squad.groups
    more = an_agent(dice.choice(unused), *above, **_prompts(dice))
    grown = last.model_copy(update={"agents": (*last.agents, more)})
    return replace(project, squad=Squad(groups=(*groups, grown)))


def _remove(dice: random.Random, project: Project) -> Project:
    agents = list(project.squad.agents())
    gone = dice.choice(agents).id
    if len(agents) == 1:
        return project
    groups = []
    for group in project.squad.groups:
        kept = tuple(
            agent.model_copy(update={"depends_on": tuple(up for up in agent.depends_on if up != gone)})
            for agent in group.agents
            if agent.id != gone
        )
        if kept:
            groups.append(group.model_copy(update={"agents": kept}))
    return replace(project, squad=Squad(groups=tuple(groups)))


def _group(dice: random.Random, project: Project) -> Project:
    """Split a group in two, join two, or rename one."""
    groups = list(project.squad.groups)
    at = dice.randrange(len(groups))
    agents = groups[at].agents
    unused = next(name for number in range(99) if (name := f"g{number}") not in {g.id for g in groups})
    if at + 1 < len(groups) and dice.random() < 0.4:
        groups[at : at + 2] = [groups[at].model_copy(update={"agents": (*agents, *groups[at + 1].agents)})]
    elif len(agents) > 1 and dice.random() < 0.7:
        cut = dice.randrange(1, len(agents))
        groups[at : at + 1] = [
            groups[at].model_copy(update={"agents": agents[:cut]}),
            Group(id=unused, agents=agents[cut:]),
        ]
    else:
        groups[at] = groups[at].model_copy(update={"id": unused})
    return replace(project, squad=_at_most_one_blueprint(groups))


def _blueprint(dice: random.Random, project: Project) -> Project:
    """Another agent gives its group's blueprint, or the same one is asked otherwise."""
    groups = list(project.squad.groups)
    at = dice.randrange(len(groups))
    chosen = dice.choice(groups[at].agents).id
    given = {
        "follow_up_enabled": True,
        "follow_up_schema": None,
        "follow_up_prompt": f"ask {dice.randrange(3)}",
    }
    groups[at] = groups[at].model_copy(
        update={
            "agents": tuple(
                agent.model_copy(
                    update={"blueprint": agent.id == chosen, **(given if agent.id == chosen else {})}
                )
                for agent in groups[at].agents
            )
        }
    )
    return replace(project, squad=Squad(groups=tuple(groups)))


def _at_most_one_blueprint(groups: list[Group]) -> Squad:
    """A squad of groups of which each keeps the last of its blueprint agents."""
    settled = []
    for group in groups:
        givers = [agent.id for agent in group.agents if agent.blueprint]
        agents = tuple(
            agent.model_copy(update={"blueprint": agent.id in givers[-1:]}) for agent in group.agents
        )
        settled.append(group.model_copy(update={"agents": agents}))
    return Squad(groups=tuple(settled))


STATIC: dict[str, Edit] = {
    "plan prompt": _plan_prompt,
    "follow-up": _follow_up,
    "role": _role,
    "model": _model,
    "effort": _effort,
    "schema": _schema,
    "ceilings": _ceilings,
    "task": _task,
    "dependencies": _dependencies,
    "add": _add,
    "remove": _remove,
    "group": _group,
}
