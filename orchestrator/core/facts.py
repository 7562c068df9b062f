"""Facts and signals: what happened, and what is happening.

Facts are numbered, thin (digests instead of bodies) and committed to the journal before anybody sees
them; a run's state is the fold of its facts. Signals are live and may be lost. Both are what sinks see.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal, TypeAlias

from pydantic import Field, JsonValue, NonNegativeFloat, NonNegativeInt, TypeAdapter

from agentlark.blueprint import Handoff, Specialist
from orchestrator.core.frozen import Digest, Frozen
from orchestrator.core.turn import Purpose, TurnId, Usage

ActionKind: TypeAlias = Literal["command_execution", "file_change", "mcp_tool_call"]

NodeEnding: TypeAlias = Literal["done", "skipped", "failed", "blocked", "cancelled"]
"""How a node ended: answered; nothing was handed to it; no usable answer; a dependency failed, or a baton
came without its note; stopped before or while it acted."""

EngagedFor: TypeAlias = Literal["relay", "continuation", "orchestration"]
"""Why agents act beside the configured squad's first engagement: work was handed back to them; a chain of
specialists is to be carried on; somebody is to say what comes next."""

WavesEnding: TypeAlias = Literal["done", "max-waves", "no-progress", "failed", "rejected", "cap"]
"""Why a group adds no more waves: there is no more work; its limit is reached; a blueprint it has run before;
one of its agents failed; a person said no; the run may not grow further."""

TurnEnding: TypeAlias = Literal["done", "failed", "deferred", "cancelled"]

RunEnding: TypeAlias = Literal["done", "failed", "interrupted", "stopped", "capped"]


class RunStarted(Frozen):
    """A run began, or was taken up again when `resumed`."""

    kind: Literal["run-started"] = "run-started"
    run: str
    prompt: Digest
    squad: Digest
    simulated: bool
    resumed: bool = False
    replayed: bool = False
    """Whether a cassette answers."""
    relay: tuple[str, ...] = ()
    """The groups that hand work on in a relay."""
    at: datetime


class TurnStarted(Frozen):
    """The intent to send a turn; durable before the call, so that a kill leaves a trace."""

    kind: Literal["turn-started"] = "turn-started"
    id: TurnId
    purpose: Purpose
    attempt: int = 1
    key: Digest
    backend: str
    model: str
    max_tokens: int
    max_input: NonNegativeInt | None = None
    """The most input tokens that the call can come to; None in records that do not say."""
    max_cost: Decimal | None = None
    """The most US dollars that it can cost; None when its price is unknown, and when nobody bills it."""
    elapsed_s: NonNegativeFloat = 0.0
    """How long the run had been going, its sessions taken together, by a clock that never jumps."""
    at: datetime


class TurnEnded(Frozen):
    """A turn's recorded outcome. `answer` is the digest of the encoded `Done`, None unless it is done."""

    kind: Literal["turn-ended"] = "turn-ended"
    id: TurnId
    purpose: Purpose
    attempt: int = 1
    key: Digest
    ending: TurnEnding
    answer: Digest | None = None
    usage: Usage | None = None
    error: str | None = None
    paid: Literal["no", "yes", "unknown"] = "yes"
    """Whether the provider may have billed it; a deferred turn is never billed."""
    until: datetime | None = None
    """When a deferred turn may be sent at the earliest, as far as was known."""
    origin: Literal["live", "reused", "adopted", "replayed"] = "live"
    simulated: bool = False
    cost: Decimal | None = None
    """US dollars for `usage`, at the prices known then: what it cost or, if it was not sent, would have; None
    when nobody knows."""
    elapsed_s: NonNegativeFloat = 0.0
    """As in `TurnStarted`; 0 for a turn that was not sent."""
    at: datetime

    @property
    def was_sent(self) -> bool:
        """Whether this run sent it, rather than taking its answer from a record or a cassette."""
        return self.origin in ("live", "adopted")


class Acted(Frozen):
    """An agent did something during a turn: ran a command, changed a file, called a tool.

    `number` counts the actions of one turn from 1. `detail` is bounded by whoever reports it.
    """

    kind: Literal["acted"] = "acted"
    id: TurnId
    number: int
    action: ActionKind
    title: str
    detail: dict[str, JsonValue] = Field(default_factory=dict)
    ok: bool = True
    duration_ms: NonNegativeInt = 0
    simulated: bool = False
    at: datetime


