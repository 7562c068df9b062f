"""Who ran when in a run, waited for what, and the critical path: its facts laid out along seconds.

The axis counts the time that the run was going. What lies between the end of one session and the start of
the next is left out, and a clock that was set back adds nothing, so that nobody ever ends before they
began.

A node is *ready* once its wave is there, the groups before its own have ended, and whom it waits for has
ended. From then on it is either at work or waiting. The critical path is followed backwards from the node
that ended last: each time to the one whose end made it ready.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import pairwise
from typing import Literal, TypeAlias

from orchestrator.core.facts import (
    AgentsEngaged,
    AgentsJoined,
    ApprovalAsked,
    ApprovalSettled,
    Fact,
    InterruptAsked,
    NodeEnded,
    RunEnded,
    RunStarted,
    TurnEnded,
    TurnStarted,
)
from orchestrator.schedule.history import Standing
from orchestrator.schedule.node import Node
from orchestrator.schedule.state import RunState

SpanKind: TypeAlias = Literal["work", "lost", "reused", "slot", "limit", "retry"]
"""At work on a turn, on one whose outcome was lost, or answered from a record; waiting for a free job or a
budget, for a provider's limits, or after a failure."""

WAITS: tuple[SpanKind, ...] = ("slot", "limit", "retry")


@dataclass(frozen=True, slots=True)
class Span:
    """Something that lasted; `begin_s` and `end_s` are seconds on the run's axis."""

    kind: SpanKind
    begin_s: float
    end_s: float
    label: str = ""

    @property
    def seconds(self) -> float:
        """How long it lasted."""
        return self.end_s - self.begin_s


@dataclass(frozen=True, slots=True)
class Bar:
    """A node's way through the run; `spans` are in order and do not overlap."""

    node: str
    role: str
    group: str
    wave: int
    standing: Standing
    ready_s: float | None
    """When it could go on; None if that never came."""
    ended_s: float | None
    after: str | None
    """The node whose end made it ready; None for those that waited for nobody."""
    spans: tuple[Span, ...]
    is_critical: bool = False

    def seconds(self, *kinds: SpanKind) -> float:
        """How long it was in these states, taken together."""
        return sum(span.seconds for span in self.spans if span.kind in kinds)


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment of the whole run that a picture should show."""

    at_s: float
    label: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """A run along its axis. `bars` are in the DAG's order, `critical` from the first node to the last."""

    run: str
    began: datetime | None
    seconds: float
    bars: tuple[Bar, ...]
    marks: tuple[Mark, ...]
    critical: tuple[str, ...]

    def critical_bars(self) -> list[Bar]:
        """The bars on the critical path, in its order."""
        found = {bar.node: bar for bar in self.bars}
        return [found[name] for name in self.critical]


@dataclass(slots=True)
class _Track:
    """What is known of one node while facts come in."""

    spans: list[Span] = field(default_factory=list)
    at_work_since: float | None = None
    waiting: tuple[SpanKind, float, str] | None = None
    purpose: str = ""
    ended_s: float | None = None


def timeline_of(state: RunState, facts: Iterable[Fact]) -> Timeline:
    """The timeline of a run, from its first state, which takes all facts, and its facts in order."""
    folding = _Folding(state)
    for fact in facts:
        folding.take(fact)
    return folding.timeline()


