"""Strings that satisfy a schema: by format, by pattern as far as it goes, by length."""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any

from pydantic import JsonValue

# CPython's own parser of regular expressions: it alone knows how a pattern is put together, and has no
# public name. What it gives that is not understood here leads to None, never to a wrong string.
_sre: Any = import_module("re._constants")
_sre_parser: Any = import_module("re._parser")

_FORMATS = {
    "date-time": "2000-01-01T00:00:00Z",
    "date": "2000-01-01",
    "time": "00:00:00Z",
    "duration": "PT1S",
    "email": "simulated@example.org",
    "hostname": "simulated.example.org",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.org/simulated",
    "uri-reference": "/simulated",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "json-pointer": "/simulated",
    "regex": "^simulated$",
}

_LONGEST = 20_000
_SAMPLES = "sS0_- .:/@#aAzZ19xé\t\n"


def string_for(schema: dict[str, JsonValue], words: str) -> str | None:
    """A string within a schema's format, pattern and lengths, saying `words` where they leave room.

    None when none was found; lengths are counted in characters.
    """
    least, most = _length(schema.get("minLength"), 0), _length(schema.get("maxLength"), _LONGEST)
    if least > min(most, _LONGEST):
        return None
    text = _FORMATS.get(str(schema.get("format")), words)
    pattern = schema.get("pattern")
    if isinstance(pattern, str) and not _matches(pattern, text):
        text = _first_match(pattern, words, least) or ""
        return text if _matches(pattern, text) and least <= len(text) <= most else None
    padded = text + "." * (least - len(text))
    return padded[: max(most, 0)]


def _length(value: JsonValue, absent: int) -> int:
    return int(value) if isinstance(value, int | float) else absent


def _matches(pattern: str, text: str) -> bool:
    try:
        return re.search(pattern, text) is not None
    except re.error:
        return False


def _first_match(pattern: str, words: str, least: int) -> str | None:
    """The shortest string that a pattern describes, its open repetitions drawn out to reach `least`."""
    slug = re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")
    for ready in (slug, slug.replace("-", "_"), slug.replace("-", "")):
        if len(ready) >= least and _matches(pattern, ready):
            return ready
    try:
        parsed = _sre_parser.parse(pattern)
        short = _Writer(0).sequence(parsed)
        return short if len(short) >= least else _Writer(least - len(short)).sequence(parsed)
    except (re.error, _Unwritable, RecursionError, OverflowError):
        return None


class _Unwritable(Exception):
    """A part of a pattern that no string is written for."""


class _Writer:
    """Writes one string for a parsed pattern; `extra` more characters go into the first open repetition."""

    def __init__(self, extra: int) -> None:
        self._extra = extra
        self._groups: dict[int, str] = {}

    def sequence(self, parsed: Any) -> str:
        return "".join(self._one(kind, value) for kind, value in parsed)

    def _one(self, kind: Any, value: Any) -> str:
        if kind is _sre.LITERAL:
            return chr(value)
        if kind in (_sre.AT, _sre.ASSERT_NOT):
            return ""
        if kind is _sre.ANY:
            return "s"
        if kind in (_sre.IN, _sre.NOT_LITERAL):
            return self._sample(kind, value)
        if kind in (_sre.MAX_REPEAT, _sre.MIN_REPEAT, _sre.POSSESSIVE_REPEAT):
            return self._repeat(*value)
        if kind is _sre.SUBPATTERN:
            written = self.sequence(value[3])
            self._groups[value[0]] = written
            return written
        if kind is _sre.BRANCH:
            return self.sequence(value[1][0])
        if kind is _sre.GROUPREF:
            return self._groups.get(value, "")
        raise _Unwritable

    def _sample(self, kind: Any, value: Any) -> str:
        """A character of a class: one of the usual ones, else the first that the class names."""
        tests = [(_sre.NEGATE, None), (_sre.LITERAL, value)] if kind is _sre.NOT_LITERAL else value
        named = [
            chr(item if op is _sre.LITERAL else item[0])
            for op, item in tests
            if op in (_sre.LITERAL, _sre.RANGE)
        ]
        char: str
        for char in [*_SAMPLES, *named]:
            if _in_class(tests, char):
                return char
        raise _Unwritable

    def _repeat(self, least: int, most: Any, parsed: Any) -> str:
        one: str = self.sequence(parsed)
        if len(one) * least > _LONGEST:
            raise _Unwritable
        more: int = min(self._extra, int(most) - least) if one else 0
        self._extra -= more
        return one * (int(least) + more)


def _in_class(tests: Any, char: str) -> bool:
    inside = any(_passes(op, item, char) for op, item in tests if op is not _sre.NEGATE)
    return inside is not any(op is _sre.NEGATE for op, _ in tests)


def _passes(op: Any, item: Any, char: str) -> bool:
    if op is _sre.LITERAL:
        return bool(ord(char) == item)
    if op is _sre.RANGE:
        return bool(item[0] <= ord(char) <= item[1])
    names = {"CATEGORY_DIGIT": r"\d", "CATEGORY_NOT_DIGIT": r"\D", "CATEGORY_WORD": r"\w",
             "CATEGORY_NOT_WORD": r"\W", "CATEGORY_SPACE": r"\s", "CATEGORY_NOT_SPACE": r"\S"}  # fmt: skip
    return op is _sre.CATEGORY and re.match(names[str(item)], char) is not None
