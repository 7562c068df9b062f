"""Exit codes, and how errors reach the user: place, cause, remedy on stderr, never a traceback for a mistake.

0 fine · 1 run failed · 2 bad input · 3 interrupted · 4 a cap was reached · 5 the folder is busy ·
130 stopped at once
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable

FINE = 0
FAILED = 1
BAD_INPUT = 2
INTERRUPTED = 3
CAPPED = 4
BUSY = 5
STOPPED = 130

OF_ENDING = {"done": FINE, "failed": FAILED, "interrupted": INTERRUPTED, "capped": CAPPED, "stopped": STOPPED}
"""Exit code by how a run ended."""


def program() -> str:
    """How this program can be called from here: by its name where it is on the path."""
    called = sys.argv[0]
    if os.path.basename(called) != "agentlark":
        return "agentlark"
    found = shutil.which("agentlark")
    if found is not None and os.path.realpath(found) == os.path.realpath(called):
        return "agentlark"
    return min(os.path.relpath(called), called, key=len)


def say(text: str) -> None:
    """A line for the user on stderr, control characters spelled out."""
    from agentlark.diagnostics import visible

    print(visible(text), file=sys.stderr)  # noqa: T201  # this is where lines for people leave the program


def answer(text: str) -> None:
    """A model's text on stdout: as it is into pipes, control characters spelled out on a terminal."""
    from agentlark.diagnostics import visible

    shown = visible(text) if sys.stdout.isatty() else text
    sys.stdout.write(shown if shown.endswith("\n") else shown + "\n")
    sys.stdout.flush()


def guarded(work: Callable[[], object]) -> None:
    """Do the work; errors of ours become messages and exit codes."""
    from agentlark.errors import AgentlarkError
    from orchestrator.core.errors import FolderBusy, OrchestratorError, StoreError, StoreRefused, UserError

    try:
        work()
    except AgentlarkError as error:
        say(str(error))
        sys.exit(BAD_INPUT)
    except FolderBusy as error:
        say(f"error: {error}")
        sys.exit(BUSY)
    except OrchestratorError as error:
        say(f"error: {error}")
        failed = isinstance(error, StoreError) and not isinstance(error, StoreRefused)
        sys.exit(FAILED if failed or not isinstance(error, UserError | StoreRefused) else BAD_INPUT)
    except KeyboardInterrupt:
        sys.exit(STOPPED)
    except BrokenPipeError:
        # Whoever read our output has gone; leave nothing for the interpreter to flush into the closed pipe.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(FAILED)
