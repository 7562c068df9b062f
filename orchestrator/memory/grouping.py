"""Which artifacts one summary is to stand for. Pure.

1. By agent: every agent's artifacts apart, and rehearsed ones apart from real ones.
2. By topic: within an agent those whose runs had the same topic (`store/artifacts/topic.py`: the first words
   of the task that are not common ones).
3. What is left over: topics of an agent with too few artifacts are put together as its topic `various`, if
   that makes enough. Summaries are not: they would lose what they are about.
4. Groups that are too large for one summary are cut by time into equal parts.

A group smaller than the minimum stays as it is, and so does one that has nothing but summaries of a single
pass: they are what its artifacts came to. Hence a pass right after another finds nothing to do, whatever age
is asked for. The result depends on the artifacts alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from orchestrator.core.frozen import canonical, digest_of
from orchestrator.store.artifacts import Found
from orchestrator.store.artifacts.condensing import Gathering

VARIOUS = "various"

MOST_SOURCES = 100
"""Artifacts that one summary stands for at most, where groups need not be larger than half of that."""

_Key: TypeAlias = tuple[str, bool, str]
"""Agent, whether simulated, topic."""


def gatherings(found: Sequence[Found], topics: Mapping[str, str], least: int) -> tuple[Gathering, ...]:
    """The artifacts to condense, agents and topics in alphabetical order.

    `topics` is by artifact id; `least` is how many artifacts a group must have, 2 or more. A summariser is
    named by what it has, so that the same artifacts are asked about in the same words again.
    """
    groups: dict[_Key, list[Found]] = {}
    for one in sorted(found, key=lambda one: (one.created, one.id)):
        groups.setdefault((one.agent, one.simulated, topics.get(one.id, VARIOUS)), []).append(one)
    whole = _with_leftovers(groups, least)
    ready = (key for key in sorted(whole) if len(whole[key]) >= least and not _is_of_one_pass(whole[key]))
    return tuple(_gathering(key, part) for key in ready for part in _parts(whole[key], least))


def _gathering(key: _Key, part: Sequence[Found]) -> Gathering:
    agent, simulated, topic = key
    ids = tuple(one.id for one in part)
    name = digest_of(canonical([agent, topic, *ids]))[:16]
    return Gathering(
        summariser=f"summary-{name}", agent=agent, topic=topic, artifacts=ids, simulated=simulated
    )


def _with_leftovers(groups: Mapping[_Key, list[Found]], least: int) -> dict[_Key, list[Found]]:
    """The groups, those too small put together by agent, summaries of a topic left out of that."""
    whole: dict[_Key, list[Found]] = {}
    for key, group in groups.items():
        if len(group) >= least:
            whole.setdefault(key, []).extend(group)
            continue
        agent, simulated, topic = key
        loose = [one for one in group if one.type != "summary" or topic == VARIOUS]
        whole.setdefault((agent, simulated, VARIOUS), []).extend(loose)
    return {key: sorted(group, key=lambda one: (one.created, one.id)) for key, group in whole.items()}


def _is_of_one_pass(group: Sequence[Found]) -> bool:
    return all(one.type == "summary" for one in group) and len({one.run for one in group}) == 1


def _parts(group: Sequence[Found], least: int) -> Iterator[Sequence[Found]]:
    """The group in as few parts as may be, of nearly equal size and none of them too small."""
    count = min(-(-len(group) // MOST_SOURCES), len(group) // least)
    for number in range(count):
        yield group[len(group) * number // count : len(group) * (number + 1) // count]
