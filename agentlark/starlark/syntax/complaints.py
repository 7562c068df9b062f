"""What is wrong with a text that does not parse, in words; nothing here runs for one that does.

Every mistake is told once, at the place where a reader would put a finger: the bracket that is never closed,
the end of the line that lacks a comma. Then reading goes on at the next line that looks like the beginning
of a top-level statement, so that one run reports several mistakes.
"""

from __future__ import annotations

import re

from agentlark.diagnostics import Diagnostic, Source
from agentlark.starlark.failures import Fault
from agentlark.starlark.syntax.driver import Stuck, drive
from agentlark.starlark.syntax.expected import expected_words, expects
from agentlark.starlark.syntax.lexer import RESERVED_WORD, Tokens, scan, split
from agentlark.starlark.syntax.tables import DEDENT, END, FIRST_LEAF, INDENT, KIND_NUMBER, NEWLINE, STRING

MAX_COMPLAINTS = 20
_LARGE = 4_000_000
"""A longer text is not read again after its first mistake."""
_RESUME = re.compile(r"^(?=[^\W\d]\w*\s*(?:[=(.,\[]|$)|def |for |if |load\()", re.MULTILINE)
_CLOSERS = {")": "(", "]": "[", "}": "{"}
_COMPARISONS = frozenset({"==", "!=", "<", ">", "<=", ">=", "in"})
_ENDS = frozenset({")", "]", "}", "NAME", "STRING", "BYTES", "INT", "FLOAT"})
_RESERVED_HELP = {
    "while": "loop over a range with for, and leave with break",
    "import": "use load(\"file\", \"name\")",
    "from": "use load(\"file\", \"name\")",
    "class": "use a dict, or a function that makes one",
    "raise": "use fail(\"message\")",
    "assert": "use if and fail(\"message\")",
    "try": "failures cannot be caught; test before",
    "is": "use ==",
    "del": "use the pop method",
    "with": None,
    "yield": "return a list",
}  # fmt: skip


def complaints(source: Source) -> list[Diagnostic]:
    """The mistakes of a text that does not parse, first to last."""
    found: list[Diagnostic] = []
    base = 0
    while base < len(source.text) and len(found) < MAX_COMPLAINTS:
        part = Source(source.name, source.text[base:])
        try:
            tokens = scan(part.text)
            drive(tokens)
            break
        except Fault as fault:
            problems = [fault] if fault.place else _lexical(part.text)
        except Stuck as stuck:
            problems = [_explain(part.text, tokens, stuck)]
        found += [_shifted(fault, base).diagnostic(source) for fault in problems]
        reached = max(_end(fault) for fault in problems)
        resume = _RESUME.search(
            source.text, source.text.find("\n", max(reached - 1, base)) + 1 or len(source.text)
        )
        if resume is None or resume.start() <= base or len(source.text) > _LARGE:
            break
        base = resume.start()
    return found


def _end(fault: Fault) -> int:
    return max(fault.place[1] if isinstance(fault.place, tuple) else 0, fault.reached)


def _shifted(fault: Fault, base: int) -> Fault:
    if isinstance(fault.place, tuple):
        fault.place = (fault.place[0] + base, fault.place[1] + base)
    fault.reached += base
    fault.others = [((start + base, end + base), message) for (start, end), message in fault.others]
    return fault


# Characters that begin no token.


def _lexical(text: str) -> list[Fault]:
    found: list[Fault] = []
    skip = -1
    parts = split(text)
    at = 0
    for index, part in enumerate(parts):
        junk = part.strip(" \t") if index % 2 == 0 else ""
        start = at + part.find(junk[:1]) if junk else at
        at += len(part)
        if not junk or start < skip:
            continue
        fault = _junk(text, start)
        found.append(fault)
        skip = _end(fault)
    return found[:MAX_COMPLAINTS]


def _junk(text: str, start: int) -> Fault:
    char = text[start]
    line_end = text.find("\n", start)
    line_end = len(text) if line_end < 0 else line_end
    if char in "\"'":
        if text.startswith(char * 3, start):
            fault = Fault("AL002", f"this string is never closed with {char * 3}", (start, start + 3))
            fault.reached = len(text)
            return fault
        advice = f"close it with {char}, or use {char * 3} for a text of several lines"
        return Fault("AL002", "this string is not closed on its line", (start, line_end), help=advice)
    if char == "0":
        digits = re.compile(r"[0-9]+").match(text, start)
        assert digits is not None
        advice = f"for octal write 0o{digits[0].lstrip('0')}"
        return Fault("AL007", f"invalid int literal {digits[0]}", digits.span(), help=advice)
    message = (
        f"unexpected character {char!r}" if char.isprintable() else f"unexpected character U+{ord(char):04X}"
    )
    help: str | None = None
    if char in "\u201c\u201d\u2018\u2019":
        help = "use straight quotes"
    elif char == "!":
        help = "use not"
    elif char == "\\":
        message = "a backslash outside a string must end its line"
    return Fault("AL007", message, (start, start + 1), help=help)


# Tokens that do not fit.


def _explain(text: str, tokens: Tokens, stuck: Stuck) -> Fault:
    at = stuck.index
    kind = tokens.kinds[at]
    start, end, word = tokens.starts[at], tokens.ends[at], tokens.texts[at]
    openers = _openers(tokens, at)
    for look in (_bracket, _reserved, _indentation, _habit, _missing_comma):
        fault = look(tokens, stuck, openers)
        if fault is not None:
            fault.reached = max(fault.reached, end)
            return fault
    if kind == END:
        shown = "end of file"
    elif kind == NEWLINE:
        shown, end = "end of line", start + 1
    else:
        shown = _quoted(word)
    expected = expected_words(stuck.states)
    tail = f", expected {expected}" if expected else ""
    return Fault("AL001", f"syntax error: got {shown}{tail}", (start, end))


