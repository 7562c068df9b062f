"""Commands to a running run; they enter through its Inbox, whoever sent them."""

from __future__ import annotations

from typing import Literal, TypeAlias

from orchestrator.core.frozen import Frozen


class Interrupt(Frozen):
    """Let turns in flight end, start nothing new. Sent again, it changes nothing."""

    kind: Literal["interrupt"] = "interrupt"


class StopNow(Frozen):
    """Cancel turns in flight and end."""

    kind: Literal["stop-now"] = "stop-now"


Command: TypeAlias = Interrupt | StopNow
