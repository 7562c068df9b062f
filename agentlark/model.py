"""The compiled squad: the JSON that the compiler writes and the runner reads.

Models are frozen and refuse unknown fields. A setting that nobody wrote is `None`, which is not the same
as False: unset inherits the command line, False switches it off. The descriptions here are the one source
for the JSON Schema (`agentlark schema`) and for the language page.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints

ID_PATTERN = r"^[a-z][a-z0-9_-]{0,62}$"
RESERVED_IDS = frozenset({"timeline", "interrupt", "autonomous-orchestrator"})
MAX_RETRIES = 20

Effort: TypeAlias = Literal["low", "medium", "high", "xhigh", "max"]
EFFORTS: tuple[str, ...] = ("low", "medium", "high", "xhigh", "max")

Approve: TypeAlias = Literal["blueprint", "wave"]
APPROVALS: tuple[str, ...] = ("blueprint", "wave")
MIN_REVIEW_CHARS = 1000

MEMORY_KINDS: tuple[str, ...] = ("agent", "tag", "topic", "type", "run")
"""What a term of memory may name artifacts by: `agent:planner`, `tag:research`."""

MEMORY_CHARS = 10_000
MIN_MEMORY_CHARS = 100

MAX_COST = 1_000_000
MAX_TOKENS = 10**12
MAX_TURNS = 10**6
MAX_DEADLINE_S = 365 * 86_400
"""The largest caps that can be meant: US dollars, tokens, turns, seconds."""

Id: TypeAlias = Annotated[str, StringConstraints(pattern=ID_PATTERN)]


class _Model(BaseModel):
    # Built on first validation: `check` constructs squads without validating what it has just checked.
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Limits(_Model):
    """Caps on what may be spent; reaching one ends the run. With 0 only what is recorded is used."""

    max_cost: Annotated[float, Field(ge=0, le=MAX_COST, allow_inf_nan=False)] | None = Field(
        default=None, description="US dollars that its turns may cost."
    )
    max_tokens: Annotated[int, Field(ge=0, le=MAX_TOKENS)] | None = Field(
        default=None, description="Tokens that its turns may take, input and output together."
    )
    max_turns: Annotated[int, Field(ge=0, le=MAX_TURNS)] | None = Field(
        default=None, description="How many turns may be sent, repeated ones included."
    )
    deadline_s: Annotated[float, Field(gt=0, le=MAX_DEADLINE_S, allow_inf_nan=False)] | None = Field(
        default=None, description="Seconds from its first turn on after which none is started."
    )


class Agent(_Model):
    """One agent: who it is, what it is asked in its two turns, and whom it waits for."""

    id: Id = Field(description="Its name: unique in the squad; also the name of its log.")
    role: str = Field(description="What it is, for prompts and people; decides the default prompts.")
    plan_prompt: str = Field(description="Template of the plan turn; by default from the role.")
    follow_up_prompt: str = Field(
        description="Template of the follow-up turn, on the same thread; by default from the role."
    )
    follow_up_schema: JsonValue = Field(
        default=None, description="JSON Schema that the follow-up's answer must satisfy; unset for prose."
    )
    follow_up_schema_rules: tuple[str, ...] = Field(
        default=(), description="Sentences that stand verbatim below the schema in the prompt."
    )
    follow_up_enabled: bool = Field(default=True, description="False skips the follow-up turn.")
    depends_on: tuple[Id, ...] = Field(
        default=(), description="Agents it waits for; their outputs are in its prompts."
    )
    inputs: tuple[str, ...] = Field(
        default=(), description="Files it reads, in its prompts: patterns such as `docs/**/*.md`."
    )
    memory: tuple[str, ...] = Field(
        default=(),
        description="What it remembers, in its prompts: the newest artifacts by terms like `agent:planner`.",
    )
    memory_limit: Annotated[int, Field(ge=MIN_MEMORY_CHARS)] = Field(
        default=MEMORY_CHARS, description="Characters of memory it is given at most."
    )
    blueprint: bool = Field(
        default=False, description="Its follow-up is a blueprint whose agents join the group."
    )
    backend: str | None = Field(default=None, description="What answers its turns.")
    model: str | None = Field(default=None, description="The model's name, as the backend knows it.")
    effort: Effort | None = Field(default=None, description="How hard the model should think.")
    tools: tuple[str, ...] = Field(default=(), description="Tools it may use, where the backend has tools.")
    max_output_tokens: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="Ceiling of output tokens for one turn."
    )
    timeout_s: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = Field(
        default=None, description="Seconds that one turn may take."
    )
    retries: Annotated[int, Field(ge=0, le=MAX_RETRIES)] | None = Field(
        default=None, description="How often a failed turn is sent again."
    )
    limits: Limits | None = Field(default=None, description="What it may spend in a run.")


class Relay(_Model):
    """How a group hands work on."""

    enabled: bool | None = Field(default=None, description="Whether every wave is a baton handed on.")
    require_handoff_note: bool | None = Field(
        default=None, description="Whether a handoff without a note is refused."
    )
    graph: dict[Id, tuple[Id, ...]] | None = Field(
        default=None, description="Who may hand work to whom: lists of agent ids by agent id."
    )


class Orchestration(_Model):
    """How a group works once its agents have answered; what is unset inherits the command line."""

    autonomous: bool | None = Field(
        default=None, description="Whether an orchestrator keeps adding waves of agents by itself."
    )
    parallel: bool | None = Field(
        default=None, description="Whether the blueprint should have four independent agents."
    )
    max_waves: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="How many waves the orchestrator may add."
    )
    approve: Approve | None = Field(
        default=None,
        description="Which blueprints wait for a person's consent: blueprint (the builder's) or wave (all).",
    )
    review_limit: Annotated[int, Field(ge=MIN_REVIEW_CHARS)] | None = Field(
        default=None, description="Characters of answers that the orchestrator reads before it decides."
    )
    relay: Relay | None = Field(default=None, description="How the group hands work on.")


class Group(_Model):
    """Agents that run together; groups run one after another, in file order."""

    id: Id = Field(description="Its name, unique among groups.")
    orchestration: Orchestration = Field(
        default=Orchestration.model_construct(), description="How the group works."
    )
    limits: Limits | None = Field(default=None, description="What its agents may spend together in a run.")
    agents: tuple[Agent, ...] = Field(description="Its agents, in file order.")


class SourceFile(_Model):
    """A file that the squad was compiled from."""

    path: str = Field(description="Relative to the project root, with forward slashes.")
    sha256: str


class Squad(_Model):
    """Everything a run needs to know, checked."""

    schema_version: Literal[1] = 1
    prompt: str | None = Field(default=None, description="The default task.")
    groups: tuple[Group, ...]
    sources: tuple[SourceFile, ...] = ()

    def agents(self) -> tuple[Agent, ...]:
        """All configured agents, in file order."""
        return tuple(agent for group in self.groups for agent in group.agents)