class _Folding:
    """Lays facts along the axis."""

    def __init__(self, state: RunState) -> None:
        self._state = state
        self._tracks: dict[str, _Track] = {}
        self._joined_s: dict[int, float] = {}
        """When each wave was there."""
        self._marks: list[Mark] = []
        self._run = ""
        self._began: datetime | None = None
        self._last: datetime | None = None
        self._now_s = 0.0

    def take(self, fact: Fact) -> None:
        """Take the next fact into account."""
        self._state.apply(fact)
        self._go_on(fact)
        match fact:
            case RunStarted():
                self._run, self._began = fact.run, self._began or fact.at
                if fact.resumed:
                    self._resume()
            case TurnStarted():
                track = self._track(fact.id.node)
                self._end_wait(track)
                track.at_work_since, track.purpose = self._now_s, fact.purpose
            case TurnEnded():
                self._turn_ended(fact)
            case AgentsJoined() | AgentsEngaged():
                self._joined_s[fact.wave] = self._now_s
            case ApprovalAsked():
                self._marks.append(Mark(self._now_s, f"consent asked for wave {fact.joining.wave}"))
            case ApprovalSettled():
                self._marks.append(Mark(self._now_s, f"wave {fact.wave} {fact.verdict}"))
            case InterruptAsked():
                self._marks.append(Mark(self._now_s, "interrupt asked"))
            case NodeEnded():
                track = self._track(fact.node)
                self._end_wait(track)
                track.ended_s = self._now_s
            case RunEnded():
                if fact.ending != "done":
                    self._marks.append(Mark(self._now_s, f"run {fact.ending}"))
            case _:
                pass

    def _go_on(self, fact: Fact) -> None:
        if self._last is not None and not isinstance(fact, RunStarted):
            self._now_s += max(0.0, (fact.at - self._last).total_seconds())
        self._last = fact.at

    def _resume(self) -> None:
        """Close what was under way when the last session ended; nodes that had not done well go on."""
        self._marks.append(Mark(self._now_s, "resumed"))
        for name, track in self._tracks.items():
            self._end_work(track, "lost")
            self._end_wait(track)
            if name not in self._state.ended:
                track.ended_s, track.waiting = None, ("slot", self._now_s, "")

    def _turn_ended(self, fact: TurnEnded) -> None:
        track = self._track(fact.id.node)
        if track.at_work_since is None:
            self._end_wait(track)
            if fact.ending == "done":
                track.spans.append(Span("reused", self._now_s, self._now_s, fact.purpose))
        self._end_work(track, "work")
        if fact.ending == "deferred":
            track.waiting = ("limit", self._now_s, fact.error or "")
        elif fact.ending == "failed":
            track.waiting = ("retry", self._now_s, fact.error or "")
        else:
            track.waiting = ("slot", self._now_s, "")

    def _end_work(self, track: _Track, kind: SpanKind) -> None:
        if track.at_work_since is not None:
            track.spans.append(Span(kind, track.at_work_since, self._now_s, track.purpose))
            track.at_work_since = None

    def _end_wait(self, track: _Track) -> None:
        if track.waiting is not None:
            kind, since, label = track.waiting
            if self._now_s > since:
                track.spans.append(Span(kind, since, self._now_s, label))
            track.waiting = None

    def _track(self, node: str) -> _Track:
        return self._tracks.setdefault(node, _Track())

    def timeline(self) -> Timeline:
        """Everything that was taken."""
        for track in self._tracks.values():
            self._end_work(track, "lost" if self._state.ending is not None else "work")
            self._end_wait(track)
        before = self._before()
        bars = [self._bar(node, before[node.group]) for node in self._state.in_order()]
        critical = _critical(bars)
        return Timeline(
            run=self._run,
            began=self._began,
            seconds=self._now_s,
            bars=tuple(replace(bar, is_critical=bar.node in critical) for bar in bars),
            marks=tuple(self._marks),
            critical=critical,
        )

    def _bar(self, node: Node, before: tuple[str, ...]) -> Bar:
        track = self._tracks.get(node.id, _Track())
        ready_s, after = self._ready(node, before)
        spans = list(track.spans)
        if spans and ready_s is not None and spans[0].begin_s > ready_s:
            spans.insert(0, Span("slot", ready_s, spans[0].begin_s))
        ended = self._state.ended.get(node.id)
        return Bar(
            node=node.id,
            role=node.agent.role,
            group=node.group,
            wave=node.wave,
            standing=_standing(ended, spans),
            ready_s=ready_s,
            ended_s=track.ended_s,
            after=after,
            spans=tuple(spans),
        )

    def _ready(self, node: Node, before: tuple[str, ...]) -> tuple[float | None, str | None]:
        """When a node was ready and whose end made it so; None when somebody it waits for has not ended."""
        ends = {name: self._ended_s(name) for name in (*node.waits, *before)}
        if any(end is None for end in ends.values()):
            return None, None
        latest = max(ends, key=lambda name: ends[name] or 0.0, default=None)
        at = ends[latest] or 0.0 if latest is not None else 0.0
        there_s = self._joined_s.get(node.wave, 0.0) if node.wave else 0.0
        if there_s > at:
            return there_s, self._cause(node, there_s) or latest
        return at, latest

    def _before(self) -> dict[str, tuple[str, ...]]:
        """For each group, whom of the group before it to wait for: its last, or one that has not ended."""
        last: dict[str, str] = {}
        for node in self._state.in_order():
            known = last.get(node.group)
            if known is None or _at(self._ended_s(node.id)) > _at(self._ended_s(known)):
                last[node.group] = node.id
        order = [group.id for group in self._state.squad.groups]
        found: dict[str, tuple[str, ...]] = {order[0]: ()}
        for earlier, later in pairwise(order):
            found[later] = (last[earlier],) if earlier in last else ()
        return found

    def _cause(self, node: Node, there_s: float) -> str | None:
        """Whose end brought a wave about: who asked for it, else the last of its group to end before."""
        if node.by is not None and node.by in self._tracks:
            return node.by
        ended = [
            (end, each.id)
            for each in self._state.in_order()
            if each.group == node.group and each.wave < node.wave
            if (end := self._ended_s(each.id)) is not None and end <= there_s
        ]
        return max(ended)[1] if ended else None

    def _ended_s(self, name: str) -> float | None:
        track = self._tracks.get(name)
        return track.ended_s if track else None


def _critical(bars: Iterable[Bar]) -> tuple[str, ...]:
    """The chain of nodes that the end of the last one hung on, first to last."""
    found = {bar.node: bar for bar in bars}
    ended = [bar for bar in found.values() if bar.ended_s is not None and bar.spans]
    last = max(ended, key=lambda bar: bar.ended_s or 0.0, default=None)
    chain: list[str] = []
    while last is not None and last.node not in chain:
        chain.append(last.node)
        last = found.get(last.after) if last.after else None
    return tuple(reversed(chain))


def _standing(ended: NodeEnded | None, spans: Iterable[Span]) -> Standing:
    if ended is not None:
        return ended.ending
    return "started" if any(span.kind not in WAITS for span in spans) else "not started"


def _at(ended_s: float | None) -> float:
    """When something ended; never, where it has not."""
    return math.inf if ended_s is None else ended_s
