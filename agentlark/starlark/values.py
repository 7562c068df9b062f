"""What Starlark values are in Python.

None, bool, int, float, str, bytes and tuple stand for themselves; lists and dicts are subclasses of Python's
that know whether they may change; everything else has a class here. Three differences are taken care of by
this module and `compare.py`, never by Python's own operators: `True` is not `1`, not even as a dict key;
what may be a key; and what a type is called.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import NoneType
from typing import TYPE_CHECKING, Any

from agentlark.starlark.failures import Fault

if TYPE_CHECKING:
    from agentlark.diagnostics import Span
    from agentlark.starlark.host import Call

Frame = list[Any]
"""Variables of a running function: enclosing frame, thread, caller's frame, call site, then the slots."""


HEADER = 4
"""Where the slots of a frame begin."""


class _Unset:
    """The content of a variable before its first assignment."""

    def __repr__(self) -> str:
        return "unset"


UNSET = _Unset()


class List(list[Any]):
    """A list; `state` is 0 while it may change, the number of running iterations, or negative when frozen."""

    state = 0


class _BoolKey:
    """Stands for a bool among the keys of a dict, where Python would take it for 0 or 1."""

    __slots__ = ("value",)

    def __init__(self, value: bool) -> None:
        self.value = value


_TRUE = _BoolKey(True)
_FALSE = _BoolKey(False)


class _TupleKey:
    """Stands for a tuple that holds a bool, or a tuple that does, among the keys of a dict."""

    __slots__ = ("parts", "value")

    def __init__(self, value: tuple[Any, ...], parts: tuple[Any, ...]) -> None:
        self.value = value
        self.parts = parts

    def __eq__(self, other: object) -> bool:
        return type(other) is _TupleKey and self.parts == other.parts

    def __hash__(self) -> int:
        return hash(self.parts)


class Dict(dict[Any, Any]):
    """A dict; keys are as `as_key` makes them, `odd` tells whether some are not the values they stand for."""

    state = 0
    odd = False


class Set(dict[Any, None]):
    """A set, in insertion order: a dict without values."""

    state = 0
    odd = False


class Range:
    """An arithmetic progression of ints, kept as Python's."""

    __slots__ = ("range",)

    def __init__(self, range: range) -> None:
        self.range = range

    def __bool__(self) -> bool:
        return bool(self.range)


class Elems:
    """The elements of a string or bytes, as `s.elems()` and its kin give them: iterable and indexable."""

    __slots__ = ("items", "method", "owner")

    def __init__(self, owner: str | bytes, method: str, items: Iterable[str | int]) -> None:
        self.owner = owner
        self.method = method
        self.items = tuple(items)

    def __bool__(self) -> bool:
        return bool(self.items)


class Code:
    """What is the same for all functions made by one `def` or `lambda`."""

    __slots__ = (
        "blank",
        "body",
        "cost",
        "exact",
        "index",
        "keywords",
        "names",
        "place",
        "positional",
        "rest",
        "title",
    )

    def __init__(
        self, title: str, names: list[str], positional: int, rest: int, keywords: int, place: Span
    ) -> None:
        self.title = title
        self.place = place
        """Where the parameters are written; the whole definition when there are none."""
        self.names = names
        """Parameters by slot: positional ones, keyword-only ones, then those of `*rest` and `**keywords`."""
        self.positional = positional
        self.rest = rest
        """The slot of `*rest`, or -1."""
        self.keywords = keywords
        """The slot of `**keywords`, or -1."""
        named = len(names) - (rest >= 0) - (keywords >= 0)
        self.index = {name: slot for slot, name in enumerate(names[:named])}
        self.exact = positional if positional == len(names) else -1
        """How many positional arguments fill all parameters; -1 when none can."""
        self.blank: tuple[Any, ...] = ()
        self.body: Callable[[Frame], Any] = lambda frame: None
        self.cost = 1
        """Steps a call takes, without those of loops and calls inside."""


class Function:
    """A function of the program: its code, the values of its defaults by slot, the frame around it."""

    __slots__ = ("code", "defaults", "outer")

    def __init__(self, code: Code, defaults: tuple[Any, ...], outer: Frame) -> None:
        self.code = code
        self.defaults = defaults
        self.outer = outer


