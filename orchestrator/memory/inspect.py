"""Artifacts as `memory:inspect` shows them: what is known of each, and its file where that is wanted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import JsonValue

from orchestrator.store.artifacts import Artifact, ArtifactReader, Found, Wanted


@dataclass(frozen=True, slots=True)
class Shown:
    """One artifact: what was found, and its payload or why there is none."""

    found: Found
    artifact: Artifact | None
    broken: str = ""

    @property
    def marks(self) -> str:
        """What is to be known at a glance: `simulated`, `condensed`, `extractive`; maybe empty."""
        marks = ["simulated"] if self.found.simulated else []
        marks += ["condensed"] if self.found.condensed_into else []
        marks += ["extractive"] if self.artifact and "extractive" in self.artifact.tags else []
        return " ".join(marks)

    @property
    def text(self) -> str:
        """The answer, or why it cannot be shown."""
        return self.artifact.text if self.artifact else f"broken: {self.broken}"

    def to_json(self) -> dict[str, JsonValue]:
        """The payload with `condensedInto`; of a broken one what is known, with `broken`."""
        if self.artifact:
            return {**self.artifact.model_dump(mode="json"), "condensedInto": self.found.condensed_into}
        created = self.found.created.isoformat()
        known: dict[str, JsonValue] = {"id": self.found.id, "created": created, "broken": self.broken}
        if self.found.run:
            known |= {"run": self.found.run, "agent": self.found.agent, "type": self.found.type}
        return known


def look(reader: ArtifactReader, wanted: Wanted) -> Iterator[Shown]:
    """Every artifact wanted, newest first, each with its payload."""
    for found in reader.find(wanted):
        payload = reader.payload(found.ino)
        if isinstance(payload, Artifact):
            yield Shown(found, payload)
        else:
            yield Shown(found, None, payload.reason)
