"""Calling the language's own functions: counting arguments, keywords, and the name in front of a failure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from agentlark.diagnostics import nearest
from agentlark.starlark.failures import Fault
from agentlark.starlark.limits import Thread
from agentlark.starlark.values import UNSET, Native

_NO_OWNER = object()


def call_native(
    native: Native, thread: Thread, args: Sequence[Any], kwargs: Mapping[str, Any], owner: Any = _NO_OWNER
) -> Any:
    """The result of a function of the language, or of a method when `owner` is given.

    Raises:
        Fault: whatever the function raises, and AL210 for arguments that do not fit.
    """
    before = (thread,) if owner is _NO_OWNER else (thread, owner)
    try:
        if native.most is None:
            return native.function(*before, args, kwargs)
        if kwargs or not native.least <= len(args) <= native.most:
            args = _arranged(native, args, kwargs)
        return native.function(*before, *args)
    except Fault as fault:
        named(fault, native.name)
        raise


def named(fault: Fault, name: str) -> Fault:
    """The failure, with the function's name put before a message that has no place yet."""
    if fault.place is None and fault.code != "AL211" and not fault.message.startswith("Error in "):
        fault.message = f"Error in {name}: {fault.message}"
    return fault


def _arranged(native: Native, args: Sequence[Any], kwargs: Mapping[str, Any]) -> list[Any]:
    """Positional and keyword arguments by position; what is left out in between is `UNSET`."""
    most = native.most or 0
    if len(args) > most:
        raise Fault("AL210", f"got {len(args)} arguments, want at most {most}")
    placed: list[Any] = [*args, *[UNSET] * (most - len(args))]
    for name, value in kwargs.items():
        if name not in native.names:
            near = nearest(name, native.names)
            help = f"did you mean {near}?" if near else None
            fault = Fault("AL210", f"unexpected keyword argument {name}", help=help)
            fault.argument = name
            raise fault
        at = native.names.index(name)
        if placed[at] is not UNSET:
            raise Fault("AL210", f"got multiple values for parameter {name}")
        placed[at] = value
    while placed and placed[-1] is UNSET:
        placed.pop()
    if len(placed) < native.least or UNSET in placed[: native.least]:
        missing = placed.index(UNSET) if UNSET in placed else len(placed)
        name = f" {native.names[missing]}" if missing < len(native.names) else ""
        raise Fault(
            "AL210", f"missing argument{name or 's'}: got {len(args) + len(kwargs)}, want {native.least}"
        )
    return placed
