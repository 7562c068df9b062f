"""The table of contents of a file: its names, its groups, their agents."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from agentlark.editing.mentions import Role, mentions
from agentlark.editing.outline import Bracket, Outline


class SymbolKind(StrEnum):
    """What an entry is."""

    group = "group"
    agent = "agent"
    function = "function"
    variable = "variable"


@dataclass(slots=True)
class Symbol:
    """An entry: its name, its whole range, the range of the name, and what it contains."""

    name: str
    detail: str
    kind: SymbolKind
    range: tuple[int, int]
    name_range: tuple[int, int]
    children: list[Symbol] = field(default_factory=list)


def symbols(outline: Outline) -> list[Symbol]:
    """The entries of a file, outermost first, each with those inside it."""
    found = [*_bound(outline), *_calls(outline)]
    found.sort(key=lambda symbol: (symbol.range[0], -symbol.range[1]))
    top: list[Symbol] = []
    open_symbols: list[Symbol] = []
    for symbol in found:
        while open_symbols and open_symbols[-1].range[1] < symbol.range[1]:
            open_symbols.pop()
        (open_symbols[-1].children if open_symbols else top).append(symbol)
        open_symbols.append(symbol)
    return top


def _bound(outline: Outline) -> list[Symbol]:
    kinds = {"function": SymbolKind.function, "variable": SymbolKind.variable}
    whole = (0, len(outline.text) + 1)
    return [
        Symbol(each.name, "", kinds[each.kind], outline.statement(each.start), (each.start, each.end))
        for each in outline.bindings
        if each.kind in kinds and each.scope == whole
    ]


def _calls(outline: Outline) -> list[Symbol]:
    ids = {
        id(each.text.around): each.text for each in mentions(outline) if each.role in (Role.agent, Role.group)
    }
    roles = {id(text.around): text.value for text in outline.texts if text.argument == "role"}
    found = []
    for bracket in outline.brackets:
        if bracket.name not in ("agent", "group") or bracket.callee is None:
            continue
        text = ids.get(id(bracket))
        name_range = text.inside if text is not None else (bracket.callee.start, bracket.callee.end)
        shown = text.value if text is not None and text.value else f"{bracket.name}(…)"
        found.append(
            Symbol(shown, roles.get(id(bracket), ""), SymbolKind(bracket.name), _range(bracket), name_range)
        )
    return found


def _range(bracket: Bracket) -> tuple[int, int]:
    assert bracket.callee is not None
    return bracket.callee.start, bracket.end
