"""A turn: one request to a Performer and its recorded outcome.

Everything an answer may depend on is one frozen `TurnInput`; its digest is the turn key, under which the
journal records the outcome. How to carry it out (the thread in full, ceilings, deadlines) is the `TurnOrder`
around it and is not in the key. The same values go to a backend, into the journal and, later, over a wire.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal, NamedTuple, TypeAlias

from pydantic import AwareDatetime, Field, JsonValue, NonNegativeInt

from orchestrator.core.frozen import Digest, Frozen, canonical, digest_of

Purpose: TypeAlias = Literal["plan", "follow-up", "repair", "handoff", "continuation"]
"""What a turn is for; a repair asks again after an answer that could not be used."""


class TurnId(NamedTuple):
    """Where a turn stands in a run: the node that acts and the 1-based step of its engagement."""

    run: str
    node: str
    step: int


class Message(Frozen):
    """One message of a thread.

    `native` holds what the provider wants back verbatim (content blocks, ids, signatures). It carries
    nothing the model could answer differently for, so it is left out of keys.
    """

    role: Literal["user", "assistant"]
    text: str
    native: JsonValue = None


class Recollection(Frozen):
    """One artifact in a prompt, told by what it says and not by which run left it when."""

    agent: str
    type: str
    text: Digest


class TurnInput(Frozen):
    """All that an answer may depend on. What is not here never reaches a model."""

    agent: str
    purpose: Purpose
    backend: str
    model: str
    options: dict[str, JsonValue] = Field(default_factory=dict)
    tools: tuple[str, ...] = ()
    prompt: str
    prior: Digest | None = None
    """The digest of the thread so far, natives left out; None at its start."""
    output_schema: JsonValue = None
    tree: Digest | None = None
    """The files the turn sees, when it works in a tree of them."""
    inputs: dict[str, Digest] = Field(default_factory=dict)
    """The declared files in its thread, by path: the digests of what was read of them."""
    memory: tuple[Recollection, ...] = ()
    """What of memory is in its thread, newest first."""

    def encoded(self) -> bytes:
        """The canonical JSON bytes of this input: the body that the journal keeps under its key.

        What an agent is given beside its prompt is left out where there is none, so that keys recorded before
        there could be any still hold.
        """
        absent = {name for name in ("inputs", "memory") if not getattr(self, name)}
        return canonical(self.model_dump(mode="json", exclude=absent))

    def key(self) -> Digest:
        """The turn key: the SHA-256 of `encoded()`."""
        return digest_of(self.encoded())


class TurnOrder(Frozen):
    """A turn to carry out now: its input, and what the answer does not depend on."""

    id: TurnId
    key: Digest
    input: TurnInput
    thread: tuple[Message, ...] = ()
    """The messages before this prompt, oldest first."""
    max_tokens: int
    """The ceiling of output tokens."""
    deadline_s: float
    """Seconds this turn may take in all."""
    base: str | None = None
    urgency: int = 0
    """How many nodes the longest chain has that waits for this one, itself included: when not every order can
    be sent at once, the largest goes first."""


class Usage(Frozen):
    """Tokens of a turn; `estimated` when the provider did not say."""

    input: NonNegativeInt = 0
    output: NonNegativeInt = 0
    cached: NonNegativeInt = 0
    reasoning: NonNegativeInt = 0
    estimated: bool = False

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            input=self.input + other.input,
            output=self.output + other.output,
            cached=self.cached + other.cached,
            reasoning=self.reasoning + other.reasoning,
            estimated=self.estimated or other.estimated,
        )


class Done(Frozen):
    """The model answered."""

    kind: Literal["done"] = "done"
    message: Message
    usage: Usage
    commit: str | None = None
    simulated: bool = False

    def encoded(self) -> bytes:
        """The canonical JSON bytes of this answer: the body that the journal keeps under its digest."""
        return canonical(self.model_dump(mode="json"))


class Answer(NamedTuple):
    """An answer in the record, and the digest that names it there."""

    done: Done
    digest: Digest


class Deferred(Frozen):
    """A quota is used up: ask again at `until`; nothing was paid."""

    kind: Literal["deferred"] = "deferred"
    until: AwareDatetime
    reason: str


Limit: TypeAlias = Literal["rate", "overload", "quota"]
"""What of a provider's is used up: what it takes in a minute, its capacity, or what the account may have."""


class Failed(Frozen):
    """No usable answer. `paid` says whether the provider may have billed it.

    `retryable`: the same order may succeed if sent again, not before `retry_after_s` where given. `limit`:
    nothing is wrong with the order, so that it may be sent again as often as it takes.
    """

    kind: Literal["failed"] = "failed"
    error: str
    paid: Literal["no", "yes", "unknown"]
    usage: Usage | None = None
    retryable: bool = False
    retry_after_s: float | None = None
    limit: Limit | None = None


Outcome: TypeAlias = Annotated[Done | Deferred | Failed, Field(discriminator="kind")]
"""What became of a turn; a cancelled one is asyncio cancellation, never a value."""


def thread_digest(thread: Sequence[Message]) -> Digest | None:
    """The digest of a thread, natives left out; None for an empty one."""
    if not thread:
        return None
    return digest_of(canonical([[message.role, message.text] for message in thread]))