class AgentsEngaged(Frozen):
    """Agents act again, or beside the configured ones: each as the node `agent@wave`."""

    kind: Literal["agents-engaged"] = "agents-engaged"
    wave: int
    group: str
    purpose: EngagedFor
    agents: tuple[str, ...]
    tags: tuple[str, ...] = ()
    at: datetime


class AgentsJoined(Frozen):
    """A wave of agents joined a group; `by` is the node whose answer asked for them.

    `warnings` are the wishes that its blueprint was taken without.
    """

    kind: Literal["agents-joined"] = "agents-joined"
    wave: int
    group: str
    by: str
    summary: str = ""
    agents: tuple[Specialist, ...]
    handoffs: tuple[Handoff, ...] = ()
    tags: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    at: datetime


class HandedOff(Frozen):
    """A configured agent handed work on along its group's relay graph.

    `sender` is the node that did. `node` is the engagement that gets the note; None leaves it to the
    receiver's next one.
    """

    kind: Literal["handed-off"] = "handed-off"
    sender: str
    receiver: str
    node: str | None
    note: str
    at: datetime


class ApprovalAsked(Frozen):
    """A wave waits for a person's consent; `joining` is recorded as it stands once it is given."""

    kind: Literal["approval-asked"] = "approval-asked"
    joining: AgentsJoined
    at: datetime


class ApprovalSettled(Frozen):
    """A person has answered for a wave; an edited one joins as the person left it."""

    kind: Literal["approval-settled"] = "approval-settled"
    wave: int
    verdict: Literal["approved", "rejected", "edited"]
    note: str = ""
    at: datetime


class WavesEnded(Frozen):
    """A group adds no more waves."""

    kind: Literal["waves-ended"] = "waves-ended"
    group: str
    ending: WavesEnding
    reason: str
    at: datetime


class InterruptAsked(Frozen):
    """The run was asked to end; `summary` says in lines what is done, running and not started."""

    kind: Literal["interrupt-asked"] = "interrupt-asked"
    summary: str
    at: datetime


class BlueprintRefused(Frozen):
    """A blueprint was refused for good; its wave is skipped."""

    kind: Literal["blueprint-refused"] = "blueprint-refused"
    node: str
    reasons: tuple[str, ...]
    at: datetime


class NodeEnded(Frozen):
    """A node has ended, in exactly one way. `output` is the digest of the answer that stands for it."""

    kind: Literal["node-ended"] = "node-ended"
    node: str
    ending: NodeEnding
    output: Digest | None = None
    reason: str | None = None
    at: datetime


class RunEnded(Frozen):
    """A run ended; a run without this fact can be resumed."""

    kind: Literal["run-ended"] = "run-ended"
    ending: RunEnding
    reason: str | None = None
    at: datetime


Fact: TypeAlias = Annotated[
    RunStarted
    | TurnStarted
    | TurnEnded
    | Acted
    | AgentsEngaged
    | AgentsJoined
    | ApprovalAsked
    | ApprovalSettled
    | BlueprintRefused
    | HandedOff
    | InterruptAsked
    | NodeEnded
    | RunEnded
    | WavesEnded,
    Field(discriminator="kind"),
]

FACT: TypeAdapter[Fact] = TypeAdapter(Fact)
"""Reads a fact from JSON, choosing its type by `kind`."""


class TextDelta(Frozen):
    """More text of an answer that is still being given."""

    kind: Literal["text-delta"] = "text-delta"
    id: TurnId
    text: str


class Waiting(Frozen):
    """A turn waits before it is sent again: after a failure, or for a provider's limits, `until` then."""

    kind: Literal["waiting"] = "waiting"
    id: TurnId
    seconds: float
    reason: str
    until: datetime | None = None


class PromptMeasured(Frozen):
    """The size of a prompt that is about to be sent."""

    kind: Literal["prompt-measured"] = "prompt-measured"
    id: TurnId
    purpose: Purpose
    characters: int
    bytes: int
    lines: int


class Notice(Frozen):
    """Something a person should know that is not part of the record."""

    kind: Literal["notice"] = "notice"
    text: str


Signal: TypeAlias = TextDelta | Waiting | PromptMeasured | Notice


class Action(Frozen):
    """What a Performer tells of an agent's doing; the run makes an `Acted` fact of it."""

    action: ActionKind
    title: str
    detail: dict[str, JsonValue] = Field(default_factory=dict)
    ok: bool = True
    duration_ms: NonNegativeInt = 0
    simulated: bool = False


Told: TypeAlias = TextDelta | Action
"""What a Performer may tell while it works."""
