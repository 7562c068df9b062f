"""What the user is told about a mistake: places in source texts, diagnostics, and how they are shown.

A place is kept as two offsets into a `Source`; lines and columns are counted only when somebody asks,
so that spans cost nothing on success. This module imports nothing of ours; the language room and the
compiler both speak through it.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property
from typing import Literal, TypedDict

Severity = Literal["error", "warning", "note"]

SHOWN_LIMIT = 50
"""How many diagnostics a report prints before it only counts the rest."""

EXCERPT = 240
"""How many columns a line of source takes at most, on screens of any width."""

_TAB = 4


class Source:
    """A named text, with its line starts found on first use."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text

    @cached_property
    def _starts(self) -> list[int]:
        starts = [0]
        find = self.text.find
        at = find("\n")
        while at >= 0:
            starts.append(at + 1)
            at = find("\n", at + 1)
        return starts

    def position(self, offset: int) -> tuple[int, int]:
        """The 1-based line and column, in characters, of an offset."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def line(self, number: int) -> str:
        """The text of a 1-based line, without its line break."""
        if not 1 <= number <= len(self._starts):
            return ""
        start = self._starts[number - 1]
        end = self._starts[number] - 1 if number < len(self._starts) else len(self.text)
        return self.text[start:end].rstrip("\r")

    def __repr__(self) -> str:
        return f"Source({self.name!r})"


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open range of characters in a source; equal spans of one source compare equal."""

    source: Source
    start: int
    end: int

    @property
    def file(self) -> str:
        """The name of the source, as shown to the user."""
        return self.source.name

    @property
    def line(self) -> int:
        """1-based line of the first character."""
        return self.source.position(self.start)[0]

    @property
    def column(self) -> int:
        """1-based column, in characters, of the first character."""
        return self.source.position(self.start)[1]

    @property
    def end_line(self) -> int:
        """1-based line just after the last character."""
        return self.source.position(self.end)[0]

    @property
    def end_column(self) -> int:
        """1-based column just after the last character."""
        return self.source.position(self.end)[1]

    @property
    def text(self) -> str:
        """The characters themselves."""
        return self.source.text[self.start : self.end]

    def __str__(self) -> str:
        line, column = self.source.position(self.start)
        return f"{self.file}:{line}:{column}"


@dataclass(frozen=True, slots=True)
class Pointer:
    """A place in data that has no text lines: a JSON pointer into a named document."""

    file: str
    pointer: str

    def __str__(self) -> str:
        return f"{self.file}#{self.pointer}" if self.pointer else self.file


Place = Span | Pointer


def _lines(place: Place | None) -> tuple[int, int, int, int] | tuple[None, None, None, None]:
    if isinstance(place, Span):
        return place.line, place.column, place.end_line, place.end_column
    return None, None, None, None


class RelatedJson(TypedDict):
    """A second place of a diagnostic, as JSON."""

    file: str | None
    line: int | None
    column: int | None
    message: str


