"""The compiled squad: the JSON that the compiler writes and the runner reads.

Models are frozen and refuse unknown fields. A setting that nobody wrote is `None`, which is not the same
as False: unset inherits the command line, False switches it off.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints

SCHEMA_VERSION = 1

ID_PATTERN = r"^[a-z][a-z0-9_-]{0,62}$"
RESERVED_IDS = frozenset({"timeline", "interrupt", "autonomous-orchestrator"})
MAX_BLUEPRINT_AGENTS = 4

Effort: TypeAlias = Literal["low", "medium", "high", "xhigh", "max"]
EFFORTS: tuple[str, ...] = ("low", "medium", "high", "xhigh", "max")

Id: TypeAlias = Annotated[str, StringConstraints(pattern=ID_PATTERN)]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Agent(_Model):
    """One agent: who it is, what it is asked in its two turns, and whom it waits for."""

    id: Id
    role: str
    plan_prompt: str
    """Template of the plan turn."""
    follow_up_prompt: str
    """Template of the follow-up turn, on the same thread."""
    follow_up_schema: JsonValue = None
    """JSON Schema the follow-up's answer must satisfy; None for prose."""
    follow_up_schema_rules: tuple[str, ...] = ()
    """Sentences that stand verbatim below the schema."""
    follow_up_enabled: bool = True
    depends_on: tuple[Id, ...] = ()
    blueprint: bool = False
    """Whether its follow-up is a blueprint that adds agents."""
    backend: str | None = None
    model: str | None = None
    effort: Effort | None = None
    tools: tuple[str, ...] = ()
    max_output_tokens: Annotated[int, Field(ge=1)] | None = None
    timeout_s: Annotated[float, Field(gt=0)] | None = None
    retries: Annotated[int, Field(ge=0, le=20)] | None = None


class Relay(_Model):
    """How a group hands work on."""

    enabled: bool | None = None
    require_handoff_note: bool | None = None
    graph: dict[Id, tuple[Id, ...]] | None = None


class Orchestration(_Model):
    """How a group works once its agents have answered; None inherits the command line."""

    autonomous: bool | None = None
    parallel: bool | None = None
    max_waves: Annotated[int, Field(ge=1)] | None = None
    relay: Relay | None = None


class Group(_Model):
    """Agents that run together; groups run one after another."""

    id: Id
    orchestration: Orchestration = Orchestration()
    agents: tuple[Agent, ...]


class SourceFile(_Model):
    """A file that the squad was compiled from: its path under the project root and its SHA-256."""

    path: str
    sha256: str


class Squad(_Model):
    """Everything a run needs to know, checked."""

    schema_version: Literal[1] = 1
    prompt: str | None = None
    """The default task."""
    groups: tuple[Group, ...]
    sources: tuple[SourceFile, ...] = ()

    def agents(self) -> tuple[Agent, ...]:
        """All configured agents, in file order."""
        return tuple(agent for group in self.groups for agent in group.agents)
