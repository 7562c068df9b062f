"""The lines of a cassette: first what was run, then one line for each turn that was answered or failed.

```
{"cassette":1,"run":"run-20260102-030405","task":"Ship the MVP","settings":{…}}
{"node":"planner","step":1,"attempt":1,"origin":"live","key":"…","input":{…},"outcome":{…},"actions":[…]}
```

All texts are as they were sent and recorded: without secrets.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, PositiveInt

from orchestrator.core.facts import Action
from orchestrator.core.frozen import Digest, Frozen, canonical
from orchestrator.core.turn import Done, Failed, TurnInput

VERSION = 1


class Head(Frozen):
    """The first line: which run was recorded, for which task, and the settings that a replay takes over."""

    cassette: int = VERSION
    run: str
    task: str
    settings: dict[str, str]


class Postponed(Frozen):
    """A quota was used up: the turn was sent again later."""

    kind: Literal["deferred"] = "deferred"
    reason: str


class Entry(Frozen):
    """One attempt at a turn: what was asked, what came of it, and what was done meanwhile."""

    node: str
    step: PositiveInt
    attempt: PositiveInt = 1
    origin: Literal["live", "reused"]
    """Whether the recorded run sent it, or took the answer from an earlier run."""
    key: Digest
    input: TurnInput
    outcome: Annotated[Done | Failed | Postponed, Field(discriminator="kind")]
    actions: tuple[Action, ...] = ()

    @property
    def place(self) -> tuple[str, int, Digest]:
        """Which turn this is: its node, its step and its key."""
        return self.node, self.step, self.key


def as_line(value: Head | Entry) -> bytes:
    """A value as a line of the file."""
    return canonical(value.model_dump(mode="json")) + b"\n"
