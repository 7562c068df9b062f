"""What the text of a literal denotes."""

from __future__ import annotations

import re

from agentlark.starlark.failures import Fault
from agentlark.starlark.syntax.tables import BYTES, FLOAT, NAME, STRING
from agentlark.starlark.syntax.tree import Literal, Name

_ESCAPE = re.compile(
    r"\\(?:([0-7]{1,3})|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(\n)|([\\'\"abfnrtv])|)"
)
_SIMPLE = {
    "\\": "\\",
    "'": "'",
    '"': '"',
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
}


def leaf(kind: int, text: str, start: int, end: int) -> Literal | Name:
    """The node of a name or a literal.

    Raises:
        Fault: AL004 at an escape sequence that means nothing, AL007 at an int with too many digits.
    """
    if kind == NAME:
        return Name(text, start, end)
    if kind == STRING:
        if "\\" not in text and text[1:3] not in ('""', "''") and text[0] != "r":
            return Literal(text[1:-1], start, end)
        return Literal(_unquote(text, start), start, end)
    if kind == BYTES:
        return Literal(_unquote_bytes(text, start), start, end)
    if kind == FLOAT:
        return Literal(_float(text, start, end), start, end)
    return Literal(_int(text, start, end), start, end)


def _int(text: str, start: int, end: int) -> int:
    base = {"x": 16, "o": 8, "b": 2}.get(text[1:2].lower(), 10)
    if len(text) > 4000:
        raise Fault("AL007", "this number has too many digits", (start, end))
    return int(text, base) if base == 10 else int(text[2:], base)


def _float(text: str, start: int, end: int) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise Fault("AL007", "this floating-point number is too large", (start, end))
    return value


def _body(text: str) -> tuple[bool, int, str]:
    """Whether the literal is raw, where its content begins in the text, and the content."""
    quote = min(at for at in (text.find('"'), text.find("'")) if at >= 0)
    width = 3 if text[quote : quote + 3] in ('"""', "'''") and len(text) >= quote + 6 else 1
    return "r" in text[:quote], quote + width, text[quote + width : -width]


def _unquote(text: str, start: int) -> str:
    raw, skip, content = _body(text)
    if raw or "\\" not in content:
        return content

    def decode(match: re.Match[str]) -> str:
        octal, byte, short, long, newline, simple = match.groups()
        where = (start + skip + match.start(), start + skip + max(match.end(), match.start() + 2))
        if simple:
            return _SIMPLE[simple]
        if newline:
            return ""
        if octal or byte:
            code = int(octal, 8) if octal else int(byte, 16)
            if code > 127:
                hint = f"write \\u{code:04x} for the character, or a bytes literal for the byte"
                raise Fault("AL004", f"non-ASCII escape {match.group()} in a string", where, help=hint)
            return chr(code)
        if short or long:
            return _code_point(int(short or long, 16), match.group(), where)
        raise Fault(
            "AL004",
            f"invalid escape sequence {content[match.start() : match.start() + 2]}",
            where,
            help="double the backslash, or put an r before the string",
        )

    return _ESCAPE.sub(decode, content)


def _code_point(code: int, shown: str, where: tuple[int, int]) -> str:
    if 0xD800 <= code <= 0xDFFF or code > 0x10FFFF:
        raise Fault("AL004", f"{shown} is not a Unicode code point", where)
    return chr(code)


def _unquote_bytes(text: str, start: int) -> bytes:
    raw, skip, content = _body(text)
    if raw or "\\" not in content:
        return content.encode("utf-8")
    out = bytearray()
    done = 0
    for match in _ESCAPE.finditer(content):
        out += content[done : match.start()].encode("utf-8")
        done = match.end()
        octal, byte, short, long, newline, simple = match.groups()
        where = (start + skip + match.start(), start + skip + max(match.end(), match.start() + 2))
        if simple:
            out += _SIMPLE[simple].encode("ascii")
        elif octal or byte:
            code = int(octal, 8) if octal else int(byte, 16)
            if code > 255:
                raise Fault("AL004", f"{match.group()} is larger than a byte", where)
            out.append(code)
        elif short or long:
            out += _code_point(int(short or long, 16), match.group(), where).encode("utf-8")
        elif not newline:
            raise Fault(
                "AL004", f"invalid escape sequence {content[match.start() : match.start() + 2]}", where
            )
    out += content[done:].encode("utf-8")
    return bytes(out)