class Native:
    """A function of the language itself: `function(thread, *args)` with between `least` and `most` arguments.

    `names` are the parameters that may also be given by keyword; one left out before one given is passed as
    `UNSET`. With `most` None the function takes `(thread, args, kwargs)` and counts for itself.
    """

    __slots__ = ("function", "least", "most", "name", "names")

    def __init__(
        self,
        name: str,
        function: Callable[..., Any],
        least: int,
        most: int | None,
        names: tuple[str, ...] = (),
    ) -> None:
        self.name = name
        self.function = function
        self.least = least
        self.most = most
        self.names = names


class BoundMethod:
    """A method and the value it was taken from."""

    __slots__ = ("native", "owner")

    def __init__(self, native: Native, owner: Any) -> None:
        self.native = native
        self.owner = owner


class Builtin:
    """A function of the host: `function(call, args, kwargs)` gets the call, for places, and the arguments."""

    __slots__ = ("function", "name")

    def __init__(
        self, name: str, function: Callable[[Call, tuple[Any, ...], dict[str, Any]], object]
    ) -> None:
        self.name = name
        self.function = function


class HostValue:
    """A value of the host's own type: immutable, true, equal to itself alone.

    A subclass sets `type_name`, may give `attributes()` and may say in `__repr__` how it prints. A program
    reaches nothing of it but what `attributes()` returns; Python attributes are never looked up.
    """

    type_name = "value"

    def attributes(self) -> Mapping[str, object]:
        """What `value.name` finds, by name; values are Starlark values."""
        return {}

    def __repr__(self) -> str:
        return f"<{self.type_name}>"

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self) >> 4


_TYPE_NAMES: dict[type, str] = {
    NoneType: "NoneType",
    bool: "bool",
    int: "int",
    float: "float",
    str: "string",
    bytes: "bytes",
    List: "list",
    tuple: "tuple",
    Dict: "dict",
    Set: "set",
    Range: "range",
    Function: "function",
    Native: "builtin_function_or_method",
    BoundMethod: "builtin_function_or_method",
    Builtin: "builtin_function_or_method",
}

_OWN_KEYS = frozenset({NoneType, int, str, bytes, Function, Native, Builtin})
_CALLABLE = frozenset({Function, Native, BoundMethod, Builtin})
_NAN = float("nan")
_MAX_KEY_PARTS = 1000


def type_name(value: Any) -> str:
    """What `type(value)` says."""
    name = _TYPE_NAMES.get(type(value))
    if name is not None:
        return name
    if isinstance(value, Elems):
        owner = "bytes" if isinstance(value.owner, bytes) else "string"
        return f"{owner}.{'codepoints' if value.method.startswith('code') else 'elems'}"
    return str(value.type_name) if isinstance(value, HostValue) else "value"


def is_callable(value: Any) -> bool:
    """Whether the value can be called."""
    return type(value) in _CALLABLE


def as_key(value: Any) -> Any:
    """What stands for the value among the keys of a dict.

    Raises:
        Fault: AL201 when the value cannot be a key.
    """
    kind = type(value)
    if kind in _OWN_KEYS:
        return value
    if kind is bool:
        return _TRUE if value else _FALSE
    if kind is float:
        return value if value == value else _NAN
    if kind is tuple:
        return _tuple_key(value, [_MAX_KEY_PARTS])
    if isinstance(value, HostValue) or kind is BoundMethod:
        return value
    raise Fault(
        "AL201", f"unhashable type: {type_name(value)}", help="keys are strings, numbers, tuples of them"
    )


def _tuple_key(value: tuple[Any, ...], left: list[int]) -> Any:
    """What stands for a tuple; `left` counts down the parts that all tuples in it may have together.

    Python hashes a tuple part by part each time, through tuples in tuples, and cannot be interrupted.
    """
    left[0] -= len(value) + 1
    if left[0] < 0:
        raise Fault("AL207", f"a key may have {_MAX_KEY_PARTS} parts at most")
    parts = tuple([_tuple_key(part, left) if type(part) is tuple else as_key(part) for part in value])
    if any(type(part) is _BoolKey or type(part) is _TupleKey for part in parts):
        return _TupleKey(value, parts)
    return value


