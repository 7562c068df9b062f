"""Numbers that satisfy a schema's bounds and step."""

from __future__ import annotations

import math

from pydantic import JsonValue


def number_for(schema: dict[str, JsonValue], *, whole: bool) -> int | float:
    """The number nearest to 1 within the bounds, a multiple where one is asked for."""
    low, high = (
        _edge(schema, "minimum", "exclusiveMinimum", whole, 1),
        _edge(schema, "maximum", "exclusiveMaximum", whole, -1),
    )
    step = schema.get("multipleOf")
    value: float = min(max(1, low), high)
    if isinstance(step, int | float) and step > 0:
        value = (
            math.ceil(max(low, step) / step) * step
            if max(low, step) <= high
            else math.floor(high / step) * step
        )
    return int(value) if whole or float(value).is_integer() else value


def _edge(schema: dict[str, JsonValue], closed: str, opened: str, whole: bool, inward: int) -> float:
    """The outermost number a closed and an open bound leave; `inward` (1 or -1) leads away from the bound."""
    edges: list[float] = []
    if isinstance(bound := schema.get(closed), int | float):
        edges.append((math.ceil(bound) if inward > 0 else math.floor(bound)) if whole else bound)
    if isinstance(bound := schema.get(opened), int | float) and not isinstance(bound, bool):
        if whole:
            edges.append(math.floor(bound) + 1 if inward > 0 else math.ceil(bound) - 1)
        else:
            edges.append(bound + inward * max(1e-6, abs(bound) * 1e-6))
    return (max if inward > 0 else min)(edges, default=-inward * math.inf)
