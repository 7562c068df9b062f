"""How literals are spelled: double quotes unless the text has some, floats with a digit before the point."""

from __future__ import annotations

import re

_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_FLOAT = re.compile(r"(\d*)\.(\d*)(?:[eE]([+-]?)0*(\d*))?")


def string(token: str, value: str) -> str:
    """The token of a string, in double quotes unless its value holds one; bytes literals stay as they are."""
    prefix = token[: len(token) - len(token.lstrip("rb"))]
    quoted = token[len(prefix) :]
    if "b" in prefix or quoted[0] == '"' or '"' in value:
        return token
    width = 3 if quoted[:3] == "'''" and len(quoted) >= 6 else 1
    content = quoted[width:-width]
    if not prefix:
        content = _ESCAPE.sub(lambda found: "'" if found[1] == "'" else found[0], content)
    return prefix + '"' * width + content + '"' * width


def number(token: str) -> str:
    """The token of an int or float as it is written: `.5` as `0.5`, `1.5E+03` as `1.5e3`."""
    found = _FLOAT.fullmatch(token)
    if found is None:
        return token if token.strip("0") else "0"
    whole, fraction, sign, power = found.groups()
    mantissa = f"{whole or '0'}.{fraction}"
    if power is None:
        return mantissa
    if not fraction:
        mantissa += "0"
    if not power:
        return mantissa
    return f"{mantissa}e{'-' * (sign == '-')}{power}"


def docstring(token: str, old_column: int, new_column: int) -> str:
    """A text in triple quotes that moves with its function: its further lines keep their place below it."""
    first, *rest = token.split("\n")
    if not rest or token.lstrip("r")[:3] not in ('"""', "'''"):
        return token
    moved = [_moved(line, new_column - old_column) for line in rest]
    return "\n".join([first, *(line.rstrip(" ") for line in moved[:-1]), moved[-1]])


def _moved(line: str, columns: int) -> str:
    if columns >= 0:
        return " " * columns + line
    blank = len(line) - len(line.lstrip(" "))
    return line[min(blank, -columns) :] if blank < len(line) else line
