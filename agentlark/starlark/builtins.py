"""The functions every program has: the official specification's, and starlark-go's `chr` and `ord`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from agentlark.starlark.arguments import a_bool, a_string, an_int, an_iterable, an_iterable_of, wanted
from agentlark.starlark.attributes import attribute_names, get_attribute
from agentlark.starlark.compare import in_order, order
from agentlark.starlark.failures import Fault
from agentlark.starlark.limits import Thread
from agentlark.starlark.methods.dicts import update_from
from agentlark.starlark.numbers import to_float, to_int
from agentlark.starlark.subscripts import not_iterable
from agentlark.starlark.text import to_repr, to_str
from agentlark.starlark.values import (
    UNSET,
    Dict,
    List,
    Native,
    Range,
    Set,
    elements,
    is_callable,
    make_set,
    size_of,
    type_name,
)


def _abs(thread: Thread, value: Any) -> Any:
    if type(value) is not int and type(value) is not float:
        raise wanted(value, "int or float")
    return abs(value)


def _all(thread: Thread, items: Any) -> bool:
    return all(an_iterable_of(items, thread))


def _any(thread: Thread, items: Any) -> bool:
    return any(an_iterable_of(items, thread))


def _bool(thread: Thread, value: Any = False) -> bool:
    return bool(value)


def _bytes(thread: Thread, value: Any) -> bytes:
    if type(value) is bytes:
        return value
    if type(value) is str:
        thread.charge_size(len(value))
        return value.encode("utf-8", "replace")
    if elements(value) is None:
        raise wanted(value, "string, bytes, or iterable of ints")
    items = list(an_iterable_of(value, thread))
    for at, item in enumerate(items):
        if type(item) is not int:
            raise Fault("AL201", f"at index {at}, got {type_name(item)}, want int")
        if not 0 <= item <= 255:
            raise Fault("AL201", f"at index {at}, {item} out of range (want value in unsigned 8-bit range)")
    return bytes(items)


def _chr(thread: Thread, value: Any) -> str:
    code = an_int(value)
    if code < 0:
        raise Fault("AL201", f"Unicode code point {code} out of range (<0)")
    if code > 0x10FFFF:
        raise Fault("AL201", f"Unicode code point U+{code:X} out of range (>0x10FFFF)")
    return "\ufffd" if 0xD800 <= code <= 0xDFFF else chr(code)


def _dict(thread: Thread, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Dict:
    made = Dict()
    update_from(thread, made, args, kwargs)
    return made


def _dir(thread: Thread, value: Any) -> List:
    return List(attribute_names(value))


def _enumerate(thread: Thread, items: Any, start: Any = 0) -> List:
    first = an_int(start, "start")
    return List(enumerate(an_iterable_of(items, thread), 0 if start is UNSET else first))


def _fail(thread: Thread, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
    unknown = set(kwargs) - {"sep"}
    if unknown:
        raise Fault("AL210", f"unexpected keyword argument {min(unknown)}")
    separator = a_string(kwargs.get("sep", " "), "sep")
    raise Fault("AL211", f"fail: {separator.join(to_str(arg, thread) for arg in args)}")


def _float(thread: Thread, value: Any = 0.0) -> float:
    return to_float(value)


def _getattr(thread: Thread, value: Any, name: Any, default: Any = UNSET) -> Any:
    wanted_name = a_string(name, "name")
    if default is not UNSET and wanted_name not in attribute_names(value):
        return default
    return get_attribute(value, wanted_name)


def _hasattr(thread: Thread, value: Any, name: Any) -> bool:
    return a_string(name, "name") in attribute_names(value)


def _hash(thread: Thread, value: Any) -> int:
    """The hash of strings that Java has (over UTF-16 units), and 32-bit FNV-1a of bytes."""
    if type(value) is str:
        thread.charge_size(len(value) * 8)
        total = 0
        data = value.encode("utf-16-le", "surrogatepass")
        for at in range(0, len(data), 2):
            total = (total * 31 + data[at] + (data[at + 1] << 8)) & 0xFFFFFFFF
        return total - (1 << 32) if total >= 1 << 31 else total
    if type(value) is bytes:
        thread.charge_size(len(value) * 8)
        total = 2166136261
        for byte in value:
            total = ((total ^ byte) * 16777619) & 0xFFFFFFFF
        return total
    raise wanted(value, "string or bytes")


def _int(thread: Thread, value: Any, base: Any = UNSET) -> int:
    return to_int(value, base, thread.limits)


def _len(thread: Thread, value: Any) -> int:
    size = size_of(value)
    if size < 0:
        raise Fault("AL201", f"value of type {type_name(value)} has no len")
    return size


def _list(thread: Thread, items: Any = ()) -> List:
    return List(an_iterable_of(items, thread))


def _extreme(name: str, sign: int) -> Native:
    def function(thread: Thread, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        unknown = set(kwargs) - {"key"}
        if unknown:
            raise Fault("AL210", f"unexpected keyword argument {min(unknown)}")
        if not args:
            raise Fault("AL210", f"{name} requires at least one positional argument")
        if len(args) == 1 and elements(args[0]) is None:
            raise not_iterable(args[0])
        items = list(an_iterable_of(args[0], thread) if len(args) == 1 else args)
        if not items:
            raise Fault("AL201", f"{name}: argument is an empty sequence")
        key = _key(kwargs.get("key"), thread)
        best = items[0]
        best_key = key(best) if key else best
        for item in items[1:]:
            item_key = key(item) if key else item
            if order(item_key, best_key, thread) * sign > 0:
                best, best_key = item, item_key
        return best

    return Native(name, function, 0, None)


def _key(key: Any, thread: Thread) -> Any:
    if key is None or key is UNSET:
        return None
    if not is_callable(key):
        raise wanted(key, "callable", "key")
    return lambda item: thread.invoke(thread, key, (item,))


def _ord(thread: Thread, value: Any) -> int:
    if type(value) is bytes:
        if len(value) != 1:
            raise Fault("AL201", f"bytes has length {len(value)}, want 1")
        return value[0]
    text = a_string(value)
    if len(text) != 1:
        raise Fault("AL201", f"string encodes {len(text)} Unicode code points, want 1")
    return ord(text)


def _print(thread: Thread, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
    unknown = set(kwargs) - {"sep"}
    if unknown:
        raise Fault("AL210", f"unexpected keyword argument {min(unknown)}")
    separator = a_string(kwargs.get("sep", " "), "sep")
    thread.write(separator.join(to_str(arg, thread) for arg in args))


def _range(thread: Thread, first: Any, second: Any = UNSET, step: Any = UNSET) -> Range:
    start, stop = (0, first) if second is UNSET else (first, second)
    by = 1 if step is UNSET else an_int(step, "step")
    if by == 0:
        raise Fault("AL201", "step argument must not be zero")
    return Range(range(an_int(start, "start"), an_int(stop, "stop"), by))


def _repr(thread: Thread, value: Any) -> str:
    return to_repr(value, thread)


def _reversed(thread: Thread, items: Any) -> List:
    return List(list(an_iterable_of(items, thread))[::-1])


def _set(thread: Thread, items: Any = ()) -> Set:
    return make_set(an_iterable_of(items, thread))


def _sorted(thread: Thread, items: Any, key: Any = UNSET, reverse: Any = UNSET) -> List:
    values = an_iterable_of(items, thread, "iterable")
    down = False if reverse is UNSET else a_bool(reverse, "reverse")
    size = size_of(items)
    thread.charge(size * max(1, math.frexp(size)[1]) >> 4)
    return List(in_order(values, _key(key, thread), down, thread))


def _str(thread: Thread, value: Any = "") -> str:
    return to_str(value, thread)


def _tuple(thread: Thread, items: Any = ()) -> tuple[Any, ...]:
    return tuple(an_iterable_of(items, thread))


def _type(thread: Thread, value: Any) -> str:
    return type_name(value)


def _zip(thread: Thread, args: Sequence[Any], kwargs: Mapping[str, Any]) -> List:
    if kwargs:
        raise Fault("AL210", "unexpected keyword arguments")
    columns = []
    for at, arg in enumerate(args):
        if type(arg) is str or size_of(arg) < 0 or type(arg) is bytes:
            raise Fault("AL201", f"argument #{at + 1} is not iterable: {type_name(arg)}")
        columns.append(an_iterable(arg))
    rows = min((size_of(arg) for arg in args), default=0)
    thread.charge_size(rows * len(columns))
    return List(zip(*columns, strict=False))


_ALL = [
    Native("abs", _abs, 1, 1),
    Native("all", _all, 1, 1),
    Native("any", _any, 1, 1),
    Native("bool", _bool, 0, 1),
    Native("bytes", _bytes, 1, 1),
    Native("chr", _chr, 1, 1),
    Native("dict", _dict, 0, None),
    Native("dir", _dir, 1, 1),
    Native("enumerate", _enumerate, 1, 2, ("iterable", "start")),
    Native("fail", _fail, 0, None),
    Native("float", _float, 0, 1),
    Native("getattr", _getattr, 2, 3),
    Native("hasattr", _hasattr, 2, 2),
    Native("hash", _hash, 1, 1),
    Native("int", _int, 1, 2, ("x", "base")),
    Native("len", _len, 1, 1),
    Native("list", _list, 0, 1),
    _extreme("max", 1),
    _extreme("min", -1),
    Native("ord", _ord, 1, 1),
    Native("print", _print, 0, None),
    Native("range", _range, 1, 3),
    Native("repr", _repr, 1, 1),
    Native("reversed", _reversed, 1, 1),
    Native("set", _set, 0, 1),
    Native("sorted", _sorted, 1, 3, ("iterable", "key", "reverse")),
    Native("str", _str, 1, 1),
    Native("tuple", _tuple, 0, 1),
    Native("type", _type, 1, 1),
    Native("zip", _zip, 0, None),
]

UNIVERSE: dict[str, Any] = {
    "None": None,
    "True": True,
    "False": False,
    **{native.name: native for native in _ALL},
}
"""Everything a program can name without the host."""
