"""How this program is called by others, from anywhere."""

from __future__ import annotations

import os
import sys


def own_command() -> tuple[str, ...]:
    """The command that is `agentlark`: the very file that was started, else this Python and the package."""
    called = os.path.abspath(sys.argv[0])
    if os.path.basename(called) == "agentlark" and os.access(called, os.X_OK) and os.path.isfile(called):
        return (called,)
    return (sys.executable, "-P", "-m", "orchestrator")
