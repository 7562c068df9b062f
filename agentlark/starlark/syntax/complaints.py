"""What is wrong with a text that does not parse; nothing here runs for one that does.

Every mistake is told once, at the place where a reader would put a finger. Characters that begin no token
are told and then read as blanks; tokens that do not fit are told by `misfits.py`, and `recovery.py` reads on
after them. Where lines can no longer be told from the inside of a bracket (a string or bracket that is never
closed, an indentation that matches nothing), reading begins anew at the next line that looks like a
statement.
"""

from __future__ import annotations

import re

from agentlark.diagnostics import SHOWN_LIMIT, Diagnostic, Source
from agentlark.starlark.failures import Fault
from agentlark.starlark.syntax.brackets import pair
from agentlark.starlark.syntax.lexer import Tokens, lay_out, split, tokenize
from agentlark.starlark.syntax.literals import leaf
from agentlark.starlark.syntax.misfits import explain
from agentlark.starlark.syntax.recovery import Reader
from agentlark.starlark.syntax.tables import BYTES, DEDENT, END, FLOAT, INDENT, INT, NEWLINE, STRING

MAX_COMPLAINTS = 100_000
_MOST_READ = 8_000_000
"""How many characters are looked at in all; reading that begins anew looks at the rest of the text again."""
_LONG_NUMBER = 300
_CLOSERS = (")", "]", "}")
_LAYOUT = (NEWLINE, INDENT, DEDENT, END)
_FENCE = "a Markdown fence is no part of the file"
_NO_BLANK = re.compile(r"[^ \t]")
_RESUME = re.compile(r"^(?=[^\W\d]\w*\s*(?:[=(.,\[]|$)|def |for |if |load\()", re.MULTILINE)


def complaints(source: Source) -> list[Diagnostic]:
    """The mistakes of a text that does not parse, first to last."""
    found: list[Diagnostic] = []
    base = 0
    left = _MOST_READ
    while left > 0:
        left -= len(source.text) - base
        faults, reached = _read(source.text[base:])
        found += [_shifted(fault, base).diagnostic(source) for fault in faults]
        if reached is None or len(found) >= MAX_COMPLAINTS:
            break
        line_end = source.text.find("\n", max(base + reached - 1, base))
        resume = _RESUME.search(source.text, line_end + 1 or len(source.text))
        if resume is None or resume.start() <= base:
            break
        base = resume.start()
    return found[:MAX_COMPLAINTS]


def _read(text: str) -> tuple[list[Fault], int | None]:
    """The mistakes of a text as far as it can be read, and the offset where that ends; None for its end."""
    junk = _junk_of(text)
    masked = _masked(text, junk)
    junk = _with_fences_as_one(junk)
    misplaced: list[Fault] = []
    try:
        tokens, unpaired = pair(tokenize(masked))
        tokens = lay_out(tokens, len(text), misplaced)
    except Fault as fault:
        return [*junk, fault], _end(fault)
    faults, reached = _read_tokens(tokens)
    limit = len(text) if reached is None else reached
    told = [fault for fault in [*junk, *misplaced] if _start(fault) < limit]
    lines = {text.count("\n", 0, _start(fault)) for fault in told}
    if lines:  # what follows from a mistake that was told is not told again
        faults = [fault for fault in faults if text.count("\n", 0, _start(fault)) not in lines]
    return sorted([*told, *unpaired, *faults], key=_start), reached


def _read_tokens(tokens: Tokens) -> tuple[list[Fault], int | None]:
    """The mistakes of the tokens, and the offset reading ended at; None for the end of the file."""
    reader = Reader(tokens)
    found: list[Fault] = []
    for stuck in reader.misfits():
        if _is_put_in(tokens, stuck.index):
            continue
        if found and not reader.openers and _is_left_over(tokens, stuck.index):
            continue
        fault = explain(tokens, stuck, reader.openers)
        found.append(fault)
        if fault.reached < tokens.starts[stuck.index]:  # a bracket is open where a statement seems to begin
            return [*found, *_leaves(tokens, stuck.index)], fault.reached
        if len(found) >= MAX_COMPLAINTS:
            break
    if reader.lost is None:
        return [*found, *_leaves(tokens, len(tokens.kinds))], None
    reached = max([tokens.starts[reader.lost], *(fault.reached for fault in found)])
    return [*found, *_leaves(tokens, reader.lost)], reached


