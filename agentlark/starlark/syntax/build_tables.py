"""Writes `tables_data.py`: the LALR tables Lark builds from `grammar.lark`, as plain Python literals.

Run it as a script, `python agentlark/starlark/syntax/build_tables.py`, after every change to the grammar;
a test regenerates the text and compares. Nothing else in the room imports Lark, and nothing
that runs a program imports it: building the tables costs a hundred times what loading them does.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from lark import Lark
from lark.parsers.lalr_analysis import Shift

GRAMMAR = Path(__file__).with_name("grammar.lark")
DATA = Path(__file__).with_name("tables_data.py")

_REFUSAL = re.compile(r"\(\?!\(\?:([a-z|]+)\)\(\?!\\w\)\)")

_HEADER = '''"""LALR tables of `grammar.lark`; written by `build_tables.py`, never by hand."""

# fmt: off
# ruff: noqa: E501

from __future__ import annotations

'''


def build() -> Lark:
    """The grammar as Lark reads it, with its LALR tables; positions of tokens are kept."""
    return Lark(
        GRAMMAR.read_text(encoding="utf-8"),
        parser="lalr",
        lexer="basic",
        start="file",
        maybe_placeholders=False,
        keep_all_tokens=True,
    )


def render_tables() -> str:
    """The text of `tables_data.py` for the grammar as it is now; equal grammars give equal bytes."""
    lark: Any = build()
    table = lark.parser.parser._parse_table
    text_of = {t.name: t.pattern.value if t.pattern.type == "str" else str(t.name) for t in lark.terminals}
    kinds = _kinds(lark, text_of)
    origins = sorted({str(rule.origin.name) for rule in lark.rules})
    rules = list(dict.fromkeys(lark.rules))
    order = _numbered_states(table)
    actions: list[dict[int, int]] = []
    gotos: list[dict[int, int]] = []
    for state in order:
        row: dict[int, int] = {}
        goto: dict[int, int] = {}
        for symbol, (action, argument) in table.states[state].items():
            if action is not Shift:
                row[kinds.index(text_of.get(symbol, symbol))] = -1 - rules.index(argument)
            elif symbol in origins:
                goto[origins.index(symbol)] = order[argument]
            else:
                row[kinds.index(text_of.get(symbol, symbol))] = order[argument]
        actions.append(dict(sorted(row.items())))
        gotos.append(dict(sorted(goto.items())))
    rule_rows = [
        (
            origins.index(rule.origin.name),
            _action_name(rule),
            tuple(text_of.get(symbol.name, str(symbol.name)) for symbol in rule.expansion),
        )
        for rule in rules
    ]
    patterns = {
        str(terminal.name): terminal.pattern.value
        for terminal in sorted(lark.terminals, key=lambda terminal: str(terminal.name))
        if terminal.pattern.type == "re" and not terminal.name.startswith("__IGNORE")
    }
    reserved = _without_reserved(patterns)
    return _HEADER + "\n".join(
        [
            f"KINDS: tuple[str, ...] = {tuple(kinds)!r}",
            _rows("PATTERNS: dict[str, str]", [f"{k!r}: {v!r}" for k, v in patterns.items()], "{}"),
            f"RESERVED: tuple[str, ...] = {reserved!r}",
            f"ORIGINS: tuple[str, ...] = {tuple(origins)!r}",
            _rows("RULES: tuple[tuple[int, str, tuple[str, ...]], ...]", [repr(row) for row in rule_rows]),
            _rows("ACTIONS: tuple[dict[int, int], ...]", [_compact(row) for row in actions]),
            _rows("GOTOS: tuple[dict[int, int], ...]", [_compact(row) for row in gotos]),
            f"END: int = {order[table.end_states['file']]}",
            "",
        ]
    )


def _kinds(lark: Any, text_of: dict[str, str]) -> list[str]:
    """Names of the terminals: brackets and NEWLINE first, leaves last, so that one comparison tells them."""
    names = {symbol.name for rule in lark.rules for symbol in rule.expansion if symbol.is_term}
    shown = {text_of.get(name, str(name)) for name in names} | {"$END"}
    first = ["(", "[", "{", ")", "]", "}", "NEWLINE"]
    last = ["NAME", "STRING", "BYTES", "INT", "FLOAT"]
    return [*first, *sorted(shown - set(first) - set(last)), *last]


def _action_name(rule: Any) -> str:
    """The alias or the rule's own name; empty for a `?rule` that only passes its one child on."""
    if rule.options.expand1 and rule.alias is None and len(rule.expansion) == 1:
        return ""
    return str(rule.alias or rule.origin.name)


def _without_reserved(patterns: dict[str, str]) -> tuple[str, ...]:
    """Takes the refusal of reserved words out of the NAME pattern, where it costs time, and returns them."""
    found = _REFUSAL.match(patterns["NAME"])
    assert found is not None, "the NAME terminal begins with a refusal of the reserved words"
    patterns["NAME"] = patterns["NAME"][found.end() :]
    return tuple(found[1].split("|"))


def _numbered_states(table: Any) -> dict[Any, int]:
    """States in breadth-first order from the start, so that numbers do not depend on Lark's own."""
    order = {table.start_states["file"]: 0}
    queue = list(order)
    for state in queue:
        for _, (action, target) in sorted(table.states[state].items()):
            if action is Shift and target not in order:
                order[target] = len(order)
                queue.append(target)
    return order


def _rows(head: str, rows: list[str], brackets: str = "()") -> str:
    lines = "".join(f"    {row},\n" for row in rows)
    return f"{head} = {brackets[0]}\n{lines}{brackets[1]}"


def _compact(row: dict[int, int]) -> str:
    return "{" + ", ".join(f"{key}: {value}" for key, value in row.items()) + "}"


if __name__ == "__main__":
    DATA.write_text(render_tables(), encoding="utf-8")
