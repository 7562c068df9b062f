"""Which tokens the parser would have taken, and how to say so in a few words."""

from __future__ import annotations

from agentlark.starlark.syntax.tables import ACTIONS, FIRST_LEAF, GOTOS, KIND_NUMBER, KINDS, NEWLINE, RULES

_MOST = 5
_OPERATORS = {kind for kind in KINDS[NEWLINE + 1 : FIRST_LEAF] if not kind[0].isalpha()} - {*"=:;,"}
_OPERATORS |= {"and", "or"}
_STARTS = frozenset(
    {"(", "[", "{", "-", "+", "~", "not", "lambda", "NAME", "STRING", "BYTES", "INT", "FLOAT"}
)
_STATEMENTS = frozenset({"def", "for", "if", "return", "break", "continue", "pass", "load"})
_WORDS = {"NEWLINE": "a new line", "INDENT": "an indented block", "NAME": "a name", "STRING": "a string"}
_SILENT = frozenset({"DEDENT", "$END", ";", "INDENT", "BYTES", "INT", "FLOAT"})


def expects(states: list[int], kind: int) -> bool:
    """Whether the parser, with these states, would take a token of this kind."""
    stack = list(states)
    while True:
        action = ACTIONS[stack[-1]].get(kind)
        if action is None:
            return False
        if action >= 0:
            return True
        origin, size, _ = RULES[-1 - action]
        if size:
            del stack[-size:]
        goto = GOTOS[stack[-1]].get(origin)
        if goto is None:
            return True
        stack.append(goto)


def expected_words(states: list[int]) -> str:
    """What the parser would take, as at most five words joined by "or"; may be empty."""
    names = {KINDS[kind] for kind in ACTIONS[states[-1]] if expects(states, kind)}
    words: list[str] = []
    after_value = "==" in names or "." in names
    if not after_value and {"NAME", "STRING", "("} <= names:
        words.append("a statement" if "def" in names else "an expression")
        names -= _STARTS | _STATEMENTS
        names.discard("NEWLINE")
    if "," in names:
        names.discard("=")
    if "==" in names:
        names -= {"in", "not", "if", "for"}
    if after_value:
        names -= {"(", "["}
    names -= _OPERATORS
    if "DEDENT" in names:
        names -= _STATEMENTS
    for name in sorted(names - _SILENT, key=lambda name: (name in _WORDS, name != ",", KIND_NUMBER[name])):
        words.append(_WORDS.get(name, f"`{name}`"))
    words = words[:_MOST]
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} or {words[-1]}"
