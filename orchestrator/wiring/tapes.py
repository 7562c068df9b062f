"""Cassettes of a run: the one that it is recorded on, the one that answers it."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from orchestrator.backends.cassette.line import Head
from orchestrator.backends.cassette.reading import Cassette, read_cassette
from orchestrator.backends.cassette.recorder import CassetteRecorder, open_cassette
from orchestrator.core.errors import UserError
from orchestrator.core.ports import Journal, RunRecord, Sink
from orchestrator.core.settings import Flags
from orchestrator.run.records import CASSETTE, taken_over


@dataclass(frozen=True, slots=True)
class Tapes:
    """A cassette to record a run on, and one that answers it."""

    record: Path | None = None
    replay: Cassette | None = None

    def onto(self, flags: Flags) -> Flags:
        """The flags of a run: those given, else those of the run that is replayed. Raises UserError."""
        if self.replay is None:
            return flags
        return taken_over(flags, self.replay.head.settings, f"{self.replay.name}, line 1")

    def kept(self) -> dict[str, str]:
        """What a run's settings keep, so that it is taken up again with the same cassette."""
        return {CASSETTE: str(self.replay.path)} if self.replay else {}

    def of(self, record: RunRecord) -> Tapes:
        """The tapes of a run that is taken up again. Raises UserError when they are not for it."""
        kept = record.settings.get(CASSETTE)
        if kept is None and self.replay is not None:
            raise UserError(
                f"{record.slug} was not replayed and cannot go on from a cassette",
                "resume it without --replay, or start a new run with it",
            )
        return replace(self, replay=read_cassette(Path(kept))) if kept and self.replay is None else self

    def opened(self, stack: AsyncExitStack) -> BinaryIO | None:
        """The file to record into, closed with the stack. Raises UserError when it cannot be written."""
        return stack.enter_context(open_cassette(self.record)) if self.record else None


def recorders(
    file: BinaryIO | None, record: RunRecord, settings: dict[str, str], journal: Journal
) -> list[Sink]:
    """The sink that records a run, if it is to be recorded; `settings` are those that a replay takes over."""
    if file is None:
        return []
    return [CassetteRecorder(file, Head(run=record.slug, task=record.prompt, settings=settings), journal)]
