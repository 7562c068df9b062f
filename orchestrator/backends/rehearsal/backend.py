"""The rehearsal backend: one order in, one deterministic and plainly simulated outcome out."""

from __future__ import annotations

import json
from dataclasses import dataclass

from orchestrator.backends.cards import REHEARSAL
from orchestrator.backends.rehearsal.actions import actions_of
from orchestrator.backends.rehearsal.blueprint import blueprint_of, handoffs_of, is_blueprint, is_handoffs
from orchestrator.backends.rehearsal.draw import Draw
from orchestrator.backends.rehearsal.filler import Unfillable, fill
from orchestrator.backends.rehearsal.prose import answer_text, fitted
from orchestrator.backends.rehearsal.reading import MARK
from orchestrator.backends.rehearsal.validity import first_error
from orchestrator.core.facts import TextDelta, Told
from orchestrator.core.ports import BackendCard, Clock, Tell
from orchestrator.core.turn import Done, Failed, Message, Outcome, TurnOrder, Usage

_BYTES_PER_TOKEN = 4
_CHUNKS = 4


@dataclass(frozen=True, slots=True)
class RehearsalOptions:
    """How a rehearsal behaves beside its answers; none of it changes what an answer says.

    `delay_s` is the median time of a turn and `delay_spread` the standard deviation of its logarithm.
    The first turn of each agent in `fail_once` fails, retryably, the first time it is performed here.
    """

    delay_s: float = 0.0
    delay_spread: float = 0.0
    fail_once: frozenset[str] = frozenset()


class Rehearsal:
    """A Performer that answers from the order alone: no network, no cost, the same answer every time."""

    card: BackendCard = REHEARSAL

    def __init__(self, clock: Clock, options: RehearsalOptions | None = None) -> None:
        self._clock = clock
        self._options = options or RehearsalOptions()
        self._failed: set[tuple[str, str]] = set()

    async def perform(self, order: TurnOrder, tell: Tell) -> Outcome:
        """A simulated answer, told in pieces.

        Failed, with nothing paid: an attempt that was to fail, a delay beyond the deadline, an answer above
        the ceiling of tokens, or a schema it cannot fill.
        """
        if self._fails_now(order):
            return _failed("this attempt fails because the rehearsal was told to fail once", retryable=True)
        try:
            text = _answer(order)
        except Unfillable as error:
            return _failed(str(error))
        usage = _usage(order, text)
        if usage.output > order.max_tokens:
            return _failed(
                f"the answer takes about {usage.output} tokens, the ceiling is {order.max_tokens}\n"
                f"  help: raise max_output_tokens of agent {order.input.agent}"
            )
        if not await self._tell_all(order, text, tell):
            return _failed(f"no answer within {order.deadline_s:g} s", retryable=True)
        return Done(message=Message(role="assistant", text=text), usage=usage, simulated=True)

    def _fails_now(self, order: TurnOrder) -> bool:
        who = (order.id.run, order.input.agent)
        if order.input.agent not in self._options.fail_once or who in self._failed:
            return False
        self._failed.add(who)
        return True

    async def _tell_all(self, order: TurnOrder, text: str, tell: Tell) -> bool:
        """Tell actions and text, the delay spread between them; False when the deadline comes first."""
        told: list[Told] = [*actions_of(order)]
        told += [TextDelta(id=order.id, text=piece) for piece in _pieces(text)]
        delay_s = self._delay_s(order)
        if delay_s > order.deadline_s:
            await self._clock.sleep(order.deadline_s)
            return False
        for item in told:
            if delay_s:
                await self._clock.sleep(delay_s / len(told))
            await tell(item)
        return True

    def _delay_s(self, order: TurnOrder) -> float:
        options = self._options
        return options.delay_s * Draw(order.key, "delay").stretch(options.delay_spread)


def _answer(order: TurnOrder) -> str:
    schema = order.input.output_schema
    if schema is None:
        return fitted(answer_text(order), order.max_tokens * _BYTES_PER_TOKEN)
    if is_handoffs(schema):
        return json.dumps(handoffs_of(order), ensure_ascii=False)
    if not is_blueprint(schema):
        return json.dumps(fill(schema, Draw(order.key, "schema")), ensure_ascii=False)
    blueprint = blueprint_of(order)
    if error := first_error(schema, blueprint):
        raise Unfillable(
            f"its blueprint does not satisfy the schema asked for: {error}",
            "use a schema that calls itself Blueprint only for blueprints as documented",
        )
    return json.dumps(blueprint, ensure_ascii=False, indent=2)


def _pieces(text: str) -> list[str]:
    size = max(1, -(-len(text) // _CHUNKS))
    return [text[start : start + size] for start in range(0, len(text), size)]


def _tokens(*texts: str) -> int:
    return -(-sum(len(text.encode("utf-8", "surrogatepass")) for text in texts) // _BYTES_PER_TOKEN)


def _usage(order: TurnOrder, text: str) -> Usage:
    thread = [message.text for message in order.thread]
    return Usage(input=_tokens(order.input.prompt, *thread), output=_tokens(text), estimated=True)


def _failed(reason: str, *, retryable: bool = False) -> Failed:
    return Failed(error=f"{MARK}: {reason}", paid="no", retryable=retryable)
