"""Runs the LALR tables over tokens and builds the tree.

Three things make it several times faster than the general driver. Tokens are four plain lists, and leaves
become nodes as they are shifted. An atom climbs the ladder of precedences (atom, primary, ..., test) in one
leap: where it ends depends only on the state below, the kind of atom and the next token, so it is climbed
once and remembered. And a list grows in place: after `items: items "," item` the parser is back in the state
it had after the first `items`.
"""

from __future__ import annotations

from operator import length_hint
from typing import Any

from agentlark.starlark.syntax.lexer import SKIPPED, Tokens
from agentlark.starlark.syntax.literals import leaf
from agentlark.starlark.syntax.tables import ACCEPT, ACTIONS, FIRST_LEAF, GOTOS, GROWS, NAME, RULES, STRING
from agentlark.starlark.syntax.tree import Literal, Name

_climbs: dict[tuple[int, int, int], int] = {}
_leaps: dict[int, int] = {}


class Stuck(Exception):
    """No action for a token: the parser's states, bottom first, and the token's index."""

    def __init__(self, states: list[int], index: int) -> None:
        self.states = states
        self.index = index


def drive(tokens: Tokens) -> Any:
    """The value of the start rule: the statements of the file, in order.

    Raises:
        Stuck: at the first token that no sentence of the grammar has there.
        Fault: AL004 at an escape, AL007 at a number, that denotes nothing.
    """
    states = [0]
    values: list[Any] = []
    state = 0
    actions = ACTIONS
    gotos = GOTOS
    rules = RULES
    climbs = _climbs
    leaps = _leaps
    rest = iter(tokens.kinds)
    columns = zip(rest, [*tokens.kinds[1:], 0], tokens.starts, tokens.ends, tokens.texts, strict=False)
    for kind, following, start, end, text in columns:
        if kind >= FIRST_LEAF:
            # A kind fits into seven bits; a following token that is skipped, -1, makes a key nothing has.
            landing = leaps.get(state << 14 | kind << 7 | following) or _leap(state, kind, following)
            if landing:
                state = landing
                states.append(state)
                if kind == NAME:
                    values.append(Name(text, start, end))
                elif kind == STRING and text[0] == '"' and "\\" not in text and text[1:3] != '""':
                    values.append(Literal(text[1:-1], start, end))
                else:
                    values.append(leaf(kind, text, start, end))
                continue
        elif kind == SKIPPED:
            continue
        while True:
            action = actions[state].get(kind)
            if action is None:
                raise Stuck(states, len(tokens.kinds) - length_hint(rest) - 1)
            if action >= 0:
                state = action
                states.append(state)
                values.append(start if kind < FIRST_LEAF else leaf(kind, text, start, end))
                break
            origin, size, build = rules[-1 - action]
            if build is None:
                step = (states[-2], state, kind)
                state = climbs.get(step) or _climb(step)
                states[-1] = state
            elif build is GROWS:
                values[-size].append(values[-1])
                del values[1 - size :]
                del states[1 - size :]
                state = states[-1]
            else:
                if size:
                    children = values[-size:]
                    del values[-size:]
                    del states[-size:]
                    values.append(build(children))
                else:
                    values.append(build([]))
                state = gotos[states[-1]][origin]
                states.append(state)
                if state == ACCEPT:
                    return values[-1]
    raise AssertionError("the tokens end with $END, which is accepted or refused")


def _leap(state: int, kind: int, following: int) -> int:
    """The state after a leaf and all it becomes before the next token; 0 when the leaf does not fit.

    When the next token is not known, as when it is skipped, the leaf is only shifted.
    """
    shifted = ACTIONS[state].get(kind)
    if shifted is None or shifted < 0:
        return 0
    if following < 0:
        return shifted
    landing = _leaps[state << 14 | kind << 7 | following] = _climb((state, shifted, following))
    return landing


def climb(below: int, state: int, kind: int) -> int:
    """The state that takes the place of `state`, above `below`, before a token of this kind."""
    step = (below, state, kind)
    return _climbs.get(step) or _climb(step)


def _climb(step: tuple[int, int, int]) -> int:
    """The state after all reductions by single-child productions; never 0, which nothing leads to."""
    below, state, kind = step
    while True:
        action = ACTIONS[state].get(kind)
        if action is None or action >= 0:
            break
        origin, _, build = RULES[-1 - action]
        if build is not None:
            break
        state = GOTOS[below][origin]
    _climbs[step] = state
    return state
