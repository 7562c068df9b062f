"""Reads on after a token that does not fit, so that one run finds the mistakes of a whole file.

The parser's states are run over the tokens without building anything. Where a token does not fit, the
cheapest repair is looked for with which the next few tokens are understood: a word put in, taken out or
exchanged. When there is none, the element between two commas, or the statement, is given up. A repair is
never applied to the user's file; it only decides where reading goes on. The idea is Burke and Fisher's
("A practical method for LR and LL syntactic error diagnosis and recovery", 1987), without their backing up.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from agentlark.starlark.syntax.driver import Stuck, climb
from agentlark.starlark.syntax.lexer import RESERVED_WORD, SKIPPED, Tokens
from agentlark.starlark.syntax.tables import (
    ACCEPT,
    ACTIONS,
    DEDENT,
    END,
    GOTOS,
    INDENT,
    KIND_NUMBER,
    NAME,
    NEWLINE,
    OPENERS,
    RULES,
    STRING,
)

_LOOK = 6
"""How many tokens are looked at after a repair."""
_ENOUGH = 3
"""How many of them must be understood."""
_FAR = 2000
"""How many tokens are looked through for the end of an element."""
_COMMA, _COLON, _EQUALS, _IF, _OPEN, _CLOSE = (KIND_NUMBER[word] for word in (",", ":", "=", "if", "(", ")"))
_DEF = KIND_NUMBER["def"]
_CLOSERS = {KIND_NUMBER[opener]: KIND_NUMBER[closer] for opener, closer in ("()", "[]", "{}")}
_LAST_CLOSER = max(_CLOSERS.values())

_REPAIRS: tuple[tuple[tuple[int, ...], int], ...] = (
    ((_COMMA,), 0),
    ((_COLON,), 0),
    ((NAME,), 0),
    ((_CLOSE,), 0),
    ((KIND_NUMBER["]"],), 0),
    ((KIND_NUMBER["}"],), 0),
    ((_COLON,), 1),
    ((_EQUALS,), 1),
    ((), 1),
    ((NAME,), 1),
    ((_COMMA,), 1),
    ((KIND_NUMBER["and"],), 1),
    ((_CLOSE,), 1),
    ((KIND_NUMBER["]"],), 1),
    ((KIND_NUMBER["}"],), 1),
    ((_OPEN, _CLOSE), 0),
    ((INDENT, NAME, NEWLINE, DEDENT), 0),
)
"""What is put in, and how many tokens are taken out, in the order in which repairs are tried."""

_FILLERS: tuple[tuple[int, ...], ...] = ((), (NAME,), (NAME, _COLON, NAME), (STRING, _COMMA, STRING))
"""What may stand for the elements of a bracket that were given up."""


def advance(states: list[int], kind: int) -> bool:
    """Whether the parser takes a token of this kind; `states` are brought up to date."""
    while True:
        state = states[-1]
        action = ACTIONS[state].get(kind)
        if action is None:
            return False
        if action >= 0:
            states.append(action)
            return True
        origin, size, build = RULES[-1 - action]
        if build is None:
            states[-1] = climb(states[-2], state, kind)
            continue
        if size:
            del states[-size:]
        states.append(GOTOS[states[-1]][origin])
        if states[-1] == ACCEPT:
            return True


class Reader:
    """The parser without its values: `misfits` gives every token that does not fit.

    `openers` are the tokens of the brackets open now. When reading had to end early, because the lines
    cannot be told from the inside of a bracket any more, `lost` is the token it ended at.
    """

    def __init__(self, tokens: Tokens) -> None:
        self.tokens = tokens
        self.lost: int | None = None
        self._at = 0
        self._states = [0]
        self._openers: list[tuple[int, int]] = []
        self._blocks: list[int] = []

    @property
    def openers(self) -> list[int]:
        """The indices of the brackets that are open, outermost first."""
        return [at for at, _ in self._openers]

    def misfits(self) -> Iterator[Stuck]:
        """The tokens that do not fit, each with the parser's states before it; then reading goes on."""
        kinds = self.tokens.kinds
        while self._at < len(kinds):
            kind = kinds[self._at]
            if kind == SKIPPED or self._take(kind):
                self._at += 1
                continue
            if self._is_out_of_step():
                self.lost = self._at
                return
            at = self._at
            yield Stuck(list(self._states), at)
            if kind == END:
                return
            if not self._go_on(kind):
                self.lost = at
                return

    def _take(self, kind: int) -> bool:
        if not advance(self._states, kind):
            return False
        if kind <= OPENERS:
            self._openers.append((self._at, len(self._states)))
        elif kind <= _LAST_CLOSER:
            del self._openers[-1:]
        elif kind == INDENT:
            self._blocks.append(len(self._states))
        elif kind == DEDENT:
            del self._blocks[-1:]
        return True

    def _is_out_of_step(self) -> bool:
        """Whether the layout took a line break as one inside a bracket that a repair has closed."""
        if self._openers or not self._at or self.tokens.kinds[self._at - 1] != SKIPPED:
            return False
        return self.tokens.texts[self._at - 1][:1] not in ("\\", "")

    def _go_on(self, kind: int) -> bool:
        if kind == INDENT:
            self._drop_indentation()
            return True
        if self._is_beyond_repair(kind):
            self._openers.clear()
            return self._give_up_statement()
        scores = [
            self._understood(self._states, put_in, self._at + left_out) for put_in, left_out in _REPAIRS
        ]
        best = max(scores)
        if best >= _ENOUGH:
            put_in, left_out = _REPAIRS[scores.index(best)]
            self._apply(put_in, self._at + left_out)
            return True
        return self._give_up_element() if self._openers else self._give_up_statement()

    def _is_beyond_repair(self, kind: int) -> bool:
        """Whether it is a word or a type annotation of another language, which no small repair helps."""
        if len(self._openers) != 1:
            return kind == RESERVED_WORD and not self._openers
        opener = self._openers[0][0]
        return kind == _COLON and self.tokens.kinds[max(0, opener - 2) : opener] == [_DEF, NAME]

    def _understood(self, states: Sequence[int], put_in: Sequence[int], at: int) -> int:
        """How many tokens from `at` on are understood after those that are put in, up to `_LOOK`."""
        trial = list(states)
        if not all(advance(trial, kind) for kind in put_in):
            return 0
        seen = 0
        for kind in self._next(at):
            if not advance(trial, kind):
                return seen
            seen += 1
        return _LOOK if seen else 0

    def _next(self, at: int) -> list[int]:
        """The kinds of the next tokens from `at` on, up to `_LOOK`."""
        kinds = self.tokens.kinds
        found: list[int] = []
        while len(found) < _LOOK and at < len(kinds):
            if kinds[at] != SKIPPED:
                found.append(kinds[at])
            at += 1
        return found

    def _apply(self, put_in: Sequence[int], at: int) -> None:
        for kind in put_in:
            self._take(kind)
        self._at = at

    def _drop_indentation(self) -> None:
        """Reads an indented block that nothing opened as if it stood further left."""
        kinds = self.tokens.kinds
        depth = 0
        for at in range(self._at, len(kinds)):
            depth += (kinds[at] == INDENT) - (kinds[at] == DEDENT)
            if not depth:
                kinds[at] = SKIPPED
                break
        kinds[self._at] = SKIPPED

    def _give_up_element(self) -> bool:
        """Goes on at the next comma or closing bracket that the elements before can be followed by."""
        kinds = self.tokens.kinds
        depth = 0
        openers = list(self._openers)
        for at in range(self._at, min(len(kinds), self._at + _FAR)):
            kind = kinds[at]
            if 0 <= kind <= OPENERS:
                depth += 1
            elif OPENERS < kind <= _LAST_CLOSER and depth:
                depth -= 1
            elif not depth and (kind == _COMMA or OPENERS < kind <= _LAST_CLOSER):
                filler = self._filler(openers[-1], at)
                if filler is not None:
                    self._openers = openers
                    del self._states[openers[-1][1] :]
                    self._apply(filler, at)
                    return True
                if kind != _COMMA:
                    openers.pop()
                    if not openers:
                        return False
        return False

    def _filler(self, opener: tuple[int, int], at: int) -> tuple[int, ...] | None:
        before = self._states[: opener[1]]
        closer = _CLOSERS[self.tokens.kinds[opener[0]]] if opener[0] < len(self.tokens.kinds) else _CLOSE
        for filler in _FILLERS:
            for end in ((), (closer,)):
                if self._understood(before, (*filler, *end), at) >= _ENOUGH:
                    return (*filler, *end)
        return None

    def _give_up_statement(self) -> bool:
        """Goes on at the next line of the same block; the block of a header that was given up is read."""
        kinds = self.tokens.kinds
        at = self._at
        while kinds[at] not in (NEWLINE, END):
            at += 1
        del self._states[self._blocks[-1] if self._blocks else 1 :]
        self._at = at + (kinds[at] == NEWLINE)
        if kinds[self._at] == INDENT:
            self._apply((_IF, NAME, _COLON, NEWLINE), self._at)
        elif self._blocks:
            self._apply((NAME, NEWLINE), self._at)
        return True
