"""A Performer that answers from nothing but the turn's key: the same turn always takes and gives the same.

It gives blueprints, decisions and handoffs of every sort, right ones, odd ones and hostile ones.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from orchestrator.core.ports import Tell
from orchestrator.core.turn import Outcome, TurnOrder
from tests.doubles.blueprints import blueprint, done, entry
from tests.doubles.performer import ScriptedPerformer
from tests.doubles.performer import done as answered


@dataclass(frozen=True)
class World:
    """How turns are answered; with `hostile` 0 every blueprint could be right, with 1 none is."""

    seed: int
    hostile: float = 0.3

    async def perform(self, order: TurnOrder, tell: Tell) -> Outcome:
        dice = random.Random(f"{self.seed} {order.key}")
        await asyncio.sleep(dice.randrange(5))
        schema = order.input.output_schema
        if not isinstance(schema, dict):
            return answered(f"{order.input.agent} {order.input.purpose} {dice.randrange(9)}")
        if schema["title"] == "Handoffs":
            return answered(self._handoffs(dice, schema))
        return answered(self._blueprint(dice, order.input.prompt, schema))

    def _handoffs(self, dice: random.Random, schema: Any) -> str:
        if dice.random() < self.hostile / 2:
            return dice.choice(["", "{}", '{"handoffs": [{"to": "nobody", "note": "n"}]}', "[" * 2000])
        receivers = schema["properties"]["handoffs"]["items"]["properties"]["to"]["enum"]
        chosen = [each for each in receivers if dice.random() < 0.6]
        notes = [{"to": each, "note": dice.choice(["", "note", "note"])} for each in chosen]
        return json.dumps({"handoffs": notes})

    def _blueprint(self, dice: random.Random, prompt: str, schema: Any) -> str:
        if "done" in schema["properties"] and dice.random() < 0.3:
            return done()
        taken, known = listed(prompt, "Taken"), listed(prompt, "Known")
        base = f"s{len(taken)}"
        fresh = [f"{base}{letter}" for letter in "abcd"[: dice.randint(1, 4)]]
        agents = []
        for place, name in enumerate(fresh):
            above = [up for up in [*fresh[:place], *known] if dice.random() < 0.3]
            agents.append(entry(name, *above, prompt=f"build {dice.randrange(4)}"))
        fields: dict[str, Any] = {}
        if "handoffs" in schema["properties"]:
            configured = listed(prompt, "  Configured agents")
            givers = [*known, *fresh]
            fields["handoffs"] = [
                {"from": dice.choice(givers), "to": to, "note": dice.choice(["", "note", "note", "note"])}
                for to in dice.sample([*fresh, *configured], dice.randint(0, len(fresh)))
            ]
        if dice.random() < self.hostile:
            return dice.choice(HOSTILE)(fresh, taken)
        return blueprint(*agents, **fields)


def listed(prompt: str, title: str) -> list[str]:
    """The ids that a blueprint's form lists under a title."""
    found = re.findall(rf"^{title}(?: ids)?: (.*)$", prompt, re.MULTILINE)
    return found[-1].split(", ") if found else []


HOSTILE: list[Callable[[list[str], list[str]], str]] = [
    lambda fresh, taken: "",
    lambda fresh, taken: "Sure! Here is the blueprint:",
    lambda fresh, taken: f"```json\n{blueprint(entry(fresh[0]))}\n```",
    lambda fresh, taken: "[" * 100_000,
    lambda fresh, taken: '{"agents": [], "agents": []}',
    lambda fresh, taken: json.dumps({"agents": [entry(f"x{place}") for place in range(50)]}),
    lambda fresh, taken: blueprint(entry(taken[0])),
    lambda fresh, taken: blueprint(entry("../../etc/passwd")),
    lambda fresh, taken: blueprint(entry("x@2")),
    lambda fresh, taken: blueprint(entry("autonomous-orchestrator")),
    lambda fresh, taken: blueprint(entry("x", "y"), entry("y", "x")),
    lambda fresh, taken: blueprint(entry("x", "x")),
    lambda fresh, taken: blueprint(entry("x", "nobody")),
    lambda fresh, taken: blueprint(entry("x"), handoffs=[{"from": "x", "to": "x", "note": "n"}]),
    lambda fresh, taken: json.dumps({"done": "", "agents": [entry("x")]}),
    lambda fresh, taken: json.dumps({"done": ["all"]}),
]


class Playing(ScriptedPerformer):
    """Lets a world answer, and counts who is at it."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world

    async def perform(self, order: TurnOrder, tell: Tell) -> Outcome:
        self._script[order.input.agent] = [self._world.perform]
        return await super().perform(order, tell)
