"""Commands to a running run; they enter through its Inbox, whoever sent them."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from agentlark.blueprint import Blueprint
from orchestrator.core.frozen import Frozen


class Interrupt(Frozen):
    """Let turns in flight end, start nothing new. Sent again, it changes nothing."""

    kind: Literal["interrupt"] = "interrupt"


class StopNow(Frozen):
    """Cancel turns in flight and end."""

    kind: Literal["stop-now"] = "stop-now"


class Decide(Frozen):
    """A person's answer for a wave that waits for consent; `blueprint` replaces what was proposed."""

    kind: Literal["decide"] = "decide"
    wave: int
    approved: bool
    note: str = ""
    blueprint: Blueprint | None = None


Command: TypeAlias = Annotated[Interrupt | StopNow | Decide, Field(discriminator="kind")]
