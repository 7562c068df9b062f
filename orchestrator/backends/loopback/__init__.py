"""A model server on the loopback interface: the test double of real backends, and a rehearsal over HTTP.

It speaks a vendor's protocol well enough for the vendor's own clients, records what it was asked, answers
through a function, and can fail in every way a real server was seen to fail. It never listens on another
interface and never asks anybody else. Read `exchange.py` first, then `server.py`; each protocol is one
module that gives one `Dialect` (`messages.py` is the Anthropic Messages API).
"""

from orchestrator.backends.loopback.bursts import Burst, Bursts
from orchestrator.backends.loopback.exchange import (
    FAULTS,
    Asked,
    Exchange,
    Reply,
    ReplyUsage,
    echo,
    faulted,
    scripted,
)
from orchestrator.backends.loopback.server import LoopbackServer

__all__ = [
    "FAULTS",
    "Asked",
    "Burst",
    "Bursts",
    "Exchange",
    "LoopbackServer",
    "Reply",
    "ReplyUsage",
    "echo",
    "faulted",
    "scripted",
]
