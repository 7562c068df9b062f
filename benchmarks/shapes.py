"""The shapes of work that contestants are given: who depends on whom, in an order that can be run."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass, field

LAYER = 100
"""Agents per layer of a layered shape."""

SLOW_LAYERS = 10
SLOW_MEDIAN_S = 0.5
SLOW_SPREAD = 0.6
"""Layers of a slow shape; the median of its turns, and the standard deviation of their logarithm."""

ANSWER_BYTES = 1024
FILLER = 'The parser "reads" a line, and the writer writes it.\n' * 20


def answer_of(agent: str) -> str:
    """What an agent's turn answers: 1 KB, and no two alike."""
    return (f"This is what {agent} has found. " + FILLER)[:ANSWER_BYTES]


@dataclass(frozen=True, slots=True)
class Shape:
    """A DAG by name; `depends_on` lists every agent after those it depends on.

    `delays_s` are the seconds that an agent's turn takes; those that are not in it answer at once.
    """

    name: str
    depends_on: Mapping[str, tuple[str, ...]]
    delays_s: Mapping[str, float] = field(default_factory=dict)

    @property
    def turns(self) -> int:
        """How many turns it takes: one per agent."""
        return len(self.depends_on)

    @property
    def critical_s(self) -> float:
        """Seconds of the slowest chain of agents who wait for one another: nobody can be faster."""
        ends: dict[str, float] = {}
        for name, upstream in self.depends_on.items():
            ends[name] = max((ends[up] for up in upstream), default=0.0) + self.delays_s.get(name, 0.0)
        return max(ends.values())


def chain(length: int) -> Shape:
    """Agents in a line, each depending on the one before: nothing can be done at the same time."""
    names = [f"a{index}" for index in range(length)]
    before = [(), *((name,) for name in names[:-1])]
    return Shape(f"chain-{length}", dict(zip(names, before, strict=True)))


def fan(width: int) -> Shape:
    """One agent, then `width` that depend on it, then one that depends on all of these."""
    middle = tuple(f"m{index}" for index in range(width))
    return Shape(f"fan-1-{width}-1", {"first": (), **dict.fromkeys(middle, ("first",)), "last": middle})


def layered(count: int) -> Shape:
    """Layers of 100; each agent depends on two or, every other one, three of the layer above."""
    depends_on: dict[str, tuple[str, ...]] = {}
    for index in range(count):
        layer, place = divmod(index, LAYER)
        steps = (0, 37) if place % 2 else (0, 37, 71)
        above = tuple(f"n{layer - 1}-{(place + step) % LAYER}" for step in steps) if layer else ()
        depends_on[f"n{layer}-{place}"] = above
    return Shape(f"layered-{count}", depends_on)


def slow(count: int, seed: int) -> Shape:
    """Ten layers; each agent depends on two of the layer above, and its turn takes a log-normal time."""
    draw = random.Random(seed)
    width = count // SLOW_LAYERS
    depends_on: dict[str, tuple[str, ...]] = {}
    for layer in range(SLOW_LAYERS):
        for place in range(width):
            above = sorted(draw.sample(range(width), 2)) if layer else []
            depends_on[f"n{layer}-{place}"] = tuple(f"n{layer - 1}-{each}" for each in above)
    delays_s = {name: draw.lognormvariate(math.log(SLOW_MEDIAN_S), SLOW_SPREAD) for name in depends_on}
    return Shape(f"slow-{count}-{seed}", depends_on, delays_s)


def shape_named(name: str) -> Shape:
    """The shape of a name: `chain-100`, `fan-1-1000-1`, `layered-1000`, or `slow-200-1` with a seed."""
    kind, *sizes = name.split("-")
    match kind, sizes:
        case "chain", [length]:
            return chain(int(length))
        case "fan", [_, width, _]:
            return fan(int(width))
        case "layered", [count]:
            return layered(int(count))
        case "slow", [count, seed]:
            return slow(int(count), int(seed))
    raise ValueError(f"there is no shape {name!r}")
