"""How values print: `str` and `repr`, capped in length and nesting, and paid for in steps.

A value of a hundred lists, each holding the one before twice, would print for ever.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from agentlark.starlark.failures import Fault
from agentlark.starlark.limits import Thread
from agentlark.starlark.values import (
    BoundMethod,
    Builtin,
    Dict,
    Elems,
    Function,
    HostValue,
    List,
    Native,
    Range,
    Set,
    items_of,
    keys_of,
    type_name,
)

_MAX_NESTING = 200
_BRIEF = 100
_ESCAPES = {
    "\\": "\\\\",
    '"': '\\"',
    "\n": "\\n",
    "\t": "\\t",
    "\r": "\\r",
    "\a": "\\a",
    "\b": "\\b",
    "\f": "\\f",
    "\v": "\\v",
}


def to_str(value: Any, thread: Thread) -> str:
    """What `str(value)` gives: a string is itself, bytes are decoded, everything else is as for `to_repr`.

    Raises:
        Fault: AL207 when it gets longer than a value may be, nests too deeply, or takes too many steps.
    """
    if type(value) is str:
        return value
    return value.decode("utf-8", "replace") if type(value) is bytes else to_repr(value, thread)


def to_repr(value: Any, thread: Thread) -> str:
    """What `repr(value)` gives.

    Raises:
        Fault: AL207 when it gets longer than a value may be, nests too deeply, or takes too many steps.
    """
    kind = type(value)
    if kind is str:
        return quote(value)
    if kind is int:
        return int_text(value)
    writer = _Writer(thread.limits.max_value_size, thread.charge)
    writer.write(value, ())
    return "".join(writer.parts)


def brief(value: Any) -> str:
    """The beginning of what `repr(value)` gives, for a message; costs little whatever the value is."""
    if type(value) is str:
        return quote(value[:_BRIEF]) + ("..." if len(value) > _BRIEF else "")
    writer = _Writer(_BRIEF, _charge_nothing)
    try:
        writer.write(value, ())
    except Fault:
        return "".join(writer.parts) + "..."
    return "".join(writer.parts)


def _charge_nothing(steps: int) -> None:
    """Takes the steps of a text that is short by itself."""


def quote(text: str) -> str:
    """The text as a string literal."""
    if text.isprintable() and '"' not in text and "\\" not in text:
        return f'"{text}"'
    return '"' + "".join(_ESCAPES.get(char) or _shown(char) for char in text) + '"'


def quote_bytes(data: bytes) -> str:
    """The bytes as a bytes literal; what is valid UTF-8 is shown as text."""
    text = data.decode("utf-8", "surrogateescape")
    shown = "".join(
        f"\\x{ord(char) - 0xDC00:02x}" if "\udc80" <= char <= "\udcff" else _ESCAPES.get(char) or _shown(char)
        for char in text
    )
    return f'b"{shown}"'


def _shown(char: str) -> str:
    if char.isprintable():
        return char
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x80 else f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def int_text(value: int) -> str:
    """An int in decimal.

    Raises:
        Fault: AL207 when Python refuses to convert that many digits.
    """
    try:
        return str(value)
    except ValueError:
        raise Fault("AL207", f"this int has too many digits to print ({value.bit_length()} bits)") from None


def float_text(value: float) -> str:
    """A float as the shortest digits that denote it, always with a point or an exponent.

    The exponent is written below 1e-4 and from 1e6 on where digits after the sixth are not needed, which is
    what Go's `%g` does.
    """
    if not math.isfinite(value):
        return "nan" if value != value else "+inf" if value > 0 else "-inf"
    shown = repr(value)
    if value == 0 or 1e-4 <= abs(value) < 1e6:
        return shown
    sign = "-" if value < 0 else ""
    mantissa, _, exponent = shown.lstrip("-").partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    power = int(exponent or 0) + (len(whole) - 1 if whole != "0" else -len(fraction) + len(digits) - 1)
    digits = digits.rstrip("0") or "0"
    tail = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{sign}{digits[0]}{tail}e{'+' if power >= 0 else '-'}{abs(power):02d}"


class _Writer:
    """Collects the text of a value and counts its characters."""

    def __init__(self, most: int, charge: Callable[[int], None]) -> None:
        self.parts: list[str] = []
        self._most = most
        self._left = most
        self._charge = charge

    def put(self, text: str) -> None:
        self._left -= len(text)
        if self._left < 0:
            size = self._most - self._left
            raise Fault("AL207", f"this text would have {size} characters or more (max_value_size)")
        self.parts.append(text)

    def write(self, value: Any, path: tuple[int, ...]) -> None:
        kind = type(value)
        if kind in _CONTAINERS:
            if id(value) in path:
                self.put(_CONTAINERS[kind])
                return
            if len(path) >= _MAX_NESTING:
                raise Fault("AL207", f"this {type_name(value)} nests too deeply to print")
            self._charge(1 + len(value))
            self._write_container(value, (*path, id(value)))
        else:
            self.put(_plain(value))

    def _write_container(self, value: Any, path: tuple[int, ...]) -> None:
        kind = type(value)
        if kind is Dict:
            self.put("{")
            for at, (key, item) in enumerate(items_of(value)):
                if at:
                    self.put(", ")
                self.write(key, path)
                self.put(": ")
                self.write(item, path)
            self.put("}")
            return
        items = keys_of(value) if kind is Set else value
        before, after = _BRACKETS[kind]
        self.put(before)
        for at, item in enumerate(items):
            if at:
                self.put(", ")
            self.write(item, path)
        self.put(",)" if kind is tuple and len(items) == 1 else after)


_CONTAINERS: dict[type, str] = {List: "[...]", tuple: "(...)", Dict: "{...}", Set: "set([...])"}
_BRACKETS: dict[type, tuple[str, str]] = {List: ("[", "]"), tuple: ("(", ")"), Set: ("set([", "])")}


def _plain(value: Any) -> str:
    kind = type(value)
    if kind is str:
        return quote(value)
    if value is None or kind is bool:
        return str(value)
    if kind is int:
        return int_text(value)
    if kind is float:
        return float_text(value)
    if kind is bytes:
        return quote_bytes(value)
    if kind is Function:
        return f"<function {value.code.title}>"
    if kind is Native or kind is Builtin:
        return f"<built-in function {value.name}>"
    if kind is BoundMethod:
        return f"<built-in method {value.native.name} of {type_name(value.owner)} value>"
    if kind is Range:
        return _range_text(value.range)
    if kind is Elems:
        owner = quote(value.owner) if isinstance(value.owner, str) else quote_bytes(value.owner)
        return f"{owner}.{value.method}()"
    return repr(value) if isinstance(value, HostValue) else "<value>"


def _range_text(steps: range) -> str:
    if steps.step != 1:
        return f"range({steps.start}, {steps.stop}, {steps.step})"
    return f"range({steps.start}, {steps.stop})" if steps.start else f"range({steps.stop})"
