"""Getting one answer: the intent before each call, the deadline, retries, waiting for a quota.

Every attempt is announced by a durable `TurnStarted`. A failed one is closed by its own `TurnEnded` before
the next is sent; the closing fact of a good one is handed back, to be recorded with whatever follows from
it in one transaction.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from orchestrator.core.errors import StoreError
from orchestrator.core.facts import Acted, Action, Fact, TextDelta, Told, TurnEnded, TurnStarted, Waiting
from orchestrator.core.frozen import Digest, digest_of
from orchestrator.core.turn import Deferred, Done, Failed, Outcome, TurnId, TurnInput, TurnOrder
from orchestrator.run.admission import admit, wait_out
from orchestrator.run.lent import Bound, GaveUp, Interrupted, Lent

FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 60.0
"""A failed turn is sent again after 1, 2, 4, … seconds, at most a minute, unless the provider says when."""

GRACE_S = 2.0
"""A backend keeps the deadline itself and can say what was used up; this much later it is cut off."""


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer, its digest, and what is still to be recorded of its turn: nothing if it was before."""

    done: Done
    digest: Digest
    is_recalled: bool = False
    """Whether it was taken from the record, of this run or of another."""
    facts: Sequence[Fact] = ()
    bodies: Mapping[Digest, bytes] = field(default_factory=dict)


async def recall(id: TurnId, turn: TurnInput, key: Digest, lent: Lent) -> Answered | None:
    """The answer that is recorded under a turn's key; None when there is none.

    An answer of another run is noted as reused, one of a cassette as replayed and recorded anew. Raises
    Interrupted when the run must end first.
    """
    found = await lent.recorded(turn, key)
    if found is None:
        return None
    done, digest = found.answer
    if found.is_own:
        return Answered(done, digest, is_recalled=True)
    if not lent.may_start():
        raise Interrupted
    ended = TurnEnded(
        id=id,
        purpose=turn.purpose,
        key=key,
        ending="done",
        answer=digest,
        usage=done.usage,
        origin="replayed" if lent.is_replay else "reused",
        simulated=done.simulated,
        cost=lent.gate.cost(turn, done.usage),
        at=lent.clock.now(),
    )
    bodies = {key: turn.encoded(), digest: done.encoded()} if lent.is_replay else {}
    return Answered(done, digest, is_recalled=True, facts=[ended], bodies=bodies)


async def answer(order: TurnOrder, asked: bytes, retries: int, lent: Lent) -> Answered:
    """The Performer's answer to an order; `asked` is its input, encoded.

    Raises GaveUp when it failed for good (which is recorded) and Interrupted when the run must end first.
    """
    failures = 0
    attempt = 0
    while True:
        if not lent.may_start():
            raise Interrupted
        attempt += 1
        bound = await lent.gate.enter(order)  # a deferral gives back what it reserves
        outcome = _redacted(admit(order, lent) or await _attempt(order, attempt, bound, lent), lent)
        if isinstance(outcome, Done):
            return _answered(order, asked, attempt, outcome, lent)
        ended = _ended(order, attempt, outcome, lent)
        await lent.recorder.record([ended], {order.key: asked})
        if isinstance(outcome, Deferred):
            await wait_out(outcome, order, lent)
            continue
        if not outcome.retryable or (failures == retries and outcome.limit is None):
            raise GaveUp(_after(outcome.error, attempt))
        wait_s = _wait_s(outcome, failures, order.key)
        failures += outcome.limit is None
        lent.recorder.show(Waiting(id=order.id, seconds=wait_s, reason=outcome.error))
        await lent.idle(lent.clock.sleep(wait_s))


def _after(error: str, attempts: int) -> str:
    """An error that says after how many attempts it was the last word; its remedy stays on its own line."""
    cause, newline, remedy = error.partition("\n")
    return error if attempts == 1 else f"{cause} (after {attempts} attempts){newline}{remedy}"


def _wait_s(failed: Failed, failures: int, key: str) -> float:
    """Seconds to wait after a failure; spread by the turn key so that agents do not come back together."""
    if failed.retry_after_s is not None:
        return failed.retry_after_s
    spread = 0.75 + int(key[:4], 16) / 0xFFFF / 4
    return min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0**failures) * spread


