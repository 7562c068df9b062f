"""What the memory's own journal records beside the turns of its summarisers: passes, and what undid them.

A pass is a run of that journal: its task is a `CondensePass` as JSON, its agents are the summarisers, and
each answer, once recorded, is a summary, complete with the marks on its sources. An undo is a run without
turns. So every summary and every mark is a fact, and the artifact file can be projected from facts alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal, TypeAlias

from pydantic import Field, TypeAdapter, ValidationError

from orchestrator.core.errors import StoreError
from orchestrator.core.frozen import Frozen
from orchestrator.core.ports import RunRecord

EXTRACTIVE = "extractive"
"""The backend of summaries that no model wrote, and their tag."""


class Gathering(Frozen):
    """The artifacts that one summariser is given: of one agent, on one topic, oldest first."""

    summariser: str
    """The agent of the pass's squad that is asked."""
    agent: str
    """Whose artifacts they are."""
    topic: str
    artifacts: tuple[str, ...]
    """Their ids."""
    simulated: bool
    """Whether one of them is."""


class CondensePass(Frozen):
    """One pass of condensing: what is to be summarised by whom."""

    kind: Literal["condense"] = "condense"
    gatherings: tuple[Gathering, ...]


class Undo(Frozen):
    """A pass is taken back: its summaries go, its marks too."""

    kind: Literal["undo"] = "undo"
    condensing: str
    """The slug of the pass."""


Entry: TypeAlias = Annotated[CondensePass | Undo, Field(discriminator="kind")]

_ENTRY: TypeAdapter[Entry] = TypeAdapter(Entry)


def entry_of(record: RunRecord) -> CondensePass | Undo:
    """What a run of the memory's journal stands for. Raises StoreError if that cannot be told."""
    try:
        return _ENTRY.validate_json(record.prompt)
    except ValidationError as error:
        raise StoreError(f"the run {record.slug} in the memory's journal is no pass: {error}") from error


def standing_passes(records: Sequence[RunRecord]) -> list[RunRecord]:
    """The passes that have not been undone, oldest first."""
    undone = {entry.condensing for record in records if isinstance(entry := entry_of(record), Undo)}
    return [
        record
        for record in records
        if isinstance(entry_of(record), CondensePass) and record.slug not in undone
    ]
