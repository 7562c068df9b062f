"""What a program may spend, and the account of one that runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from agentlark.starlark.failures import Fault

if TYPE_CHECKING:
    from agentlark.starlark.values import Code


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one execution may spend; what goes over ends with AL207, which names the limit.

    Memory as such cannot be bounded from within a process; a child process with its own limit can be.
    """

    max_steps: int = 10_000_000
    """Statements, iterations and calls; operations on large values cost a step per 64 elements."""
    max_depth: int = 100
    """Starlark functions that may be active at a time."""
    max_source_bytes: int = 64 * 1024 * 1024
    """Size of a source text in UTF-8."""
    max_value_size: int = 10_000_000
    """Characters of a string, bytes of a bytes, elements of a list, tuple, dict or set."""
    max_int_bits: int = 8192
    """Bits of an int."""
    max_output: int = 1_000_000
    """Characters printed in all."""


class Thread:
    """The account of one execution: steps left, functions active, where `print` goes.

    It travels in every frame, so that a function loaded from another module charges whoever calls it.
    """

    __slots__ = (
        "_free",
        "active",
        "frame",
        "invoke",
        "left",
        "limits",
        "max_depth",
        "output_left",
        "print",
        "site",
    )

    def __init__(
        self,
        limits: Limits,
        print: Callable[[str], object],
        invoke: Callable[[Thread, Any, Sequence[Any]], Any],
    ) -> None:
        self.limits = limits
        self.max_depth = limits.max_depth
        self._free = min(64, limits.max_value_size)
        self.invoke = invoke
        """Calls a function with positional arguments, on behalf of the one called last."""
        self.frame: Any = None
        self.site: Any = None
        self.left = limits.max_steps
        self.output_left = limits.max_output
        self.active: set[Code] = set()
        self.print = print

    def charge(self, steps: int) -> None:
        """Takes steps off the account.

        Raises:
            Fault: AL207 when they are used up.
        """
        self.left -= steps
        if self.left < 0:
            raise steps_exhausted(self.limits)

    def charge_size(self, size: int) -> None:
        """Charges for making or searching a value of so many elements, and refuses one too large.

        Raises:
            Fault: AL207.
        """
        if size > self._free:
            if size > self.limits.max_value_size:
                raise too_large(size, self.limits)
            self.charge(size >> 6)

    def write(self, text: str) -> None:
        """Prints a line.

        Raises:
            Fault: AL207 when too much has been printed.
        """
        self.output_left -= len(text) + 1
        if self.output_left < 0:
            limit = self.limits.max_output
            raise Fault("AL207", f"print wrote more than {limit} characters in all (max_output)")
        self.print(text)


def steps_exhausted(limits: Limits) -> Fault:
    """The failure of a program that ran out of steps."""
    return Fault(
        "AL207",
        f"the program used up its {limits.max_steps} steps (max_steps)",
        help="look for a loop over too many elements, or raise the limit",
    )


def too_large(size: int, limits: Limits) -> Fault:
    """The failure of an operation whose result would have too many elements."""
    return Fault(
        "AL207", f"excessive size: {size} elements, the limit is {limits.max_value_size} (max_value_size)"
    )
