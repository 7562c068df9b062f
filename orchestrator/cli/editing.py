"""A blueprint in the user's editor, checked when it comes back."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import typer
from pydantic import ValidationError

from agentlark.blueprint import Blueprint
from agentlark.strict_json import JsonRefused, strict_json
from orchestrator.cli.exits import say
from orchestrator.core.errors import UserError
from orchestrator.core.settings import editor, process_environment
from orchestrator.process import run_in_foreground


def edited(text: str, faults: Callable[[Blueprint], list[str]]) -> Blueprint | None:
    """The blueprint as the user left it; None when it is unchanged or the user gave up on it.

    `faults` says what is wrong with one; the user is shown it and may go on editing. Raises UserError when
    the editor cannot be started or fails, or when what it left is wrong and nobody is there to go on.
    """
    with tempfile.TemporaryDirectory(prefix="agentlark-") as folder:
        path = Path(folder) / "blueprint.json"
        path.write_text(text, encoding="utf-8")
        while True:
            _open(path)
            left = path.read_text(encoding="utf-8", errors="replace")
            if left == text:
                return None
            found = _read(left)
            wrong = faults(found) if isinstance(found, Blueprint) else found
            if isinstance(found, Blueprint) and not wrong:
                return found
            if not sys.stdin.isatty():
                raise UserError(
                    f"the blueprint as it was left may not join: {'; '.join(wrong)}", "edit it again"
                )
            for line in wrong:
                say(f"error: {line}")
            if not _wants_to_go_on():
                return None


def _wants_to_go_on() -> bool:
    try:
        return typer.confirm("Edit it again?", default=True, err=True)
    except typer.Abort:
        return False


def _open(path: Path) -> None:
    argv = [*editor(), str(path)]
    try:
        code = run_in_foreground(argv, process_environment())
    except OSError as error:
        raise UserError(f"the editor {argv[0]} cannot be started: {error.strerror}", "set EDITOR") from error
    if code:
        raise UserError(f"the editor {argv[0]} ended with {code}; nothing was changed", "set EDITOR")


def _read(text: str) -> Blueprint | list[str]:
    try:
        return Blueprint.model_validate(strict_json(text))
    except JsonRefused as error:
        return [str(error)]
    except ValidationError as error:
        return [f"{'/'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()]
