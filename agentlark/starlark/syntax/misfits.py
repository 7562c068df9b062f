"""Tokens that do not fit, in words: what was got, what was expected, and the habit it may come from.

Each is told at the place where a reader would put a finger: the bracket that is never closed, the end of the
line that lacks a comma. The rules are asked in order; the last resort names what would have fitted.
"""

from __future__ import annotations

from collections.abc import Callable

from agentlark.starlark.failures import Fault
from agentlark.starlark.syntax.driver import Stuck
from agentlark.starlark.syntax.expected import expected_words, expects
from agentlark.starlark.syntax.lexer import RESERVED_WORD, SKIPPED, Tokens
from agentlark.starlark.syntax.tables import (
    DEDENT,
    END,
    FIRST_LEAF,
    INDENT,
    KIND_NUMBER,
    KINDS,
    NAME,
    NEWLINE,
    STRING,
)

_CLOSERS = {")": "(", "]": "[", "}": "{"}
_COMPARISONS = frozenset({"==", "!=", "<", ">", "<=", ">=", "in"})
_ENDS = frozenset({")", "]", "}", "NAME", "STRING", "BYTES", "INT", "FLOAT"})
_LONGEST_SHOWN = 30
_RESERVED_HELP = {
    "while": "loop over a range with for, and leave with break",
    "import": "use load(\"file\", \"name\")",
    "from": "use load(\"file\", \"name\")",
    "class": "use a dict, or a function that makes one",
    "raise": "use fail(\"message\")",
    "assert": "use if and fail(\"message\")",
    "try": "failures cannot be caught; test before",
    "except": "failures cannot be caught; test before",
    "finally": "failures cannot be caught; test before",
    "is": "use ==",
    "del": "use the pop method",
    "yield": "return a list",
}  # fmt: skip


def explain(tokens: Tokens, stuck: Stuck, openers: list[int]) -> Fault:
    """What is wrong with the token the parser is stuck at; `openers` are the brackets open before it."""
    misfit = _Misfit(tokens, stuck, openers)
    for rule in _RULES:
        fault = rule(misfit)
        if fault is not None:
            break
    else:
        fault = misfit.unexpected()
    fault.reached = fault.reached or tokens.ends[stuck.index]
    return fault


class _Misfit:
    """A token that does not fit, and what is around it."""

    def __init__(self, tokens: Tokens, stuck: Stuck, openers: list[int]) -> None:
        self.tokens = tokens
        self.states = stuck.states
        self.at = stuck.index
        self.openers = openers
        self.kind = tokens.kinds[self.at]
        self.word = tokens.texts[self.at]
        self.place = (tokens.starts[self.at], tokens.ends[self.at])

    @property
    def opener(self) -> str:
        """The innermost bracket that is open, or nothing."""
        return self.tokens.texts[self.openers[-1]] if self.openers else ""

    def name(self, offset: int) -> str:
        """What the kind of a token so many places away is called; nothing outside the file."""
        at = self.at + offset
        kind = self.tokens.kinds[at] if 0 <= at < len(self.tokens.kinds) else -1
        return KINDS[kind] if 0 <= kind < len(KINDS) else ""

    def touches(self, offset: int = -1) -> bool:
        """Whether a neighbour stands right beside it."""
        first, second = sorted((self.at, self.at + offset))
        return self.tokens.ends[first] == self.tokens.starts[second]

    def before(self) -> int:
        """The index of the last token before it that is no line break."""
        at = self.at - 1
        while at > 0 and self.tokens.kinds[at] < 0:
            at -= 1
        return at

    def expects(self, word: str) -> bool:
        """Whether another kind would have fitted."""
        return expects(self.states, KIND_NUMBER[word])

    def unexpected(self, help: str | None = None) -> Fault:
        """That it was got, and what was expected."""
        if self.kind == END:
            shown, place = "end of file", self.place
        elif self.kind == NEWLINE:
            shown, place = "end of line", (self.place[0], self.place[0] + 1)
        else:
            shown, place = _quoted(self.word), self.place
        expected = expected_words(self.states)
        tail = f", expected {expected}" if expected else ""
        return Fault("AL001", f"syntax error: got {shown}{tail}", place, help=help)

    def fault(self, message: str, help: str | None = None, place: tuple[int, int] | None = None) -> Fault:
        """A syntax error with a message of its own."""
        return Fault("AL001", f"syntax error: {message}", place or self.place, help=help)