def _is_put_in(tokens: Tokens, at: int) -> bool:
    """Whether it is a bracket or comma that the file lacks, which has been told."""
    return not tokens.texts[at] and tokens.kinds[at] not in _LAYOUT


def _is_left_over(tokens: Tokens, at: int) -> bool:
    """Whether it is a bracket that begins a line, or the comma after one, left over by a mistake above."""
    if tokens.kinds[at] == NEWLINE and at > 1 and tokens.texts[at - 1] == ",":
        at -= 2
    return tokens.texts[at] in _CLOSERS and (not at or tokens.texts[at - 1][-1:] in ("\n", *_CLOSERS, ""))


def _leaves(tokens: Tokens, limit: int) -> list[Fault]:
    """The literals that denote nothing."""
    found = []
    for at in range(limit):
        kind, text = tokens.kinds[at], tokens.texts[at]
        if (kind in (STRING, BYTES) and "\\" in text) or (kind in (INT, FLOAT) and _is_doubtful(text)):
            try:
                leaf(kind, text, tokens.starts[at], tokens.ends[at])
            except Fault as fault:
                found.append(fault)
    return found


def _is_doubtful(number: str) -> bool:
    return len(number) > _LONG_NUMBER or "e" in number.lower()


def _start(fault: Fault) -> int:
    return fault.place[0] if isinstance(fault.place, tuple) else 0


def _end(fault: Fault) -> int:
    return max(fault.place[1] if isinstance(fault.place, tuple) else 0, fault.reached)


def _shifted(fault: Fault, base: int) -> Fault:
    if isinstance(fault.place, tuple):
        fault.place = (fault.place[0] + base, fault.place[1] + base)
    fault.others = [((start + base, end + base), message) for (start, end), message in fault.others]
    if fault.edit:
        fault.edit = (fault.edit[0] + base, fault.edit[1] + base, fault.edit[2])
    return fault


def _masked(text: str, junk: list[Fault]) -> str:
    """The text with what was told of replaced by as many harmless characters."""
    pieces = []
    done = 0
    for fault in junk:
        assert isinstance(fault.place, tuple)
        start, end = fault.place
        filler = "1" if text[start].isdigit() else "_" if fault.code == "AL002" else " "
        if fault.code == "AL002":  # closing brackets at the end of its line were probably not meant as text
            end = max(start + 1, start + len(text[start:end].rstrip(")]},: \t")))
        pieces += [text[done:start], filler * (end - start)]
        done = end
    return "".join([*pieces, text[done:]])


# Characters that begin no token.


def _junk_of(text: str) -> list[Fault]:
    found: list[Fault] = []
    read_to = 0
    at = 0
    for index, part in enumerate(split(text)):
        end = at + len(part)
        while index % 2 == 0 and (junk := _NO_BLANK.search(text, max(at, read_to), end)):
            found.append(_junk(text, junk.start()))
            read_to = _end(found[-1])
        at = end
    return found[:MAX_COMPLAINTS]


def _with_fences_as_one(junk: list[Fault]) -> list[Fault]:
    """The mistakes, with the lines that fence a block in Markdown told together."""
    fences = [fault for fault in junk if fault.message == _FENCE]
    for fault in fences[1:SHOWN_LIMIT]:
        assert isinstance(fault.place, tuple)
        fences[0].others.append((fault.place, "and here"))
    return [fault for fault in junk if fault.message != _FENCE or fault is fences[0]]


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
    if text.startswith("```", start):
        return Fault("AL007", _FENCE, (start, line_end), help="remove its lines")
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
    elif char == "?":
        help = "write b if a else c"
    elif char == "\\":
        message = "a backslash outside a string must end its line"
    return Fault("AL007", message, (start, start + 1), help=help)
