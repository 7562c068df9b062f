"""The tables of `tables_data.py` as the driver uses them: a dict of actions and one of gotos a state.

In a row of `ACTIONS` a number from 0 up is the state a token shifts to, a negative one the production
`-1 - number` to reduce by.
"""

from __future__ import annotations

from agentlark.starlark.syntax import tables_data
from agentlark.starlark.syntax.actions import Action, action, grows

KINDS = tables_data.KINDS
"""What each kind of token is called: its text, or NAME, STRING, ..., NEWLINE, INDENT, DEDENT, $END."""

KIND_NUMBER = {name: number for number, name in enumerate(KINDS)}

OPENERS = KIND_NUMBER["{"]
"""The last kind that opens a bracket; `( [ {` are 0 to 2, `) ] }` are 3 to 5."""
NEWLINE = KIND_NUMBER["NEWLINE"]
"""The last kind the layout cares for."""
FIRST_LEAF = KIND_NUMBER["NAME"]
"""From here on a kind is a leaf: NAME, STRING, BYTES, INT, FLOAT."""
NAME, STRING, BYTES, INT, FLOAT = (KIND_NUMBER[name] for name in ("NAME", "STRING", "BYTES", "INT", "FLOAT"))
INDENT, DEDENT, END = (KIND_NUMBER[name] for name in ("INDENT", "DEDENT", "$END"))

ACTIONS = tables_data.ACTIONS
GOTOS = tables_data.GOTOS
ACCEPT = tables_data.END
RESERVED = frozenset(tables_data.RESERVED)
PATTERNS = tables_data.PATTERNS


def _is_rule(symbol: str) -> bool:
    return symbol not in KIND_NUMBER


GROWS: Action = grows
"""The action of a production that adds its last child to the list that is its first."""

RULES: tuple[tuple[int, int, Action | None], ...] = tuple(
    (origin, len(expansion), action(alias, expansion, _is_rule) if alias else None)
    for origin, alias, expansion in tables_data.RULES
)
"""Of each production: its rule, how many symbols it takes, its action; None passes a child on."""