class EditJson(TypedDict):
    """One replacement of a fix, as JSON; an insertion ends where it starts."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int
    text: str


class FixJson(TypedDict):
    """A fix as JSON: what it does, and its edits, none of which overlap."""

    message: str
    edits: list[EditJson]


class DiagnosticJson(TypedDict):
    """A diagnostic as JSON; lines and columns are 1-based, columns in characters."""

    code: str
    severity: Severity
    file: str | None
    line: int | None
    column: int | None
    end_line: int | None
    end_column: int | None
    message: str
    help: str | None
    related: list[RelatedJson]
    fix: FixJson | None


@dataclass(frozen=True, slots=True)
class Related:
    """A second place that explains the first: the earlier definition, an edge of a cycle."""

    place: Place
    message: str

    def to_json(self) -> RelatedJson:
        """This place as JSON."""
        line, column, *_ = _lines(self.place)
        return {"file": self.place.file, "line": line, "column": column, "message": self.message}


@dataclass(frozen=True, slots=True)
class Edit:
    """Text that takes the place of a span; an empty span inserts, empty text removes."""

    span: Span
    text: str

    def to_json(self) -> EditJson:
        """This edit as JSON."""
        span = self.span
        return {
            "file": span.file,
            "line": span.line,
            "column": span.column,
            "end_line": span.end_line,
            "end_column": span.end_column,
            "text": self.text,
        }


@dataclass(frozen=True, slots=True)
class Fix:
    """A change of the text that most likely does what was meant: to be offered, never applied unasked."""

    message: str
    edits: tuple[Edit, ...]

    def to_json(self) -> FixJson:
        """This fix as JSON."""
        return {"message": self.message, "edits": [edit.to_json() for edit in self.edits]}


def replacement(place: Place | None, wrong: str, right: str | None) -> Fix | None:
    """The fix that writes one word for another; None unless the place holds just that word.

    The word may stand there by itself or as a string literal. A place that is only near the word, as that
    of a computed value, is left alone.
    """
    if right is None or not isinstance(place, Span) or place.end - place.start > len(wrong) + 2:
        return None
    message = f"write {right!r} instead of {wrong!r}"
    if place.text == wrong:
        return Fix(message, (Edit(place, right),))
    if place.text in (f'"{wrong}"', f"'{wrong}'") and not {'"', "'", "\\", "\n"} & set(right):
        return Fix(message, (Edit(place, f"{place.text[0]}{right}{place.text[0]}"),))
    return None


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One thing to tell the user: what, where, why, and what to do about it.

    `help` is a sentence; `fix` is a change of the text when exactly one is sensible.
    """

    code: str
    message: str
    place: Place | None = None
    severity: Severity = "error"
    help: str | None = None
    related: tuple[Related, ...] = field(default=())
    fix: Fix | None = None

    def to_json(self) -> DiagnosticJson:
        """This diagnostic as JSON, the shape documented in docs/language.md."""
        line, column, end_line, end_column = _lines(self.place)
        message = self.message
        if isinstance(self.place, Pointer) and self.place.pointer:
            message = f"{self.place.pointer}: {message}"
        return {
            "code": self.code,
            "severity": self.severity,
            "file": self.place.file if self.place else None,
            "line": line,
            "column": column,
            "end_line": end_line,
            "end_column": end_column,
            "message": message,
            "help": self.help,
            "related": [related.to_json() for related in self.related],
            "fix": self.fix.to_json() if self.fix else None,
        }


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word closest to a misspelt one, or None when nothing is near.

    Of very many words, those are compared that share the longest beginnings or endings with it: one slip
    leaves at least one of the two standing.
    """
    words = sorted(set(known))
    if len(words) > _NEIGHBOURS * 2:
        backwards = sorted(known[::-1] for known in words)
        words = [*_around(word, words), *(known[::-1] for known in _around(word[::-1], backwards))]
    found = get_close_matches(word, words, n=1, cutoff=0.6 if len(word) < _SHORT else 0.7)
    return found[0] if found else None


_NEIGHBOURS = 100
_SHORT = 5
"""Below so many letters one slip makes a large difference."""


def _around(word: str, words: list[str]) -> list[str]:
    at = bisect_right(words, word)
    return words[max(0, at - _NEIGHBOURS // 2) : at + _NEIGHBOURS // 2]


def visible(text: str) -> str:
    r"""The text with control and direction-changing characters spelled out (`\x1b`), newline and tab kept.

    What models and files contain is shown to people in terminals; an escape sequence must not act there.
    """
    if text.isascii() and text.isprintable():
        return text
    return _MAY_ACT.sub(_made_visible, text)


_MAY_ACT = re.compile(
    r"[^ -~\n\t\xa0-\xac\xae-\xff\u2010-\u2027\u2030-\u205e\u2190-\u2bff\u3000-\u303f\uff01-\uff60\w]"
)
"""What is worth a closer look: no letter or digit of any script, nor one of the common marks and symbols."""


def _made_visible(found: re.Match[str]) -> str:
    char = found[0]
    return _spell(char) if _acts(char) else char


def _acts(char: str) -> bool:
    code = ord(char)
    if code < 0x20 or 0x7F <= code <= 0x9F:
        return True
    if code < 0xAD:
        return False
    return unicodedata.category(char) in ("Cf", "Cs", "Zl", "Zp") and char not in "\u200c\u200d"


def _spell(char: str) -> str:
    code = ord(char)
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


@dataclass(frozen=True, slots=True)
class Look:
    """What a report is fitted to: the columns of a screen (None: any number), and whether it has colour.

    Colours are those of the terminal's own palette that can be read on dark and light backgrounds alike, and
    no meaning is in colour alone: without it the report has the same words and underlines.
    """

    width: int | None = None
    colour: bool = False

    def paint(self, text: str, style: str) -> str:
        """The text between the escape sequences of a style, or as it is."""
        return f"\x1b[{style}m{text}\x1b[0m" if self.colour and text else text


PLAIN = Look()

_STYLES: dict[Severity, str] = {"error": "1;31", "warning": "1;35", "note": "1;36"}
_BOLD, _DIM, _SECOND = "1", "2", "36"
_NARROWEST = 20


def render(diagnostics: Sequence[Diagnostic], limit: int = SHOWN_LIMIT, look: Look = PLAIN) -> str:
    """All diagnostics as text: place, message, source line with carets, related places, help.

    The place always stands whole on its line, so that terminals and editors can follow it.
    """
    blocks = [_render_one(diagnostic, look) for diagnostic in diagnostics[:limit]]
    if len(diagnostics) > limit:
        blocks.append(f"… and {len(diagnostics) - limit} more")
    return "\n\n".join(blocks)


def _render_one(diagnostic: Diagnostic, look: Look) -> str:
    style = _STYLES[diagnostic.severity]
    kind = look.paint(f"{diagnostic.severity}[{diagnostic.code}]", style) + ":"
    where = look.paint(visible(str(diagnostic.place)), _BOLD) + ": " if diagnostic.place else ""
    lines = _headed(f"{where}{kind}", visible(diagnostic.message), look)
    if isinstance(diagnostic.place, Span):
        lines += _excerpt(diagnostic.place, look, "^", style)
    for related in diagnostic.related:
        lines += _headed(f"  {visible(str(related.place))}:", visible(related.message), look)
        if isinstance(related.place, Span):
            lines += _excerpt(related.place, look, "-", _SECOND)
    if diagnostic.help:
        lines += _headed("  " + look.paint("help:", _BOLD), visible(diagnostic.help), look)
    return "\n".join(lines)


def _headed(head: str, text: str, look: Look) -> list[str]:
    """The text after its heading; where the line is too short for both, below it, broken between words."""
    if look.width is None or _columns(_ESCAPES.sub("", head)) + 1 + _columns(text) <= look.width:
        return [f"{head} {text}"]
    return [head, *("    " + line for line in _broken(text, max(_NARROWEST, look.width - 4)))]


_ESCAPES = re.compile("\x1b\\[[0-9;]*m")


def _broken(text: str, width: int) -> list[str]:
    """The text in lines of so many columns, broken at blanks; a longer word stands alone."""
    lines: list[str] = []
    for word in text.split(" "):
        if lines and _columns(lines[-1]) + 1 + _columns(word) <= width:
            lines[-1] += " " + word
        else:
            lines.append(word)
    return lines


def _excerpt(span: Span, look: Look, mark: str, style: str) -> list[str]:
    """The span's first line, underlined; of a line too long for the screen, the part around the span."""
    line, column = span.source.position(span.start)
    text = span.source.line(line)
    if not text.strip():
        return []
    end_line, end_column = span.source.position(span.end)
    stop = max(end_column - 1 if end_line == line else len(text), column)
    number = str(line)
    room = EXCERPT if look.width is None else max(_NARROWEST, look.width - len(number) - 5)
    shown, before, width = _window(text, column - 1, stop, room)
    bar = look.paint(f"  {number} |", _DIM)
    below = look.paint(f"  {' ' * len(number)} |", _DIM)
    return [f"{bar} {shown}", f"{below} {' ' * before}{look.paint(mark * width, style)}"]


