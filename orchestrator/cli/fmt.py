"""`agentlark fmt`: configurations in their one layout."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.exits import BAD_INPUT, FAILED, say
from orchestrator.cli.words import several

STDIN = Path("-")


@dataclass(frozen=True, slots=True)
class _Outcome:
    """A file's text before and after; `after` is None when it could not be formatted."""

    path: Path
    before: str
    after: str | None

    @property
    def changes(self) -> bool:
        return self.after is not None and self.after != self.before


def fmt(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(help="Files, folders, or - for stdin; by default the folder configs."),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit 1 naming the files that would change.")
    ] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Print what would change instead of writing.")] = False,
) -> None:
    """Format configurations; what they mean never changes."""
    from agentlark.fmt.files import find_files

    given = paths or [Path("configs")]
    if STDIN in given and given != [STDIN]:
        raise typer.BadParameter("give - alone, or files")
    outcomes = [_format(path) for path in ([STDIN] if given == [STDIN] else find_files(given))]
    changed = [outcome for outcome in outcomes if outcome.changes]
    if diff:
        for outcome in changed:
            sys.stdout.writelines(_diff(outcome))
    elif given == [STDIN]:
        if not check:
            sys.stdout.write(outcomes[0].after or "")
    elif not check:
        for outcome in changed:
            _write(outcome)
    failed = sum(outcome.after is None for outcome in outcomes)
    if given != [STDIN] and (failed < len(outcomes) or not outcomes):
        _sum_up(changed, len(outcomes) - len(changed) - failed, written=not (check or diff))
    if failed:
        raise typer.Exit(BAD_INPUT)
    if check and changed:
        raise typer.Exit(FAILED)


def _format(path: Path) -> _Outcome:
    """A file's outcome; what is wrong with it is said."""
    from agentlark.errors import AgentlarkError
    from agentlark.fmt import format_text
    from agentlark.project import Unreadable, decode, read_file

    name = "<stdin>" if path == STDIN else str(path)
    text = ""
    try:
        text = decode(sys.stdin.buffer.read() if path == STDIN else read_file(path))
        return _Outcome(path, text, format_text(text, filename=name))
    except Unreadable as error:
        say(f"error: {name} cannot be read: {error}" + (f"\n  help: {error.remedy}" if error.remedy else ""))
    except AgentlarkError as error:
        say(str(error))
    return _Outcome(path, text, None)


def _write(outcome: _Outcome) -> None:
    from agentlark.fmt.files import replace_text
    from orchestrator.core.errors import UserError

    assert outcome.after is not None
    try:
        replace_text(outcome.path, outcome.after)
    except OSError as error:
        raise UserError(
            f"{outcome.path} cannot be written: {error.strerror}", "make it writable for you"
        ) from error


def _diff(outcome: _Outcome) -> Iterator[str]:
    """A unified diff; a last line without a line feed is marked as diff marks it."""
    import difflib

    assert outcome.after is not None
    before, after = (StringIO(text, newline="").readlines() for text in (outcome.before, outcome.after))
    for line in difflib.unified_diff(before, after, str(outcome.path), str(outcome.path)):
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _sum_up(changed: list[_Outcome], unchanged: int, *, written: bool) -> None:
    for outcome in changed:
        say(f"{outcome.path}: {'formatted' if written else 'would change'}")
    say(f"{several(len(changed), 'file')} {'formatted' if written else 'to format'}, {unchanged} unchanged")
