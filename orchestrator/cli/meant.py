"""Which squad is meant, and what it is to do: what there is to settle before a run."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import typer

from agentlark.model import Squad
from agentlark.prompts import MAX_PROMPT_CHARS
from orchestrator.core.errors import UserError
from orchestrator.core.settings import config_override
from orchestrator.run.squads import FoundSquad, SquadChoice, find_squad


def squad_here(
    agents_lark: Path | None,
    agents_config: Path | None,
    variables: Mapping[str, str],
    *,
    builtin: bool = False,
    or_builtin: bool = False,
) -> FoundSquad:
    """The squad of this folder, or the one that was named; as `find_squad`."""
    return find_squad(
        SquadChoice(
            folder=Path.cwd(),
            agents_lark=agents_lark,
            agents_config=agents_config,
            environment=config_override(),
            variables=variables,
            builtin=builtin,
            or_builtin=or_builtin,
        )
    )


def squad_prompt(given: str | None, squad: Squad) -> str:
    """The task: as given, from `@FILE` or stdin, else the squad's own, else asked for on a terminal.

    Raises UserError when there is none, or none that a prompt has room for.
    """
    task = _task(given, squad)
    if len(task) > MAX_PROMPT_CHARS:
        raise UserError(
            f"the task has {len(task):,} characters, and a prompt at most {MAX_PROMPT_CHARS:,}",
            "let agents read files by `inputs` instead, or shorten it",
        )
    return task


def _task(given: str | None, squad: Squad) -> str:
    if given == "-":
        return _utf8(sys.stdin.buffer.read(), "the prompt on stdin")
    if given is not None and given.startswith("@"):
        try:
            return _utf8(Path(given[1:]).read_bytes(), f"--prompt {given}")
        except OSError as error:
            raise UserError(f"--prompt {given}: {error.strerror}", "name a text file after the @") from error
    if given is not None:
        return _utf8(os.fsencode(given), "the prompt")
    if squad.prompt is not None:
        return squad.prompt
    if sys.stdin.isatty() and sys.stderr.isatty():
        try:
            return str(typer.prompt("What should the squad do", prompt_suffix="? ", err=True))
        except typer.Abort:
            raise KeyboardInterrupt from None
    raise UserError(
        "no prompt: the configuration has none, and none was given",
        'say what the squad should do: --prompt "Ship the MVP"',
    )


def _utf8(data: bytes, what: str) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UserError(
            f"{what} is not UTF-8 text (byte 0x{data[error.start]:02x})", "save it as UTF-8"
        ) from error
