"""Exit codes, and how errors reach the user: place, cause, remedy on stderr, never a traceback for a mistake.

0 fine · 1 run failed · 2 bad input · 3 interrupted · 4 a cap was reached · 5 the folder is busy ·
130 stopped at once
"""

from __future__ import annotations

import errno
import io
import os
import shutil
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}

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


def standard_streams() -> None:
    """Stand in for streams that the caller closed, and spell out what an encoding lacks."""
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115  # for as long as the process lives
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def refuse_as_output(target: Path, sources: Iterable[Path], option: str = "-o") -> None:
    """Refuse a file to write that cannot be one, before anything is spent. Raises UserError."""
    from orchestrator.core.errors import UserError

    if target.is_dir():
        raise UserError(f"{target} is a folder", f"name a file with {option}")
    if not target.parent.is_dir():
        raise UserError(f"{target.parent} is no folder", f"make it first, or name another file with {option}")
    if target.suffix == ".lark" or any(_same(target, source) for source in sources):
        raise UserError(f"{target} is a source; it would be lost", f"name another file with {option}")
    if target.exists() and not os.access(target, os.W_OK):
        raise UserError(f"{target} cannot be written", f"name another file with {option}")


def _same(one: Path, other: Path) -> bool:
    return one.exists() and other.exists() and one.samefile(other)


def answer(text: str) -> None:
    """A model's text on stdout: as it is into pipes, control characters spelled out on a terminal."""
    from agentlark.diagnostics import visible

    shown = visible(text) if sys.stdout.isatty() else text
    sys.stdout.write(shown if shown.endswith("\n") else shown + "\n")
    sys.stdout.flush()


def guarded(work: Callable[[], object]) -> None:
    """Do the work; errors of ours become messages and exit codes."""
    standard_streams()
    try:
        try:
            work()
        finally:
            sys.stdout.flush()
    except KeyboardInterrupt:
        sys.exit(STOPPED)
    except BrokenPipeError:
        # Whoever read our output has gone; leave nothing for the interpreter to flush into the closed pipe.
        _forget_stdout()
        sys.exit(FAILED)
    except OSError as error:
        _forget_stdout()
        place = error.filename or (
            "stdout" if error.errno in _NO_ROOM else None
        )  # of a file we would know it
        where = f"{place}: " if place else ""
        say(f"error: {where}{error.strerror or error}")
        sys.exit(FAILED)
    except Exception as error:
        code = _code_of(error)
        if code is None:
            raise
        _tell(error)
        sys.exit(code)


def _code_of(error: Exception) -> int | None:
    """The exit code of an error of ours; None for any other."""
    from agentlark.errors import AgentlarkError
    from orchestrator.core.errors import FolderBusy, OrchestratorError, StoreRefused, UserError

    match error:
        case AgentlarkError() | UserError() | StoreRefused():
            return BAD_INPUT
        case FolderBusy():
            return BUSY
        case OrchestratorError():
            return FAILED
        case _:
            return None


def _tell(error: Exception) -> None:
    from agentlark.errors import ConfigError
    from orchestrator.cli.findings import tell

    if isinstance(error, ConfigError):
        tell(error.diagnostics)
    else:
        say(f"error: {error}")


def _forget_stdout() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
