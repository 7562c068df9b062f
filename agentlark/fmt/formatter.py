"""From a text to its formatted form, checked: the same program, and nothing left to format."""

from __future__ import annotations

from agentlark import starlark
from agentlark.diagnostics import Diagnostic, Source, Span
from agentlark.errors import AgentlarkError
from agentlark.fmt.anchors import Anchors
from agentlark.fmt.blocks import lay_out
from agentlark.fmt.loads import loads_first
from agentlark.fmt.meaning import difference
from agentlark.fmt.page import Page
from agentlark.fmt.statements import StatementPrinter
from agentlark.fmt.written import Written
from agentlark.starlark import StarlarkError
from agentlark.starlark.syntax import tree

MOST_PASSES = 5
"""Joining lines may bring comments together, which one more pass then puts in order."""


class Unformattable(AgentlarkError):
    """A file that parses but is left as it is, because its formatted form would not be the same program."""


def format_text(text: str, *, filename: str) -> str:
    """The formatted text; formatting it again gives the same.

    Raises:
        StarlarkError: with every syntax error of a text that does not parse.
        Unformattable: when the result would mean something else, or would not settle.
    """
    before = starlark.parse(text, filename=filename)
    formatted = before.source.text
    file = before
    for _ in range(MOST_PASSES):
        settled = formatted
        formatted = _print(file)
        if formatted == settled:
            return formatted
        try:
            file = starlark.parse(formatted, filename=filename)
        except StarlarkError as error:
            raise _refusal(before, None, "its formatted form does not parse") from error
        place = difference(before, file)
        if place is not None:
            raise _refusal(before, place, "its formatted form would mean something else")
        if _comments(before.source) != _comments(file.source):
            raise _refusal(before, None, "a comment would be lost")
    raise _refusal(before, None, "its formatted form does not settle")


def _print(file: tree.File) -> str:
    page = Page()
    try:
        written = Written(file)
        anchors = Anchors(written)
        elements = loads_first(lay_out(written, anchors), anchors)
        StatementPrinter(page, written, anchors).file(elements)
    except RecursionError:
        place = Span(file.source, 0, 0)
        raise StarlarkError([Diagnostic("AL006", "an expression nests too deeply", place)]) from None
    return page.text()


def _comments(source: Source) -> list[str]:
    """All comments, in no order: loads take theirs with them."""
    return sorted(source.text[each.start : each.end].strip() for each in starlark.comments(source))


def _refusal(file: tree.File, place: Span | None, why: str) -> Unformattable:
    where = place or Span(file.source, 0, 0)
    return Unformattable(f"{where}: {why}; it is left as it is (this is a mistake of the formatter)")
