"""Layouts as KDL, version 1, which is what zellij reads.

A layout is rendered from `templates/zellij/`; every value in a template goes through the `kdl` filter, and a
test holds the templates to it. Characters that a terminal or a reader could stumble over (control, bidi and
zero-width characters) are written as escapes; they mean the same to whoever parses them.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from agentlark.resources import shipped
from orchestrator.panes.errors import InvalidInput
from orchestrator.panes.plans import Layout

if TYPE_CHECKING:
    from jinja2 import Environment

_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}
_INVISIBLE = {"Cc", "Cf", "Cn", "Co", "Zl", "Zp"}


def render_layout(layout: Layout) -> str:
    """The layout as the text of a zellij layout file; the same layout gives the same text.

    Raises InvalidInput for a path that is not valid Unicode.
    """
    return _templates().get_template("session.kdl.j2").render(layout=layout)


def kdl(value: str | bool | Path) -> str:
    """A value as KDL: a quoted string, or `true` or `false`.

    Raises InvalidInput for lone surrogates, by which Python spells undecodable bytes in file names.
    """
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidInput(f"{text!r} is not valid Unicode", "rename it") from error
    return f'"{"".join(map(_escaped, text))}"'


def literal(value: str | Path) -> str:
    """A path or command spelled so that zellij, which expands `~` and `$NAME` in it, takes it as it is."""
    text = str(value).replace("$", "$$")
    return f"./{text}" if text == "~" or text.startswith("~/") else text


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isascii() and character.isprintable():
        return character
    return f"\\u{{{ord(character):x}}}" if unicodedata.category(character) in _INVISIBLE else character


@cache
def _templates() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(  # noqa: S701  # KDL, not HTML: the kdl filter escapes
        loader=FileSystemLoader(shipped("templates/zellij")),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(kdl=kdl, literal=literal)
    return environment
