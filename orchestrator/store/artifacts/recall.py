"""What of memory an agent is given: the newest artifacts that fit, within a budget. Reads only.

The same file gives the same answer, so whoever asks once, before a run starts, has memory frozen for it.
Artifacts that a summary stands for are left out: the summary is there instead.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from heapq import merge
from itertools import groupby
from typing import TypeAlias

from agentlark.model import MEMORY_KINDS
from orchestrator.core.errors import UserError
from orchestrator.core.memory import Remembered
from orchestrator.store.artifacts.payload import Artifact
from orchestrator.store.artifacts.query import Wanted
from orchestrator.store.artifacts.reader import ArtifactReader, Found

MOST = 200
"""Artifacts that are looked at per term at most, newest first."""

_Moment: TypeAlias = tuple[float, str]


def wanted_by(term: str, simulated: bool) -> Wanted:
    """What a term such as `tag:research` or `agent:planner` asks for.

    Only artifacts that were simulated, or only such that were not. Raises UserError for another kind of term.
    """
    kind, colon, value = term.partition(":")
    if not colon or not value or kind not in MEMORY_KINDS:
        listed = ", ".join(f"{known}:…" for known in MEMORY_KINDS)
        raise UserError(f"memory {term!r}: that is no way to name artifacts", f"write one of {listed}")
    fields = {
        "agent": {"agents": (value,)},
        "tag": {"tags": (value,)},
        "topic": {"tags": (f"topic:{value}",)},
        "type": {"types": (value,)},
        "run": {"run": value},
    }
    return Wanted(condensed=False, simulated=simulated, limit=MOST, **fields[kind])  # type: ignore[arg-type]  # by name


def recall(
    reader: ArtifactReader, terms: Sequence[str], budget_chars: int, simulated: bool
) -> tuple[Remembered, ...]:
    """Every artifact that any term asks for, newest first, each text once, until the budget is used up.

    What was remembered twice in the same words is the same memory, so that an agent which reads what it wrote
    itself is asked the same again once it writes nothing new. Summaries of interrupts, which name a run and
    the time, are left out.
    The first that does not fit is cut to what room is left, if that is a tenth of the budget or more. Raises
    UserError for a term that cannot be read.
    """
    found = [reader.find(wanted_by(term, simulated)) for term in terms]
    remembered: list[Remembered] = []
    said: set[tuple[str, str, str]] = set()
    room = budget_chars
    for one in _once(found):
        payload = reader.payload(one.ino)
        if not isinstance(payload, Artifact) or payload.type == "interrupt":
            continue
        text = payload.text
        if (one.agent, one.type, text) in said:
            continue
        said.add((one.agent, one.type, text))
        if len(text) > room:
            if room >= max(budget_chars // 10, len(_CUT) + 1):
                cut = text[: room - len(_CUT)] + _CUT
                remembered.append(_remembered(one, cut))
            break
        room -= len(text)
        remembered.append(_remembered(one, text))
    return tuple(remembered)


_CUT = " […]"


def _remembered(found: Found, text: str) -> Remembered:
    return Remembered(id=found.id, agent=found.agent, type=found.type, text=text, simulated=found.simulated)


def _once(found: Sequence[Sequence[Found]]) -> Iterator[Found]:
    for _, same in groupby(merge(*(sorted(some, key=_place) for some in found), key=_place), key=_place):
        yield next(same)


def _place(found: Found) -> _Moment:
    """Newest first, and in one order always."""
    return -found.created.timestamp(), found.id
