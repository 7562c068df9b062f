"""The functions `int` and `float`: reading numbers from strings, and converting between the two types."""

from __future__ import annotations

import math
import re
from typing import Any

from agentlark.starlark.failures import Fault
from agentlark.starlark.limits import Limits
from agentlark.starlark.values import UNSET, type_name

_PREFIXES = {"x": 16, "o": 8, "b": 2}
_FLOAT = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?", re.ASCII)
_WORDS = {"nan": math.nan, "inf": math.inf, "infinity": math.inf}


def to_int(value: Any, base: Any, limits: Limits) -> int:
    """What `int(value, base)` gives; `base` may be `UNSET`.

    Raises:
        Fault: AL201 for a type or text that has no int, AL207 for one too large.
    """
    if type(value) is str:
        return _parse(value, 10 if base is UNSET else base, limits)
    if base is not UNSET:
        raise Fault("AL201", "can't convert non-string with explicit base")
    if type(value) is int:
        return value
    if type(value) is bool:
        return int(value)
    if type(value) is float:
        return float_to_int(value)
    raise Fault(
        "AL201",
        f"got {type_name(value)}, want string, int, float or bool (cannot convert {value_or_type(value)})",
    )


def float_to_int(value: float) -> int:
    """The float without its fraction.

    Raises:
        Fault: AL201 for NaN and infinities.
    """
    if not math.isfinite(value):
        raise Fault("AL201", f"cannot convert float {'NaN' if value != value else 'infinity'} to integer")
    return int(value)


def value_or_type(value: Any) -> str:
    """None by its name, anything else by its type."""
    return "None" if value is None else type_name(value)


def _parse(text: str, base: Any, limits: Limits) -> int:
    if type(base) is not int:
        raise Fault("AL201", f"for parameter base: got {type_name(base)}, want int")
    if base != 0 and not 2 <= base <= 36:
        raise Fault("AL201", f"base must be an integer >= 2 && <= 36, not {base}")
    digits = text[1:] if text[:1] in ("+", "-") else text
    prefix = _PREFIXES.get(digits[1:2].lower()) if digits[:1] == "0" else None
    actual = base
    if prefix is not None and base in (0, prefix):
        actual = prefix
        digits = digits[2:]
    elif base == 0:
        actual = 10
        if len(digits) > 1 and digits[0] == "0" and digits.strip("0"):
            raise _invalid(text, base)
    if not digits.isascii() or not digits.isalnum():
        raise _invalid(text, base)
    if len(digits) * math.log2(actual) > limits.max_int_bits + 8:
        raise Fault("AL207", f"this int would have more than {limits.max_int_bits} bits (max_int_bits)")
    try:
        value = int(digits, actual)
    except ValueError:
        raise _invalid(text, base) from None
    return -value if text[0] == "-" else value


def _invalid(text: str, base: int) -> Fault:
    return Fault("AL201", f"invalid literal with base {base}: {text[:60]}")


def to_float(value: Any) -> float:
    """What `float(value)` gives.

    Raises:
        Fault: AL201 for a type or text that has no float, AL207 for an int too large.
    """
    if type(value) is float:
        return value
    if type(value) is int or type(value) is bool:
        try:
            return float(value)
        except OverflowError:
            raise Fault("AL207", "int too large to convert to float") from None
    if type(value) is str:
        return _parse_float(value)
    raise Fault("AL201", f"got {type_name(value)}, want number or string")


def _parse_float(text: str) -> float:
    unsigned = text[1:] if text[:1] in ("+", "-") else text
    word = _WORDS.get(unsigned.lower())
    if word is not None:
        return -word if text[0] == "-" else word
    if not _FLOAT.fullmatch(text):
        raise Fault("AL201", f"invalid float literal: {text[:60]}")
    value = float(text)
    if not math.isfinite(value):
        raise Fault("AL201", f"floating-point number too large: {text[:60]}")
    return value
