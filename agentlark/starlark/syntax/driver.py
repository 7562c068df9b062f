"""Runs the LALR tables over tokens and builds the tree.

Two things make it several times faster than the general driver. Tokens are four plain lists, and leaves
become nodes as they are shifted. And an atom climbs the ladder of precedences (atom, primary, ..., test)
in one look-up: where that ladder ends depends only on the state below, the state above and the next token, so
it is climbed once and remembered.
"""

from __future__ import annotations

from operator import length_hint
from typing import Any

from agentlark.starlark.syntax.lexer import SKIPPED, Tokens
from agentlark.starlark.syntax.literals import leaf
from agentlark.starlark.syntax.tables import ACCEPT, ACTIONS, FIRST_LEAF, GOTOS, NAME, RULES
from agentlark.starlark.syntax.tree import Name

_climbs: dict[tuple[int, int, int], int] = {}


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
    rest = iter(tokens.kinds)
    for kind, start, end, text in zip(rest, tokens.starts, tokens.ends, tokens.texts, strict=False):
        if kind == SKIPPED:
            continue
        while True:
            action = actions[state].get(kind)
            if action is None:
                raise Stuck(states, len(tokens.kinds) - length_hint(rest) - 1)
            if action >= 0:
                state = action
                states.append(state)
                if kind < FIRST_LEAF:
                    values.append(start)
                elif kind == NAME:
                    values.append(Name(text, start, end))
                else:
                    values.append(leaf(kind, text, start, end))
                break
            origin, size, build = rules[-1 - action]
            if build is None:
                step = (states[-2], state, kind)
                state = climbs.get(step) or _climb(step)
                states[-1] = state
                continue
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