def _quoted(word: str) -> str:
    return f"`{word}`" if len(word) <= 30 and "\n" not in word else f"`{word[:20].splitlines()[0]}…`"


def _openers(tokens: Tokens, at: int) -> list[int]:
    """The indices of the brackets open before a token."""
    openers: list[int] = []
    for index in range(at):
        text = tokens.texts[index]
        if text in ("(", "[", "{"):
            openers.append(index)
        elif text in _CLOSERS and openers:
            openers.pop()
    return openers


def _bracket(tokens: Tokens, stuck: Stuck, openers: list[int]) -> Fault | None:
    at = stuck.index
    word = tokens.texts[at]
    place = (tokens.starts[at], tokens.ends[at])
    if word in _CLOSERS:
        if not openers:
            return Fault("AL005", f"`{word}` closes nothing", place)
        opener = openers[-1]
        if tokens.texts[opener] == _CLOSERS[word]:
            return None
        fault = Fault("AL005", f"`{word}` does not match `{tokens.texts[opener]}`", place)
        fault.others = [((tokens.starts[opener], tokens.ends[opener]), "opened here")]
        return fault
    if openers and (tokens.kinds[at] == END or _begins_statement(tokens, at)):
        opener = openers[-1]
        fault = Fault(
            "AL005", f"`{tokens.texts[opener]}` is never closed", (tokens.starts[opener], tokens.ends[opener])
        )
        if tokens.kinds[at] != END:
            fault.others = [(place, "a new statement seems to begin here")]
        fault.reached = tokens.starts[at] - 1 if tokens.kinds[at] != END else place[1]
        return fault
    return None


def _begins_statement(tokens: Tokens, at: int) -> bool:
    """Whether a token between brackets stands first on its line, in the first column, as statements do."""
    return at > 0 and "\n" in tokens.texts[at - 1] and tokens.texts[at - 1].endswith("\n")


def _reserved(tokens: Tokens, stuck: Stuck, openers: list[int]) -> Fault | None:
    at = stuck.index
    if tokens.kinds[at] != RESERVED_WORD:
        return None
    word = tokens.texts[at]
    place = (tokens.starts[at], tokens.ends[at])
    return Fault("AL001", f"syntax error: `{word}` is a reserved word", place, help=_RESERVED_HELP.get(word))


def _indentation(tokens: Tokens, stuck: Stuck, openers: list[int]) -> Fault | None:
    at = stuck.index
    place = (tokens.starts[at], tokens.starts[at] + 1)
    if tokens.kinds[at] == INDENT:
        return Fault("AL003", "unexpected indentation: no block is open here", place)
    if expects(stuck.states, INDENT):
        return Fault("AL003", "expected an indented block after `:`", place)
    if tokens.kinds[at] == DEDENT:
        return Fault("AL003", "unexpected end of the block", place)
    return None


def _habit(tokens: Tokens, stuck: Stuck, openers: list[int]) -> Fault | None:
    """Mistakes that come from other languages."""
    at = stuck.index
    if at == 0:
        return None
    kind, word, before = tokens.kinds[at], tokens.texts[at], tokens.kinds[at - 1]
    place = (tokens.starts[at], tokens.ends[at])
    previous = _name(before)
    if kind == STRING and before == STRING:
        help = "put + between them"
        return Fault("AL001", "syntax error: adjacent strings are not joined", place, help=help)
    if word in _COMPARISONS and previous in _ENDS:
        help = "compare twice and join with and"
        return Fault(
            "AL001", f"syntax error: comparisons do not chain: got `{word}` after one", place, help=help
        )
    if word == "=" and previous in _ENDS:
        help = "use == to compare"
        return Fault(
            "AL001", f"syntax error: got `=`, expected {expected_words(stuck.states)}", place, help=help
        )
    if previous == "," and not openers and kind in (NEWLINE, KIND_NUMBER["="], END):
        place = (tokens.starts[at - 1], tokens.ends[at - 1])
        help = "put parentheses around the tuple, or remove the comma"
        return Fault("AL001", "syntax error: unparenthesized tuple with trailing comma", place, help=help)
    if word in ("**", "++", "--") and previous in _ENDS:
        return Fault("AL001", f"syntax error: there is no operator `{word}`", place)
    return None


def _name(kind: int) -> str:
    names = list(KIND_NUMBER)
    return names[kind] if 0 <= kind < len(names) else ""


def _missing_comma(tokens: Tokens, stuck: Stuck, openers: list[int]) -> Fault | None:
    """Two expressions in a row between brackets: told at the end of the first one."""
    at = stuck.index
    if not openers or tokens.kinds[at] < FIRST_LEAF or not expects(stuck.states, KIND_NUMBER[","]):
        return None
    before = at - 1
    while before > 0 and tokens.kinds[before] < 0:
        before -= 1
    end = tokens.ends[before]
    fault = Fault(
        "AL001",
        f"syntax error: got {_quoted(tokens.texts[at])}, expected {expected_words(stuck.states)}",
        (tokens.starts[at], tokens.ends[at]),
        help="is a comma missing?",
    )
    if before < at - 1:
        fault.place = (end, end + 1)
        fault.message = (
            f"syntax error: expected {expected_words(stuck.states)} after {_quoted(tokens.texts[before])}"
        )
        fault.help = "put a comma here"
    return fault
