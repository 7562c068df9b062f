"""A program that takes over the terminal, such as an editor: the one kind of child that shares ours."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Mapping, Sequence

from orchestrator.process.child import ALLOWED

SCREEN = ("COLORTERM", "DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR")
"""The environment variables that programs with a screen of their own are given besides the usual ones."""


def run_in_foreground(
    argv: Sequence[str], environ: Mapping[str, str], also_allowed: Iterable[str] = ()
) -> int:
    """Run a program on our terminal and wait for it, however long the user takes; gives its exit code.

    It is given the usual variables, those that programs with a screen need, and those that are named.
    Raises OSError when it cannot be started.
    """
    env = {name: environ[name] for name in (*ALLOWED, *SCREEN, *also_allowed) if name in environ}
    return subprocess.run(list(argv), env=env, check=False).returncode  # noqa: S603  # the user's own editor
