"""Checks of arguments, with the wording all functions of the language share."""

from __future__ import annotations

from typing import Any

from agentlark.starlark.failures import Fault
from agentlark.starlark.subscripts import not_iterable
from agentlark.starlark.values import UNSET, elements, size_of, type_name


def wanted(value: Any, want: str, parameter: str = "") -> Fault:
    """The failure of an argument of the wrong type."""
    before = f"for parameter {parameter}: " if parameter else ""
    return Fault("AL201", f"{before}got {type_name(value)}, want {want}")


def a_string(value: Any, parameter: str = "") -> str:
    """The argument, which must be a string."""
    if type(value) is not str:
        raise wanted(value, "string", parameter)
    return value


def an_int(value: Any, parameter: str = "") -> int:
    """The argument, which must be an int."""
    if type(value) is not int:
        raise wanted(value, "int", parameter)
    return value


def a_bool(value: Any, parameter: str = "") -> bool:
    """The argument, which must be a bool."""
    if type(value) is not bool:
        raise wanted(value, "bool", parameter)
    return value


def an_iterable(value: Any, parameter: str = "") -> Any:
    """The elements of the argument, which must be iterable."""
    found = elements(value)
    if found is None:
        fault = wanted(value, "iterable", parameter)
        fault.help = not_iterable(value).help
        raise fault
    return found


def an_iterable_of(value: Any, thread: Any, parameter: str = "") -> Any:
    """As `an_iterable`, for a function that takes all elements: charges for them."""
    found = an_iterable(value, parameter)
    thread.charge_size(size_of(value))
    return found


def optional_int(value: Any, default: int, parameter: str = "") -> int:
    """The argument, an int or None or left out."""
    if value is UNSET or value is None:
        return default
    return an_int(value, parameter)
