"""Compiling bytes that may be anything: a squad or a ConfigError, nothing else, and soon."""

from __future__ import annotations

from pathlib import Path

from agentlark.compiler import compile_file
from agentlark.diagnostics import render
from agentlark.errors import ConfigError

MAX_STEPS = 5_000
OTHER = b'x = [1, 2]\ndef f(*args, **more):\n  return more or args\nvalues = {"id": "qa"}\n_hidden = 1\n'


def prepare(folder: Path) -> Path:
    """A project to put files in; returns the file to write."""
    (folder / ".git").mkdir()
    (folder / "other.lark").write_bytes(OTHER)
    return folder / "self.lark"


def outcome(file: Path, data: bytes) -> str | None:
    """What is said about a file with these bytes; None when it makes a squad.

    Whatever else happens comes out as it is.
    """
    file.write_bytes(data)
    try:
        compile_file(file, shown="self.lark", max_steps=MAX_STEPS)
    except ConfigError as error:
        said = render(error.diagnostics, limit=len(error.diagnostics))
        said.encode()
        return said
    return None
