"""Answering from a cassette: the recorded outcome of each turn, attempt by attempt, and nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from orchestrator.backends.cassette.line import Postponed
from orchestrator.backends.cassette.reading import Cassette, Numbered
from orchestrator.core.frozen import Digest
from orchestrator.core.ports import Clock, Tell
from orchestrator.core.turn import Deferred, Done, Failed, Outcome, TurnId, TurnInput, TurnOrder
from orchestrator.schedule.explain import Change, changes, prompt_diff

COMPARED_ENTRIES = 200
COMPARED_CHARS = 4000
"""How many entries, and how much of their prompts, are looked at in the search for the most similar one."""

SHOWN_CHARS = 100


@dataclass(slots=True)
class CassettePlayer:
    """A Performer, and what stands in for the record of other runs while a cassette is replayed."""

    cassette: Cassette
    clock: Clock
    _asked: Counter[tuple[TurnId, Digest]] = field(default_factory=Counter)

    def recalled(self, key: Digest) -> Done | None:
        """The answer that the recorded run had taken from an earlier one."""
        return self.cassette.recalled.get(key)

    async def perform(self, order: TurnOrder, tell: Tell) -> Outcome:
        """What came of the turn when it was recorded; Failed, nothing paid, when it was not."""
        attempts = self.cassette.attempts(order.id.node, order.id.step, order.key)
        if not attempts:
            return Failed(error=_miss(order, self.cassette), paid="no")
        asked = self._asked[order.id, order.key]
        self._asked[order.id, order.key] += 1
        entry = attempts[min(asked, len(attempts) - 1)].entry
        for action in entry.actions:
            await tell(action)
        return self._outcome(entry.outcome, goes_on=asked + 1 < len(attempts))

    def _outcome(self, recorded: Done | Failed | Postponed, *, goes_on: bool) -> Outcome:
        """The recorded outcome; what was waited for then is not waited for again."""
        if isinstance(recorded, Postponed):
            return Deferred(until=self.clock.now(), reason=recorded.reason)
        if isinstance(recorded, Failed):
            return recorded.model_copy(update={"retryable": goes_on, "retry_after_s": 0.0})
        return recorded


def _miss(order: TurnOrder, cassette: Cassette) -> str:
    """Why a turn cannot be answered: the nearest entry, and what differs from it."""
    turn, place = order.input, f"{order.id.node}, step {order.id.step} ({order.input.purpose})"
    near = _nearest(order, cassette.entries)
    if near is None:
        return f"{cassette.name} has no answer for {place}: it has none at all\n  help: record a run"
    entry = near.entry
    said = "; ".join(_told(change) for change in changes(entry.input, turn))
    return (
        f"{cassette.name} has no answer for {place}; the nearest is line {near.line}"
        f" ({entry.node}, step {entry.step}, {entry.input.purpose}): {said}\n"
        "  help: take back what changed, or record again with --record"
    )


def _nearest(order: TurnOrder, entries: Sequence[Numbered]) -> Numbered | None:
    """The entry of the same agent and step, else of the same agent, else any: that of the likest prompt."""
    own = [each for each in entries if each.entry.input.agent == order.input.agent]
    here = [each for each in own if each.entry.step == order.id.step]
    candidates = (here or own or entries)[:COMPARED_ENTRIES]
    return max(candidates, key=lambda each: _similarity(each.entry.input, order.input), default=None)


def _similarity(one: TurnInput, other: TurnInput) -> float:
    """From 0 to 1, quickly: an upper bound of how much two prompts have in common."""
    pair = one.prompt[:COMPARED_CHARS], other.prompt[:COMPARED_CHARS]
    return SequenceMatcher(None, *pair, autojunk=False).quick_ratio()


def _told(change: Change) -> str:
    """A change in words; of a prompt, the first lines that differ."""
    if change.field != "prompt":
        return str(change)
    lines = prompt_diff(change.before, change.after, context=0)
    old = next((line[1:] for line in lines if line.startswith("-")), "")
    new = next((line[1:] for line in lines if line.startswith("+")), "")
    return f"{change}: {old.strip()[:SHOWN_CHARS]!r} → {new.strip()[:SHOWN_CHARS]!r}"