async def _attempt(order: TurnOrder, attempt: int, bound: Bound, lent: Lent) -> Outcome:
    started = TurnStarted(
        id=order.id,
        purpose=order.input.purpose,
        attempt=attempt,
        key=order.key,
        backend=order.input.backend,
        model=order.input.model,
        max_tokens=order.max_tokens,
        max_input=bound.input,
        max_cost=bound.cost,
        elapsed_s=lent.gate.elapsed_s,
        at=lent.clock.now(),
    )
    await lent.recorder.record([started])
    listener = _Listener(order, lent)
    try:
        async with asyncio.timeout(order.deadline_s + GRACE_S) as deadline:
            return await lent.performer.perform(order, listener.tell)
    except StoreError:
        raise
    except Exception as error:
        if deadline.expired():
            late = f"no answer within {order.deadline_s:g} s (timeout_s)"
            return Failed(error=late, paid="unknown", retryable=True)
        broken = f"the backend {order.input.backend} broke: {type(error).__name__}: {error}"
        return Failed(error=broken, paid="unknown")
    finally:
        listener.flush()


def _answered(order: TurnOrder, asked: bytes, attempt: int, done: Done, lent: Lent) -> Answered:
    body = done.encoded()
    digest = digest_of(body)
    ended = TurnEnded(
        id=order.id,
        purpose=order.input.purpose,
        attempt=attempt,
        key=order.key,
        ending="done",
        answer=digest,
        usage=done.usage,
        origin=_origin(lent),
        simulated=done.simulated,
        cost=lent.gate.cost(order.input, done.usage),
        elapsed_s=lent.gate.elapsed_s,
        at=lent.clock.now(),
    )
    return Answered(done, digest, facts=[ended], bodies={order.key: asked, digest: body})


def _ended(order: TurnOrder, attempt: int, outcome: Failed | Deferred, lent: Lent) -> TurnEnded:
    usage = outcome.usage if isinstance(outcome, Failed) else None
    return TurnEnded(
        id=order.id,
        purpose=order.input.purpose,
        attempt=attempt,
        key=order.key,
        ending="failed" if isinstance(outcome, Failed) else "deferred",
        error=outcome.error if isinstance(outcome, Failed) else outcome.reason,
        paid=outcome.paid if isinstance(outcome, Failed) else "no",
        until=outcome.until if isinstance(outcome, Deferred) else None,
        usage=usage,
        origin=_origin(lent),
        cost=None if usage is None else lent.gate.cost(order.input, usage),
        elapsed_s=lent.gate.elapsed_s,
        at=lent.clock.now(),
    )


def _origin(lent: Lent) -> Literal["live", "replayed"]:
    return "replayed" if lent.is_replay else "live"


def _redacted(outcome: Outcome, lent: Lent) -> Outcome:
    """The outcome without secrets. Native blocks that held one are dropped: the text stands for them."""
    clean = lent.redactor
    if isinstance(outcome, Failed):
        return outcome.model_copy(update={"error": clean.text(outcome.error)})
    if isinstance(outcome, Deferred):
        return outcome.model_copy(update={"reason": clean.text(outcome.reason)})
    message = outcome.message
    text = clean.text(message.text)
    native = message.native if clean.value(message.native) == message.native else None
    if text == message.text and native is message.native:
        return outcome
    return outcome.model_copy(update={"message": message.model_copy(update={"text": text, "native": native})})


@dataclass(slots=True)
class _Listener:
    """Turns what a Performer tells into facts and signals, redacted.

    Text is shown in complete lines, because a secret may be split over two deltas, and a private key over
    many lines.
    """

    order: TurnOrder
    lent: Lent
    _actions: int = 0
    _pending: str = ""

    async def tell(self, told: Told) -> None:
        if isinstance(told, TextDelta):
            self._pending += told.text
            if "\n" in told.text and (settled := self.lent.redactor.settled(self._pending)):
                text, self._pending = self._pending[:settled], self._pending[settled:]
                self._show(text)
        else:
            await self._acted(told)

    def flush(self) -> None:
        """Show the last line, complete or not."""
        if self._pending:
            self._show(self._pending)
            self._pending = ""

    def _show(self, text: str) -> None:
        self.lent.recorder.show(TextDelta(id=self.order.id, text=self.lent.redactor.text(text)))

    async def _acted(self, action: Action) -> None:
        self._actions += 1
        clean = self.lent.redactor
        fact = Acted(
            id=self.order.id,
            number=self._actions,
            action=action.action,
            title=clean.text(action.title),
            detail={clean.text(key): clean.value(value) for key, value in action.detail.items()},
            ok=action.ok,
            duration_ms=action.duration_ms,
            simulated=action.simulated,
            at=self.lent.clock.now(),
        )
        await self.lent.recorder.record([fact])
