"""What differs between two runs, agent by agent: prompts, answers, tokens, time.

`look_at` reads what a run recorded of its agents, `compare` is pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby, zip_longest
from typing import Literal, Protocol

from orchestrator.core.facts import Fact, TurnEnded
from orchestrator.core.frozen import Digest
from orchestrator.core.ports import RunRecord
from orchestrator.core.turn import Done, TurnInput, Usage
from orchestrator.schedule.explain import Change, changes, prompt_diff
from orchestrator.schedule.history import History, Standing

SHOWN_LINES = 40
"""A text diff has at most so many lines."""

SHOWN_COLUMNS = 160


class Recorded(Protocol):
    """As much of a journal as comparing takes."""

    def facts(self, run: str, after: int = 0) -> Iterable[tuple[int, Fact]]:
        """A run's facts above a number, in order."""
        ...

    def body(self, digest: Digest) -> bytes:
        """A verified body."""
        ...


@dataclass(frozen=True, slots=True)
class Answered:
    """One answered turn: what was asked and what was said."""

    input: TurnInput
    text: str


@dataclass(frozen=True, slots=True)
class Member:
    """A node of a run as it is compared. `turns` are keyed by purpose and, from the second on, a number."""

    standing: Standing
    turns: Mapping[str, Answered]
    usage: Usage
    """Of the turns that were sent in this run, none for those that were reused."""
    seconds: float
    reused: int


@dataclass(frozen=True, slots=True)
class Side:
    """A run as it is compared; `members` are keyed by node id, in the DAG's order."""

    run: str
    task: str
    squad: str
    members: Mapping[str, Member]


def look_at(journal: Recorded, record: RunRecord, history: History) -> Side:
    """What a run recorded. Raises StoreError when a body is absent or altered."""
    turns: dict[str, dict[str, Answered]] = {}
    for _, fact in journal.facts(record.slug):
        if isinstance(fact, TurnEnded) and fact.ending == "done" and fact.answer is not None:
            of_node = turns.setdefault(fact.id.node, {})
            earlier = sum(name.split(" ")[0] == fact.purpose for name in of_node)
            name = f"{fact.purpose} {earlier + 1}" if earlier else fact.purpose
            of_node[name] = Answered(
                TurnInput.model_validate_json(journal.body(fact.key)),
                Done.model_validate_json(journal.body(fact.answer)).message.text,
            )
    members = {
        name: Member(each.standing, turns.get(name, {}), each.usage, each.seconds, each.reused)
        for name, each in history.passages.items()
    }
    return Side(record.slug, record.prompt, record.squad, members)


@dataclass(frozen=True, slots=True)
class TurnDifference:
    """What differs in one turn. `only` names the run that alone has it; else the lines are unified diffs."""

    turn: str
    only: str | None = None
    inputs: tuple[Change, ...] = ()
    """The ingredients of the turn's key that differ, the prompt beside others."""
    prompt: tuple[str, ...] = ()
    answer: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MemberDifference:
    """How a node that both runs have fared in each; `turns` are those that differ."""

    node: str
    standing: tuple[Standing, Standing]
    usage: tuple[Usage, Usage]
    seconds: tuple[float, float]
    reused: tuple[int, int]
    turns: tuple[TurnDifference, ...]
    verdict: Literal["same", "changed"]
    """The same: it was asked the same, said the same and ended the same way."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What differs between two runs; `members` are those of both, in the later one's order."""

    runs: tuple[str, str]
    same_squad: bool
    task: tuple[str, ...]
    """A unified diff of the two tasks; empty for the same one."""
    members: tuple[MemberDifference, ...] = ()
    only_before: tuple[str, ...] = ()
    only_after: tuple[str, ...] = ()
    usage: tuple[Usage, Usage] = field(default_factory=lambda: (Usage(), Usage()))
    seconds: tuple[float, float] = (0.0, 0.0)


def compare(before: Side, after: Side) -> Comparison:
    """What changed from one run to the other. Times and tokens are told, but change no verdict."""
    both = [name for name in after.members if name in before.members]
    sides = (before, after)
    usages = [sum((each.usage for each in side.members.values()), Usage()) for side in sides]
    seconds = [sum(each.seconds for each in side.members.values()) for side in sides]
    return Comparison(
        runs=(before.run, after.run),
        same_squad=before.squad == after.squad,
        task=tuple(text_diff(before.task, after.task)),
        members=tuple(_member(name, before, after) for name in both),
        only_before=tuple(name for name in before.members if name not in after.members),
        only_after=tuple(name for name in after.members if name not in before.members),
        usage=(usages[0], usages[1]),
        seconds=(seconds[0], seconds[1]),
    )


def _member(name: str, before: Side, after: Side) -> MemberDifference:
    old, new = before.members[name], after.members[name]
    turns: list[TurnDifference] = []
    for turn in dict.fromkeys((*old.turns, *new.turns)):
        if turn not in old.turns or turn not in new.turns:
            turns.append(TurnDifference(turn, only=(before if turn in old.turns else after).run))
        elif old.turns[turn] != new.turns[turn]:
            turns.append(_turn(turn, old.turns[turn], new.turns[turn]))
    return MemberDifference(
        node=name,
        standing=(old.standing, new.standing),
        usage=(old.usage, new.usage),
        seconds=(old.seconds, new.seconds),
        reused=(old.reused, new.reused),
        turns=tuple(turns),
        verdict="changed" if turns or old.standing != new.standing else "same",
    )


def _turn(name: str, old: Answered, new: Answered) -> TurnDifference:
    return TurnDifference(
        name,
        inputs=changes(old.input, new.input),
        prompt=tuple(text_diff(old.input.prompt, new.input.prompt)),
        answer=tuple(text_diff(old.text, new.text)),
    )


def text_diff(before: str, after: str) -> list[str]:
    """A unified diff short enough to be read; none for equal texts.

    Lines are cut around the place where they differ, so that what differs is always to be seen.
    """
    if before == after:
        return []
    lines = prompt_diff(before, after, context=1)
    if not lines:
        return ["the same lines; they end or break differently"]
    shown = _cut(lines[:SHOWN_LINES])
    left = len(lines) - SHOWN_LINES
    return [*shown, f"… {left:,} more lines"] if left > 0 else shown


def _cut(lines: Sequence[str]) -> list[str]:
    """Long lines around the first character in which a removed line and its replacement differ."""
    shown: list[str] = []
    for sign, block in groupby(lines, key=lambda line: "±" if line[:1] in ("-", "+") else " "):
        if sign == " ":
            shown += [_window(line, 0) for line in block]
            continue
        changed = list(block)
        removed = [line for line in changed if line.startswith("-")]
        added = changed[len(removed) :]
        pairs = zip_longest(removed, added, fillvalue="")
        starts = [max(0, _first_difference(one, other) - SHOWN_COLUMNS // 4) for one, other in pairs]
        shown += [_window(line, start) for line, start in zip(removed, starts, strict=False)]
        shown += [_window(line, start) for line, start in zip(added, starts, strict=False)]
    return shown


def _first_difference(one: str, other: str) -> int:
    pairs = zip(one[1:], other[1:], strict=False)
    return next((at for at, (a, b) in enumerate(pairs) if a != b), max(0, min(len(one), len(other)) - 1))


def _window(line: str, start: int) -> str:
    if len(line) <= SHOWN_COLUMNS:
        return line
    sign, text = line[0], re.sub(r"[\t\r]", " ", line[1:])
    part = text[start : start + SHOWN_COLUMNS]
    before, after = "…" if start else "", "…" if start + SHOWN_COLUMNS < len(text) else ""
    return f"{sign}{before}{part}{after}"
