"""The two ways to format strings, `%` and `str.format`; written out so that no attribute is reached."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from agentlark.starlark.failures import Fault
from agentlark.starlark.limits import Thread
from agentlark.starlark.numbers import float_to_int
from agentlark.starlark.text import float_text, int_text, to_repr, to_str
from agentlark.starlark.values import Dict, List, as_key, elements, type_name

_CONVERSION = re.compile(r"%(?:%|\(([^)]*)\)(.?)|(.?))", re.DOTALL)


_KEPT = 1024
"""Templates up to this length are taken apart once and remembered."""


@lru_cache(maxsize=1024)
def _percent_parts(template: str) -> tuple[tuple[str, str | None, str], ...]:
    """The template in pieces: text before, key or None, conversion letter; the last piece has no letter.

    A letter of `%` stands for the sign itself.
    """
    parts: list[tuple[str, str | None, str]] = []
    done = 0
    for match in _CONVERSION.finditer(template):
        name, letter_after, letter = match.groups()
        before = template[done : match.start()]
        parts.append(
            (before, name, "%" if match.group() == "%%" else letter_after if name is not None else letter)
        )
        done = match.end()
    parts.append((template[done:], None, "end"))
    return tuple(parts)


def percent(template: str, operand: Any, thread: Thread) -> str:
    """What `template % operand` gives.

    Raises:
        Fault: AL201 for a conversion that does not exist or does not fit, AL204 for a key that is missing,
            AL207 for a result that is too long.
    """
    parts = _percent_parts(template) if len(template) < _KEPT else _percent_parts.__wrapped__(template)
    arguments: Sequence[Any] = operand if type(operand) is tuple else (operand,)
    if type(operand) is List and sum(part[2] not in ("%", "end") for part in parts) != 1:
        arguments = operand
    out: list[str] = []
    used = 0
    keyed = False
    for before, name, letter in parts:
        out.append(before)
        if name is not None:
            out.append(_convert(letter, _keyed(operand, name), thread))
            keyed = True
        elif letter == "%":
            out.append("%")
        elif letter != "end":
            if used >= len(arguments):
                raise Fault("AL201", "not enough arguments for format string")
            value = arguments[used]
            kind = type(value)
            if kind is str and letter == "s":
                out.append(value)
            elif kind is int and letter in ("d", "s"):
                out.append(int_text(value))
            else:
                out.append(_convert(letter, value, thread))
            used += 1
    if used < len(arguments) and not (keyed and type(operand) is Dict):
        raise _too_many(operand, used)
    return _joined(out, thread)


def _too_many(operand: Any, used: int) -> Fault:
    message = "too many arguments for format string"
    if not used and elements(operand) is None:
        message += f": it converts nothing, and the type '{type_name(operand)}' is not iterable"
    return Fault("AL201", message)


def _joined(parts: list[str], thread: Thread) -> str:
    thread.charge_size(sum(map(len, parts)))
    return "".join(parts)


def _keyed(operand: Any, name: str) -> Any:
    if type(operand) is not Dict:
        raise Fault("AL201", "format requires a mapping")
    if name not in operand:
        raise Fault("AL204", f"key not found: {name}")
    return operand[as_key(name)]


def _integer(value: Any, letter: str) -> int:
    if type(value) is int:
        return value
    if type(value) is float:
        return float_to_int(value)
    raise Fault("AL201", f"%{letter} format requires integer: cannot convert {type_name(value)} to int")


def _decimal(value: Any, thread: Thread) -> str:
    return int_text(_integer(value, "d"))


def _float(letter: str) -> Callable[[Any, Thread], str]:
    def convert(value: Any, thread: Thread) -> str:
        if type(value) is not int and type(value) is not float:
            raise Fault("AL201", f"%{letter} format requires float, not {type_name(value)}")
        try:
            number = float(value)
        except OverflowError:
            raise Fault("AL207", "int too large to convert to float") from None
        if number != number or number in (float("inf"), float("-inf")):
            return float_text(number)
        if letter in "gG":
            return float_text(number).upper() if letter == "G" else float_text(number)
        return f"{number:.6{letter}}"

    return convert


def _character(value: Any, thread: Thread) -> str:
    if type(value) is int:
        if not 0 <= value <= 0x10FFFF or 0xD800 <= value <= 0xDFFF:
            raise Fault("AL201", f"%c format requires a valid Unicode code point, got {int_text(value)}")
        return chr(value)
    if type(value) is str:
        if len(value) != 1:
            raise Fault("AL201", "%c format requires a single-character string")
        return value
    raise Fault("AL201", f"%c format requires int or single-character string, not {type_name(value)}")


_CONVERSIONS: dict[str, Callable[[Any, Thread], str]] = {
    "s": to_str,
    "r": to_repr,
    "d": _decimal,
    "i": _decimal,
    "o": lambda value, thread: f"{_integer(value, 'o'):o}",
    "x": lambda value, thread: f"{_integer(value, 'x'):x}",
    "X": lambda value, thread: f"{_integer(value, 'X'):X}",
    "c": _character,
    **{letter: _float(letter) for letter in "eEfFgG"},
}


def _convert(letter: str, value: Any, thread: Thread) -> str:
    convert = _CONVERSIONS.get(letter)
    if convert is None:
        raise Fault("AL201", f"unknown conversion %{letter}" if letter else "incomplete format")
    return convert(value, thread)


def format_text(template: str, args: Sequence[Any], kwargs: Mapping[str, Any], thread: Thread) -> str:
    """What `template.format(*args, **kwargs)` gives.

    Raises:
        Fault: AL201 for a malformed template or a field that finds no argument, AL207 for a long result.
    """
    out: list[str] = []
    parts = _format_parts(template) if len(template) < _KEPT else _format_parts.__wrapped__(template)
    for text, field in parts:
        out.append(text)
        if field is not None:
            name, conversion = field
            value = args[name] if type(name) is int and name < len(args) else _named(name, kwargs)
            if type(value) is str and conversion != "r":
                out.append(value)
            else:
                out.append(to_repr(value, thread) if conversion == "r" else to_str(value, thread))
    return _joined(out, thread)


Field = tuple[int | str, str]
"""What a field names, a position or a keyword, and its conversion, if any."""


@lru_cache(maxsize=1024)
def _format_parts(template: str) -> tuple[tuple[str, Field | None], ...]:
    """The template in pieces: text, and the field after it.

    Raises:
        Fault: AL201 for a malformed template.
    """
    parts: list[tuple[str, Field | None]] = []
    numbering = _Numbering()
    at = 0
    while True:
        brace = _next_brace(template, at)
        if brace < 0:
            parts.append((template[at:], None))
            return tuple(parts)
        before = template[at:brace]
        if template[brace : brace + 2] in ("{{", "}}"):
            parts.append((before + template[brace], None))
            at = brace + 2
            continue
        if template[brace] == "}":
            raise Fault("AL201", "single '}' in format")
        end = template.find("}", brace)
        if end < 0:
            raise Fault("AL201", "unmatched '{' in format")
        parts.append((before, _field(template[brace + 1 : end], numbering)))
        at = end + 1


def _next_brace(template: str, at: int) -> int:
    found = [brace for brace in (template.find("{", at), template.find("}", at)) if brace >= 0]
    return min(found, default=-1)


class _Numbering:
    """Whether fields are numbered by hand or by position, and the next position."""

    next = 0
    manual = False
    automatic = False


def _field(field: str, numbering: _Numbering) -> Field:
    if "{" in field:
        raise Fault("AL201", "nested replacement fields not supported")
    name, bang, conversion = field.partition("!")
    if bang:
        conversion, _, spec = conversion.partition(":")
        if conversion not in ("r", "s"):
            raise Fault("AL201", f'unknown conversion "{conversion}"')
    else:
        name, _, spec = field.partition(":")
    if spec:
        raise Fault("AL201", f"format spec features not supported in replacement fields: {spec}")
    return _numbered(name, numbering), conversion


def _numbered(name: str, numbering: _Numbering) -> int | str:
    if name == "":
        if numbering.manual:
            message = "cannot switch from manual field specification to automatic field numbering"
            raise Fault("AL201", message)
        numbering.automatic = True
        numbering.next += 1
        return numbering.next - 1
    if name.isascii() and name.isdigit():
        if numbering.automatic:
            message = "cannot switch from automatic field numbering to manual"
            raise Fault("AL201", message)
        numbering.manual = True
        return int(name) if len(name) < 20 else 10**20
    return name


def _named(name: int | str, kwargs: Mapping[str, Any]) -> Any:
    if isinstance(name, int):
        raise Fault("AL201", "tuple index out of range: the template has more fields than arguments")
    if name in kwargs:
        return kwargs[name]
    if "." in name:
        raise Fault("AL201", f"attribute syntax x.y is not supported in replacement fields: {name}")
    if "[" in name:
        raise Fault("AL201", f"element syntax a[i] is not supported in replacement fields: {name}")
    raise Fault("AL201", f"keyword {name} not found")
