"""The methods of strings. A string is a sequence of Unicode code points."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from agentlark.starlark.arguments import (
    a_bool,
    a_string,
    an_int,
    an_iterable_of,
    optional_int,
    wanted,
)
from agentlark.starlark.failures import Fault
from agentlark.starlark.formatting import format_text
from agentlark.starlark.limits import Thread
from agentlark.starlark.text import quote
from agentlark.starlark.values import UNSET, Elems, List, Native, type_name

_SPACE = (
    " \t\n\r\v\f\u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005"
    "\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)


def _simple(name: str, function: Callable[[str], Any]) -> Native:
    """A method without arguments; it costs steps as a copy of the string does."""

    def method(thread: Thread, text: str) -> Any:
        thread.charge_size(len(text))
        return function(text)

    return Native(name, method, 0, 0)


def _elems(name: str, function: Callable[[str], Sequence[str | int]]) -> Native:
    def method(thread: Thread, text: str) -> Elems:
        thread.charge_size(len(text))
        return Elems(text, name, function(text))

    return Native(name, method, 0, 0)


def _ords(text: str) -> list[int]:
    return list(map(ord, text))


def _bytes_of(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _count(thread: Thread, text: str, part: Any, start: Any = UNSET, end: Any = UNSET) -> int:
    thread.charge_size(len(text))
    low, high = _bounds(text, start, end)
    return text.count(a_string(part, "sub"), low, max(low, high))


def _bounds(text: str, start: Any, end: Any) -> tuple[int, int]:
    low, high, _ = slice(optional_int(start, 0, "start"), optional_int(end, len(text), "end")).indices(
        len(text)
    )
    return low, high


def _searcher(name: str, search: Callable[[str, str], int], required: bool) -> Native:
    def method(thread: Thread, text: str, part: Any, start: Any = UNSET, end: Any = UNSET) -> int:
        thread.charge_size(len(text))
        low, high = _bounds(text, start, end)
        found = search(text[low:high], a_string(part, "sub"))
        if found < 0:
            if required:
                raise Fault("AL204", f"substring {quote(part)} not found in {quote(text[:100])}")
            return -1
        return found + low

    return Native(name, method, 1, 3)


def _affix(name: str, test: Callable[[str, str | tuple[str, ...]], bool]) -> Native:
    def method(thread: Thread, text: str, part: Any, start: Any = UNSET, end: Any = UNSET) -> bool:
        thread.charge_size(len(text))
        if type(part) is tuple:
            for at, item in enumerate(part):
                if type(item) is not str:
                    raise Fault("AL201", f"for element {at}: got {type_name(item)}, want string")
        elif type(part) is not str:
            raise wanted(part, "string or tuple of string")
        if start is UNSET and end is UNSET:
            return test(text, part)
        low, high = _bounds(text, start, end)
        return test(text[low:high], part)

    return Native(name, method, 1, 3)


def _format(thread: Thread, text: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> str:
    return format_text(text, args, kwargs, thread)


def _join(thread: Thread, text: str, parts: Any) -> str:
    items = an_iterable_of(parts, thread)
    total = 0
    for at, item in enumerate(items):
        if type(item) is not str:
            raise Fault("AL201", f"in list, want string, got {type_name(item)} (element {at})")
        total += len(item) + len(text)
    thread.charge_size(total)
    return text.join(items)


def _partition(name: str, split: Callable[[str, str], tuple[str, str, str]]) -> Native:
    def method(thread: Thread, text: str, separator: Any) -> tuple[str, str, str]:
        thread.charge_size(len(text))
        if not a_string(separator, "sep"):
            raise Fault("AL201", "empty separator")
        return split(text, separator)

    return Native(name, method, 1, 1)


def _remove(name: str, remove: Callable[[str, str], str]) -> Native:
    def method(thread: Thread, text: str, part: Any) -> str:
        thread.charge_size(len(text))
        return remove(text, a_string(part))

    return Native(name, method, 1, 1)


def _replace(thread: Thread, text: str, old: Any, new: Any, count: Any = UNSET) -> str:
    a_string(old, "old")
    a_string(new, "new")
    times = -1 if count is UNSET else an_int(count, "count")
    occurrences = text.count(old)
    if times >= 0:
        occurrences = min(occurrences, times)
    thread.charge_size(len(text) + occurrences * max(0, len(new) - len(old)))
    return text.replace(old, new, times)


def _split(thread: Thread, text: str, separator: Any = None, most: Any = UNSET) -> List:
    thread.charge_size(len(text))
    limit = optional_int(most, -1, "maxsplit")
    if separator is None or separator is UNSET:
        if limit == 0:
            stripped = text.lstrip(_SPACE)
            return List([stripped] if stripped else [])
        return List(text.split(None, limit))
    if not a_string(separator, "sep"):
        raise Fault("AL201", "empty separator")
    return List(text.split(separator, limit))


def _rsplit(thread: Thread, text: str, separator: Any = None, most: Any = UNSET) -> List:
    thread.charge_size(len(text))
    limit = optional_int(most, -1, "maxsplit")
    if separator is None or separator is UNSET:
        return List(text.rsplit(None, limit))
    if not a_string(separator, "sep"):
        raise Fault("AL201", "empty separator")
    return List(text.rsplit(separator, limit))


def _splitlines(thread: Thread, text: str, keep: Any = False) -> List:
    thread.charge_size(len(text))
    ends = a_bool(keep, "keepends")
    lines = text.split("\n")
    last = lines.pop()
    if ends:
        lines = [line + "\n" for line in lines]
    return List([*lines, last] if last else lines)


def _stripper(name: str, strip: Callable[[str, str], str]) -> Native:
    def method(thread: Thread, text: str, chars: Any = None) -> str:
        thread.charge_size(len(text))
        if chars is None or a_string(chars, "chars") == "":
            return strip(text, _SPACE)
        return strip(text, chars)

    return Native(name, method, 0, 1)


def _capitalize(text: str) -> str:
    return text[:1].title() + text[1:].lower()


def _is_title(text: str) -> bool:
    return text.istitle() or (text.isupper() and _starts_words(text))


def _starts_words(text: str) -> bool:
    """Whether every upper-case letter begins a word, so that a lone capital counts as a title."""
    before = False
    for char in text:
        if char.isalpha() and before:
            return False
        before = char.isalpha()
    return True


_ALL = [
    _simple("capitalize", _capitalize),
    _elems("codepoint_ords", _ords),
    _elems("codepoints", list),
    Native("count", _count, 1, 3),
    _elems("elem_ords", _ords),
    _elems("elems", list),
    _affix("endswith", str.endswith),
    _searcher("find", str.find, False),
    Native("format", _format, 0, None),
    _searcher("index", str.find, True),
    _simple("isalnum", lambda text: bool(text) and all(char.isalpha() or char.isdecimal() for char in text)),
    _simple("isalpha", str.isalpha),
    _simple("isdigit", lambda text: bool(text) and all(char.isdecimal() for char in text)),
    _simple("islower", str.islower),
    _simple("isspace", lambda text: bool(text) and not text.strip(_SPACE)),
    _simple("istitle", _is_title),
    _simple("isupper", str.isupper),
    Native("join", _join, 1, 1),
    _simple("lower", str.lower),
    _stripper("lstrip", str.lstrip),
    _partition("partition", str.partition),
    _remove("removeprefix", str.removeprefix),
    _remove("removesuffix", str.removesuffix),
    Native("replace", _replace, 2, 3),
    _searcher("rfind", str.rfind, False),
    _searcher("rindex", str.rfind, True),
    _partition("rpartition", str.rpartition),
    Native("rsplit", _rsplit, 0, 2),
    _stripper("rstrip", str.rstrip),
    Native("split", _split, 0, 2),
    Native("splitlines", _splitlines, 0, 1, ("keepends",)),
    _affix("startswith", str.startswith),
    _stripper("strip", str.strip),
    _simple("title", str.title),
    _simple("upper", str.upper),
]

STRING: dict[str, Native] = {native.name: native for native in _ALL}
