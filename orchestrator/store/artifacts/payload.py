"""What an artifact's file holds, and how it is called.

Its JSON Schema is `schema()`. A field that is added later has a default, so that files of one
`schema_version` are read alike; a field that changes its meaning makes a new version.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal, TypeAlias

from pydantic import AwareDatetime, Field

from orchestrator.core.frozen import Frozen
from orchestrator.core.turn import Purpose, Usage

Kind: TypeAlias = Purpose | Literal["interrupt", "summary"]
"""What an artifact is of: a turn by its purpose, an interrupt, or other artifacts."""


class Artifact(Frozen):
    """One answered turn as it is remembered, or a summary of such. Its JSON is the payload."""

    schema_version: Literal[1] = Field(default=1, description="Counts the shapes of this payload.")
    id: str = Field(description="The name of its file without `.json`; unique in the file, sorts by time.")
    run: str = Field(description="The slug of the run that left it; of a summary, of the condensing pass.")
    group: str = Field(description="The agent's group.")
    agent: str = Field(description="Who answered; of a summary, whose artifacts it is of.")
    node: str = Field(description="The engagement: the agent's id, or `id@wave` when it acted again.")
    role: str
    type: Kind
    wave: int = Field(description="0 for configured agents, else the wave they joined in.")
    tags: tuple[str, ...] = Field(
        description="`run:`, `group:`, `role:`, `wave:`, `topic:` and what the agent is, for slicing."
    )
    created: AwareDatetime
    prompt: str = Field(description="What was asked.")
    text: str = Field(description="What was answered.")
    usage: Usage
    model: str
    backend: str = Field(description="What answered; `extractive` where no model did.")
    simulated: bool = Field(description="Whether it was rehearsed, or made of something that was.")
    relatedArtifacts: tuple[str, ...] = Field(
        default=(), description="Ids: a follow-up's plan; the artifacts that a summary is of."
    )


def schema() -> dict[str, Any]:
    """The JSON Schema of the payload, as `agentlark schema --artifact` prints it."""
    return Artifact.model_json_schema() | {"$schema": "https://json-schema.org/draft/2020-12/schema"}


def artifact_id(at: datetime, *of: str) -> str:
    """A name that sorts by time (UTC, to the millisecond) and tells what it is of."""
    utc = at.astimezone(UTC)
    stamp = f"{utc:%Y%m%dT%H%M%S}{utc.microsecond // 1000:03d}Z"
    return f"{stamp}__{'-'.join(of)}"