def _window(text: str, first: int, stop: int, room: int) -> tuple[str, int, int]:
    """What is shown of a line: the text, the columns before the marked part, and its columns."""
    low = max(0, first - room)
    text, first, stop = text[low : first + room + 1], first - low, min(stop - low, first - low + room)
    cut = low > 0 or len(text) > room
    if not cut and _columns(text) <= room:
        return _shown(text), _columns(text[:first]), max(1, _columns(text[first:stop]))
    left = first  # grows to the left while there is room for what stands before the marked part
    spare = room - 2 - min(_columns(text[first:stop]), room - 2)
    spare = max(spare // 2, spare - _columns(text[stop:]))
    while left and _columns(text[left - 1 : first]) <= spare:
        left -= 1
    right = left
    head = "…" if left or low else ""
    while right < len(text) and _columns(text[left : right + 1]) <= room - 2:
        right += 1
    tail = "…" if right < len(text) else ""
    width = _columns(text[first : min(stop, right)])
    return head + _shown(text[left:right]) + tail, len(head) + _columns(text[left:first]), max(1, width)


def _shown(text: str) -> str:
    return visible(text.replace("\t", " " * _TAB))


def _columns(text: str) -> int:
    """How many terminal cells the text takes once shown by `visible`."""
    if text.isascii() and text.isprintable():
        return len(text)
    cells = 0
    for char in text:
        if char == "\t":
            cells += _TAB
        elif _acts(char):
            cells += len(_spell(char))
        elif not unicodedata.combining(char):
            cells += 2 if unicodedata.east_asian_width(char) in "WF" else 1
    return cells