def _corrected(fault: Fault, text: str, place: tuple[int, int] | None = None) -> Fault:
    """The fault with the text that would put it right."""
    where = place or fault.place
    assert isinstance(where, tuple)
    fault.edit = (*where, text)
    return fault


def _quoted(word: str) -> str:
    short = len(word) <= _LONGEST_SHOWN and "\n" not in word
    return f"`{word}`" if short else f"`{word[:20].splitlines()[0]}…`"


def _bracket(m: _Misfit) -> Fault | None:
    tokens = m.tokens
    if m.word in _CLOSERS:
        if not m.openers:
            return Fault("AL005", f"`{m.word}` closes nothing", m.place)
        if m.opener == _CLOSERS[m.word]:
            return None
        fault = Fault("AL005", f"`{m.word}` does not match `{m.opener}`", m.place)
        fault.others = [(_place(tokens, m.openers[-1]), "opened here")]
        return fault
    if not m.openers:
        return None
    first = m.at - 1 if m.word == "=" and m.name(-1) == "NAME" else m.at
    if m.kind == END or _begins_line(m, first):
        fault = Fault("AL005", f"`{m.opener}` is never closed", _place(tokens, m.openers[-1]))
        if m.kind != END:
            fault.others = [(_place(tokens, first), "a new statement seems to begin here")]
        fault.reached = tokens.starts[first] - 1 if m.kind != END else m.place[1]
        return fault
    return None


def _place(tokens: Tokens, at: int) -> tuple[int, int]:
    return tokens.starts[at], tokens.ends[at]


def _begins_line(m: _Misfit, at: int) -> bool:
    """Whether a token stands in the first column, as statements do and earlier lines here do not."""
    texts = m.tokens.texts
    if not at or at <= m.openers[-1] or not texts[at - 1].endswith("\n"):
        return False
    first = next(index for index in range(m.openers[-1], at) if m.tokens.kinds[index] == SKIPPED)
    return first == at - 1 or not texts[first].endswith("\n")


def _reserved(m: _Misfit) -> Fault | None:
    if m.kind != RESERVED_WORD:
        return None
    return m.fault(f"`{m.word}` is a reserved word", _RESERVED_HELP.get(m.word))


def _indentation(m: _Misfit) -> Fault | None:
    place = (m.place[0], m.place[0] + 1)
    if m.kind == INDENT:
        return Fault("AL003", "unexpected indentation: no block is open here", place)
    if m.expects("INDENT"):
        return Fault("AL003", "expected an indented block after `:`", place)
    if m.kind == DEDENT:
        return Fault("AL003", "unexpected end of the block", place)
    return None


def _string(m: _Misfit) -> Fault | None:
    if m.kind != STRING:
        return None
    if m.name(-1) == "STRING":
        return _corrected(
            m.fault("adjacent strings are not joined", "put + between them"), " + ", (m.place[0],) * 2
        )
    if m.name(-1) == "NAME" and m.tokens.texts[m.at - 1] in ("f", "F") and m.touches():
        place = (m.tokens.starts[m.at - 1], m.place[1])
        return m.fault("there are no f-strings", 'use "… %s" % value, or "… {}".format(value)', place)
    return None


def _equals(m: _Misfit) -> Fault | None:
    before = m.name(-1)
    if m.word != "=" or before not in _ENDS:
        return None
    if m.opener == "{":
        return _corrected(m.unexpected("write `:` between a key and its value"), ":")
    if m.opener == "(" and before == "STRING":
        fault = m.unexpected("write the name of an argument without quotes")
        name = m.tokens.texts[m.at - 1][1:-1]
        return _corrected(fault, name, _place(m.tokens, m.at - 1)) if name.isidentifier() else fault
    return _corrected(m.unexpected("use == to compare"), "==") if not m.openers else m.unexpected()


def _colon(m: _Misfit) -> Fault | None:
    """`:` after a name in a call or in parameters, `->` after parameters."""
    arrow = m.word == "-" and m.name(1) == ">" and m.touches(1)
    if arrow or (m.word == ":" and m.opener == "(" and _is_definition(m)):
        return m.fault("there are no type annotations", "remove it, or say it in a comment")
    if m.word == ":" and m.opener == "(" and m.name(-1) == "NAME":
        return _corrected(m.unexpected("write `=` between the name of an argument and its value"), " =")
    if m.word == ":" and m.name(-1) == "NAME" and m.name(-2) == "def":
        return _corrected(m.unexpected("put () after the name of a function"), "():")
    if m.kind == NEWLINE and m.expects(":") and not m.openers:
        return _corrected(
            m.unexpected("put `:` at the end of the line"), ":", (m.tokens.ends[m.before()],) * 2
        )
    return None


