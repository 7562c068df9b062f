"""Diagnostics as they leave the program: for people on stderr, for programs on stdout."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from agentlark.diagnostics import Diagnostic, Look


class Format(StrEnum):
    """How findings are printed."""

    human = "human"
    json = "json"
    sarif = "sarif"
    github = "github"


FormatOption = Annotated[Format, typer.Option("--format", help="How to print what was found.")]


def report(found: Sequence[Diagnostic], format: Format = Format.human, look: Look | None = None) -> None:
    """Print findings; machine formats are whole documents, also when there is nothing to tell."""
    if format is Format.human:
        if found:
            tell(found, look)
        return
    from agentlark.formats import as_github, as_json, as_sarif

    formats = {Format.json: as_json, Format.sarif: as_sarif, Format.github: as_github}
    sys.stdout.write(formats[format](found))


def tell(found: Sequence[Diagnostic], look: Look | None = None) -> None:
    """Print findings for people on stderr, fitted to the terminal there, if it is one."""
    from agentlark.diagnostics import render

    sys.stderr.write(render(found, look=look or screen()) + "\n")
    sys.stderr.flush()


def screen() -> Look:
    """What stderr can show."""
    from agentlark.diagnostics import PLAIN, Look
    from orchestrator.core.settings import wants_colour

    if not sys.stderr.isatty():
        return PLAIN
    return Look(os.get_terminal_size(sys.stderr.fileno()).columns or None, wants_colour())


def look_as_text(look: Look) -> str:
    """A look as one word, for the command line of a child that prints for us."""
    return f"{look.width or ''}{',colour' * look.colour}"


def look_of(text: str) -> Look:
    """The look that a word stands for."""
    from agentlark.diagnostics import Look

    width, _, colour = text.partition(",")
    return Look(int(width) if width.isdigit() else None, bool(colour))
