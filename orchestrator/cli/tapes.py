"""The options for cassettes: which one to record a run on, which one answers it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar

import typer

from orchestrator.cli.exits import refuse_as_output

if TYPE_CHECKING:
    from orchestrator.wiring.tapes import Tapes

Record = Annotated[
    Path | None, typer.Option("--record", metavar="FILE", help="Record every turn in a file, to be replayed.")
]
Replay = Annotated[
    Path | None,
    typer.Option("--replay", metavar="FILE", help="Answer from a recorded file; no model is asked."),
]


@dataclass(frozen=True, slots=True)
class TapeOptions:
    """Cassettes."""

    SECTION: ClassVar = "Reuse"

    record: Record = None
    replay: Replay = None

    def tapes(self) -> Tapes:
        """The cassettes. Raises UserError for one that cannot be used."""
        from orchestrator.backends.cassette.reading import read_cassette
        from orchestrator.wiring.tapes import Tapes

        if self.record is not None and self.replay is not None:
            raise typer.BadParameter(
                "--record and --replay contradict each other: what is replayed is recorded"
            )
        if self.record is not None:
            refuse_as_output(self.record, (), "--record")
        return Tapes(self.record, read_cassette(self.replay) if self.replay else None)