def from_key(key: Any) -> Any:
    """The value a key of a dict stands for."""
    return key.value if type(key) is _BoolKey or type(key) is _TupleKey else key


def keys_of(container: Dict | Set) -> list[Any]:
    """The keys, in insertion order."""
    return [from_key(key) for key in container] if container.odd else list(container)


def items_of(container: Dict) -> list[tuple[Any, Any]]:
    """The pairs, in insertion order."""
    if container.odd:
        return [(from_key(key), value) for key, value in container.items()]
    return list(container.items())


def check_mutable(container: List | Dict | Set, action: str) -> None:
    """Refuses to change what is frozen or being iterated over; `action` as in "append to".

    Raises:
        Fault: AL206.
    """
    if container.state:
        name = type_name(container)
        if container.state < 0:
            raise Fault(
                "AL206", f"cannot {action} frozen {name}", help="copy it first; a loaded value cannot change"
            )
        raise Fault(
            "AL206",
            f"cannot {action} {name} during iteration",
            help="iterate over a copy, or collect changes",
        )


def put(container: Dict, key: Any, value: Any) -> None:
    """`container[key] = value` for a dict that may change."""
    kind = type(key)
    if kind is not str and kind is not int:
        key = as_key(key)
        if key.__class__ is _BoolKey or key.__class__ is _TupleKey:
            container.odd = True
    container[key] = value


def add_element(container: Set, element: Any) -> None:
    """Adds an element to a set that may change."""
    key = as_key(element)
    if type(key) is _BoolKey or type(key) is _TupleKey:
        container.odd = True
    container[key] = None


def make_dict(pairs: Iterable[tuple[Any, Any]]) -> Dict:
    """A dict of the pairs; a later value replaces an earlier one of the same key."""
    made = Dict()
    for key, value in pairs:
        put(made, key, value)
    return made


def make_set(elements: Iterable[Any]) -> Set:
    """A set of the elements."""
    made = Set()
    for element in elements:
        add_element(made, element)
    return made


def elements(value: Any) -> Iterable[Any] | None:
    """What iterating over the value gives, or None when it is not iterable; the value is not locked."""
    kind = type(value)
    if kind is List or kind is tuple:
        return value  # type: ignore[no-any-return]  # a list or a tuple
    if kind is Dict or kind is Set:
        return keys_of(value)
    if kind is Range:
        return value.range  # type: ignore[no-any-return]  # a range
    if kind is Elems:
        return value.items  # type: ignore[no-any-return]  # a tuple
    return None


def size_of(value: Any) -> int:
    """How many elements, characters or bytes the value has; -1 when it has no length."""
    kind = type(value)
    if kind is Range:
        return range_size(value.range)
    if kind is Elems:
        return len(value.items)
    return len(value) if kind in _SIZED else -1


_SIZED = frozenset({str, bytes, tuple, List, Dict, Set})


def range_size(steps: range) -> int:
    """The length of a range, which `len` refuses to tell when it is very large."""
    if steps.step > 0:
        return max(0, (steps.stop - steps.start + steps.step - 1) // steps.step)
    return max(0, (steps.start - steps.stop - steps.step - 1) // -steps.step)


def freeze(*values: Any) -> None:
    """Makes the values, and everything they hold, immutable for good."""
    queue = list(values)
    seen: set[int] = set()
    while queue:
        value = queue.pop()
        kind = type(value)
        if kind is List:
            if value.state >= 0:
                value.state = -1
                queue += value
        elif kind is Dict or kind is Set:
            if value.state >= 0:
                value.state = -1
                queue += value.values()
                queue += keys_of(value)
        elif kind is tuple:
            if id(value) not in seen:
                seen.add(id(value))
                queue += value
        elif kind is Function:
            queue += value.defaults
            frame: Frame | None = value.outer
            while frame is not None and id(frame) not in seen:
                seen.add(id(frame))
                queue += frame[HEADER:]
                frame = frame[0]
        elif kind is BoundMethod:
            queue.append(value.owner)