def _is_definition(m: _Misfit) -> bool:
    return m.tokens.kinds[m.openers[-1] - 2 : m.openers[-1]] == [KIND_NUMBER["def"], NAME]


def _other_language(m: _Misfit) -> Fault | None:
    previous = m.name(-1)
    if m.word in ("&", "|") and previous == m.word and m.touches():
        word = "and" if m.word == "&" else "or"
        place = (m.tokens.starts[m.at - 1], m.place[1])
        return _corrected(m.fault(f"there is no operator `{m.word * 2}`", f"use {word}", place), word)
    if m.word == "//" and not m.openers and previous not in _ENDS:
        return _corrected(m.unexpected("comments begin with #"), "#")
    if m.word == "if" and previous == "else":
        place = (m.tokens.starts[m.at - 1], m.place[1])
        return _corrected(m.fault("there is no `else if`", "use elif", place), "elif")
    if m.word == "**" and previous in _ENDS:
        return m.fault("there is no operator `**`", "multiply: x * x")
    if m.kind == NEWLINE and previous in ("+", "-") and m.name(-2) == previous:
        place = (m.tokens.starts[m.at - 2], m.tokens.ends[m.at - 1])
        return m.fault(f"there is no operator `{previous * 2}`", f"write {previous}= 1", place)
    if m.word.startswith("_") and previous == "INT" and m.touches():
        place = (m.tokens.starts[m.at - 1], m.place[1])
        digits = m.tokens.texts[m.at - 1] + m.word.replace("_", "")
        fault = m.fault("there are no underscores in numbers", f"write {digits}", place)
        return _corrected(fault, digits) if digits.isdigit() else fault
    if m.word in ("else", "elif"):
        return m.unexpected("no if before it is in the same block")
    return None


def _comparison(m: _Misfit) -> Fault | None:
    if m.word in _COMPARISONS and m.name(-1) in _ENDS:
        return m.fault(
            f"comparisons do not chain: got `{m.word}` after one", "compare twice and join with and"
        )
    return None


def _comma(m: _Misfit) -> Fault | None:
    if m.name(-1) == "," and not m.openers and m.name(0) in ("NEWLINE", "=", "$END"):
        help = "put parentheses around the tuple, or remove the comma"
        place = _place(m.tokens, m.at - 1)
        return m.fault("unparenthesized tuple with trailing comma", help, place)
    if m.word in (",", ")") and m.name(-1) == "=" and m.openers:
        return m.unexpected("a value is missing after =")
    if m.word == "," and m.name(-1) in (",", "(", "[", "{"):
        return m.unexpected("a comma too many, or a value is missing before it")
    return None


def _early_end(m: _Misfit) -> Fault | None:
    if m.kind != NEWLINE or not expected_words(m.states).startswith("an expression"):
        return None
    return m.unexpected("write the value, or put parentheses around an expression of several lines")


def _call_without_brackets(m: _Misfit) -> Fault | None:
    if m.kind < FIRST_LEAF or m.openers or m.name(-1) != "NAME":
        return None
    if m.name(-2) not in ("NEWLINE", "INDENT", "DEDENT", ";", ""):
        return None
    return m.unexpected(f"to call it, write {m.tokens.texts[m.at - 1]}(…)")


def _load(m: _Misfit) -> Fault | None:
    if m.opener == "(" and m.openers[-1] == m.at - 1 and m.name(-2) == "load":
        return m.unexpected('what is loaded is written out: load("file", "name")')
    return None


def _missing_comma(m: _Misfit) -> Fault | None:
    """Two expressions in a row between brackets: told at the end of the first one."""
    if not m.openers or m.kind < FIRST_LEAF or not m.expects(","):
        return None
    before = m.before()
    end = m.tokens.ends[before]
    if before == m.at - 1:
        return _corrected(m.unexpected("is a comma missing?"), ",", (end, end))
    message = f"expected {expected_words(m.states)} after {_quoted(m.tokens.texts[before])}"
    return _corrected(m.fault(message, "put a comma here", (end, end + 1)), ",", (end, end))


_RULES: tuple[Callable[[_Misfit], Fault | None], ...] = (
    _bracket,
    _reserved,
    _indentation,
    _string,
    _comparison,
    _equals,
    _colon,
    _other_language,
    _comma,
    _early_end,
    _call_without_brackets,
    _load,
    _missing_comma,
)
