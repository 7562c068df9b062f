"""What may be handed to a multiplexer: names, titles, argument lists, checked before anything runs.

As pydantic types they guard the fields of values (`Title`, `Argument`); as functions (`session_name`,
`title`, `command`, `text`) they guard the arguments of calls and raise InvalidInput.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Annotated, TypeAlias

from pydantic import AfterValidator

from orchestrator.panes.errors import InvalidInput

LONGEST_SESSION_BYTES = 80
"""A session is a socket in a folder, and the whole path of a socket fits in about a hundred bytes."""

LONGEST_TITLE = 1000
LONGEST_ARGUMENT_BYTES = 120_000
"""The system refuses a single argument of 128 KiB."""


def session_name(name: str) -> str:
    """The name, if a session can have it and every command can be told it. Raises InvalidInput."""
    remedy = "letters, digits, spaces, dashes and underscores are always fine"
    if not name.strip() or name != name.strip():
        raise InvalidInput(f"session name {name!r}: it is blank, or begins or ends with a space", remedy)
    if name in (".", "..") or name[0] == "-" or "/" in name:
        raise InvalidInput(f"session name {name!r}: it begins with a dash, or is no file name", remedy)
    _printable("session name", name)
    if len(name.encode()) > LONGEST_SESSION_BYTES:
        raise InvalidInput(
            f"session name of {len(name.encode())} bytes: {name[:20]!r}…",
            f"at most {LONGEST_SESSION_BYTES} bytes",
        )
    return name


def title(name: str) -> str:
    """A pane's or tab's name, if it can be shown on one line. Raises InvalidInput."""
    if not name.strip():
        raise InvalidInput(f"name {name!r}: it is blank", "give a name that can be seen")
    if len(name) > LONGEST_TITLE:
        raise InvalidInput(f"name of {len(name)} characters: {name[:20]!r}…", f"at most {LONGEST_TITLE}")
    return _printable("name", name)


def argument(value: str) -> str:
    """One element of an argument list, as the system takes it. Raises InvalidInput."""
    if "\0" in value:
        raise InvalidInput(
            f"argument {value[:40]!r}: it holds a NUL character", "the system cannot pass it on"
        )
    try:
        size = len(value.encode())
    except UnicodeEncodeError as error:
        raise InvalidInput(f"argument {value[:40]!r}: it is not valid Unicode", "rename the file") from error
    if size > LONGEST_ARGUMENT_BYTES:
        raise InvalidInput(f"argument of {size} bytes: {value[:20]!r}…", f"at most {LONGEST_ARGUMENT_BYTES}")
    return value


def command(given: str | Sequence[str]) -> tuple[str, ...]:
    """An argument list; a lone string is a program without arguments. Raises InvalidInput.

    A string is never split: `"htop"` and `["ls", "-l"]` are commands, `"ls -l"` is refused.
    """
    argv = (given,) if isinstance(given, str) else tuple(given)
    if not argv or not argv[0].strip():
        raise InvalidInput("the command is empty", 'give a list of arguments: ["ls", "-l"]')
    if isinstance(given, str) and "/" not in given and len(given.split()) > 1:
        parts = ", ".join(f'"{part}"' for part in given.split())
        raise InvalidInput(f"command {given!r}: there is no shell to split it", f"give a list: [{parts}]")
    return tuple(argument(each) for each in argv)


def text(value: str) -> str:
    """Text to type or paste. Raises InvalidInput for what cannot be encoded, or holds a NUL."""
    if "\0" in value:
        raise InvalidInput("the text holds a NUL character", "send it as bytes instead")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise InvalidInput("the text is not valid Unicode", "replace its lone surrogates") from error
    return value


def _printable(what: str, value: str) -> str:
    odd = next((each for each in value if unicodedata.category(each) in {"Cc", "Cs", "Zl", "Zp"}), None)
    if odd is not None:
        raise InvalidInput(
            f"{what} {value[:40]!r}: it holds the control character U+{ord(odd):04X}", "leave it out"
        )
    return value


Title: TypeAlias = Annotated[str, AfterValidator(title)]
Argument: TypeAlias = Annotated[str, AfterValidator(argument)]
