"""The two ways to format strings, `%` and `str.format`; written out so that no attribute is reached."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from agentlark.starlark.failures import Fault
from agentlark.starlark.limits import Limits, Thread
from agentlark.starlark.text import float_text, int_text, to_repr, to_str
from agentlark.starlark.values import Dict, List, as_key, elements, type_name

_CONVERSION = re.compile(r"%(?:%|\(([^)]*)\)(.?)|(.?))", re.DOTALL)


def percent(template: str, operand: Any, thread: Thread) -> str:
    """What `template % operand` gives.

    Raises:
        Fault: AL201 for a conversion that does not exist or does not fit, AL204 for a key that is missing,
            AL207 for a result that is too long.
    """
    arguments: Sequence[Any] = operand if type(operand) is tuple else (operand,)
    if type(operand) is List and template.replace("%%", "").count("%") != 1:
        arguments = operand
    limits = thread.limits
    out: list[str] = []
    used = 0
    done = 0
    keyed = False
    for match in _CONVERSION.finditer(template):
        out.append(template[done : match.start()])
        done = match.end()
        name, letter_after, letter = match.groups()
        if match.group() == "%%":
            out.append("%")
            continue
        if name is not None:
            out.append(_convert(letter_after, _keyed(operand, name), limits))
            keyed = True
            continue
        if used >= len(arguments):
            raise Fault("AL201", "not enough arguments for format string")
        out.append(_convert(letter, arguments[used], limits))
        used += 1
    if used < len(arguments) and not (keyed and type(operand) is Dict):
        raise _too_many(operand, used)
    out.append(template[done:])
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
        try:
            return int(value)
        except (OverflowError, ValueError):
            raise Fault("AL201", f"cannot convert float {float_text(value)} to integer") from None
    raise Fault("AL201", f"%{letter} format requires integer: cannot convert {type_name(value)} to int")


def _decimal(value: Any, limits: Limits) -> str:
    return int_text(_integer(value, "d"))


def _float(letter: str) -> Callable[[Any, Limits], str]:
    def convert(value: Any, limits: Limits) -> str:
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


def _character(value: Any, limits: Limits) -> str:
    if type(value) is int:
        if not 0 <= value <= 0x10FFFF or 0xD800 <= value <= 0xDFFF:
            raise Fault("AL201", f"%c format requires a valid Unicode code point, got {int_text(value)}")
        return chr(value)
    if type(value) is str:
        if len(value) != 1:
            raise Fault("AL201", "%c format requires a single-character string")
        return value
    raise Fault("AL201", f"%c format requires int or single-character string, not {type_name(value)}")


_CONVERSIONS: dict[str, Callable[[Any, Limits], str]] = {
    "s": to_str,
    "r": to_repr,
    "d": _decimal,
    "i": _decimal,
    "o": lambda value, limits: f"{_integer(value, 'o'):o}",
    "x": lambda value, limits: f"{_integer(value, 'x'):x}",
    "X": lambda value, limits: f"{_integer(value, 'X'):X}",
    "c": _character,
    **{letter: _float(letter) for letter in "eEfFgG"},
}


def _convert(letter: str, value: Any, limits: Limits) -> str:
    convert = _CONVERSIONS.get(letter)
    if convert is None:
        raise Fault("AL201", f"unknown conversion %{letter}" if letter else "incomplete format")
    return convert(value, limits)


def format_text(template: str, args: Sequence[Any], kwargs: Mapping[str, Any], thread: Thread) -> str:
    """What `template.format(*args, **kwargs)` gives.

    Raises:
        Fault: AL201 for a malformed template or a field that finds no argument, AL207 for a long result.
    """
    out: list[str] = []
    numbering = _Numbering()
    at = 0
    while True:
        brace = _next_brace(template, at)
        if brace < 0:
            out.append(template[at:])
            return _joined(out, thread)
        out.append(template[at:brace])
        if template[brace : brace + 2] in ("{{", "}}"):
            out.append(template[brace])
            at = brace + 2
            continue
        if template[brace] == "}":
            raise Fault("AL201", "single '}' in format")
        end = template.find("}", brace)
        if end < 0:
            raise Fault("AL201", "unmatched '{' in format")
        out.append(_field(template[brace + 1 : end], args, kwargs, numbering, thread.limits))
        at = end + 1


def _next_brace(template: str, at: int) -> int:
    found = [brace for brace in (template.find("{", at), template.find("}", at)) if brace >= 0]
    return min(found, default=-1)


class _Numbering:
    """Whether fields are numbered by hand or by position, and the next position."""

    next = 0
    manual = False
    automatic = False


def _field(
    field: str, args: Sequence[Any], kwargs: Mapping[str, Any], numbering: _Numbering, limits: Limits
) -> str:
    if "{" in field:
        raise Fault("AL201", "nested replacement fields not supported")
    name, bang, conversion = field.partition("!")
    if not bang:
        name, _, spec = field.partition(":")
    else:
        conversion, _, spec = conversion.partition(":")
    if bang and conversion not in ("r", "s"):
        raise Fault("AL201", f"unknown conversion {quote_or_empty(conversion)}")
    if spec:
        raise Fault("AL201", f"format spec features not supported: {spec}")
    value = _argument(name, args, kwargs, numbering)
    return to_repr(value, limits) if conversion == "r" and bang else to_str(value, limits)


def quote_or_empty(text: str) -> str:
    """The text in quotes."""
    return f'"{text}"'


def _argument(name: str, args: Sequence[Any], kwargs: Mapping[str, Any], numbering: _Numbering) -> Any:
    if name == "":
        if numbering.manual:
            raise Fault("AL201", "cannot switch from manual field specification to automatic field numbering")
        numbering.automatic = True
        index = numbering.next
        numbering.next += 1
    elif name.isascii() and name.isdigit():
        if numbering.automatic:
            raise Fault("AL201", "cannot switch from automatic field numbering to manual")
        numbering.manual = True
        index = int(name) if len(name) < 20 else len(args)
    else:
        return _named(name, kwargs)
    if index >= len(args):
        raise Fault("AL201", "tuple index out of range")
    return args[index]


def _named(name: str, kwargs: Mapping[str, Any]) -> Any:
    if name in kwargs:
        return kwargs[name]
    if "." in name:
        raise Fault("AL201", f"attribute syntax x.y is not supported in replacement fields: {name}")
    if "[" in name:
        raise Fault("AL201", f"element syntax a[i] is not supported in replacement fields: {name}")
    raise Fault("AL201", f"keyword {name} not found")
