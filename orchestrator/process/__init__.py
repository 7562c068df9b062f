"""The one place that starts a child process.

Argv lists, an environment allow-list, a deadline, capped output, resource limits, and an end that takes all
descendants along. It never knows what it runs. Read `child.py`; `stream.py` hears a child line by
line, `terminal.py` gives it a terminal nobody sees, `foreground.py` lends it ours, `detached.py` lets it
outlive us.
"""

from orchestrator.process.child import DEFAULT_OUTPUT_BYTES, Child, Ended, Limits, run
from orchestrator.process.detached import Detached, detach
from orchestrator.process.foreground import run_in_foreground
from orchestrator.process.stream import Stream, stream
from orchestrator.process.terminal import Terminal, in_terminal

__all__ = [
    "DEFAULT_OUTPUT_BYTES",
    "Child",
    "Detached",
    "Ended",
    "Limits",
    "Stream",
    "Terminal",
    "detach",
    "in_terminal",
    "run",
    "run_in_foreground",
    "stream",
]
