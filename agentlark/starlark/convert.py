"""Between Starlark values and plain Python data."""

from __future__ import annotations

import gc
import math
from types import NoneType
from typing import Any

from agentlark.errors import AgentlarkError
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
    make_dict,
    size_of,
    type_name,
)

_SCALARS = frozenset({NoneType, bool, int, str})
_READY = frozenset(
    {
        NoneType,
        bool,
        int,
        float,
        str,
        bytes,
        List,
        Dict,
        Set,
        Range,
        Elems,
        Function,
        Native,
        BoundMethod,
        Builtin,
    }
)
_MAX_NESTING = 200
_MAX_PARTS = 5_000_000


class NotPlain(AgentlarkError):
    """A value that has no plain form; `path` leads to it from the value converted, as in `$.env[2]`."""

    def __init__(self, path: str, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(f"{path}: {reason}")


class _Refused(Exception):
    """A value that has no plain form; the path is put together on the way out."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        self.steps: list[str] = []


def to_python(value: Any) -> Any:
    """The value as JSON-like Python data: dict with str keys, list, str, int, float, bool and None.

    Keys keep their order; tuples, sets and ranges become lists. What is returned shares nothing that can
    change with the value.

    Raises:
        NotPlain: for functions, bytes and the host's values, for NaN and infinities, for keys that are no
            strings, for what holds itself or nests deeper than 200 levels, and for more than 5,000,000 parts.
    """
    collects = gc.isenabled()
    gc.disable()  # all that is made here is kept: a collection would look at it in vain
    try:
        return _plain(value, (), [_MAX_PARTS])
    except _Refused as refused:
        raise NotPlain("$" + "".join(reversed(refused.steps)), refused.reason) from None
    finally:
        if collects:
            gc.enable()


def _plain(value: Any, around: tuple[int, ...], left: list[int]) -> Any:
    kind = type(value)
    if kind in _SCALARS:
        return value
    if kind is float:
        if not math.isfinite(value):
            raise _Refused("NaN and infinities have no JSON form")
        return value
    if id(value) in around:
        raise _Refused(f"this {type_name(value)} contains itself")
    if len(around) >= _MAX_NESTING:
        raise _Refused(f"this {type_name(value)} nests too deeply")
    left[0] -= max(size_of(value), 0)
    if left[0] < 0:
        raise _Refused(f"the whole has more than {_MAX_PARTS} parts")
    inside = (*around, id(value))
    if kind is Dict:
        return {_key(key): _part(item, key, inside, left) for key, item in items_of(value)}
    if kind is List or kind is tuple:
        return [_part(item, at, inside, left) for at, item in enumerate(value)]
    if kind is Set:
        return [_part(item, at, inside, left) for at, item in enumerate(keys_of(value))]
    if kind is Range:
        return list(value.range)
    raise _Refused(f"a {type_name(value)} is not plain data")


def _part(value: Any, step: int | str, around: tuple[int, ...], left: list[int]) -> Any:
    if type(value) in _SCALARS:
        return value
    try:
        return _plain(value, around, left)
    except _Refused as refused:
        refused.steps.append(f".{step}" if isinstance(step, str) else f"[{step}]")
        raise


def _key(key: Any) -> str:
    if type(key) is not str:
        raise _Refused(f"a key must be a string, not {type_name(key)}")
    return key


def from_python(value: Any) -> Any:
    """The Starlark value of what a host returned: lists and dicts of Python are copied, all else is kept.

    Raises:
        TypeError: when it is of a type no Starlark value has; that is a mistake of the host.
    """
    kind = type(value)
    if kind in _READY or isinstance(value, HostValue):
        return value
    if kind is tuple:
        return tuple(map(from_python, value))
    if isinstance(value, list):
        return List(map(from_python, value))
    if isinstance(value, dict):
        return make_dict((from_python(key), from_python(item)) for key, item in value.items())
    raise TypeError(f"{kind.__name__} is not a Starlark value")
