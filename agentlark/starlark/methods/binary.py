"""The methods of bytes."""

from __future__ import annotations

from agentlark.starlark.limits import Thread
from agentlark.starlark.values import Elems, Native


def _elems(thread: Thread, data: bytes) -> Elems:
    return Elems(data, "elems", data)


BYTES: dict[str, Native] = {"elems": Native("elems", _elems, 0, 0)}
