"""Prices that a test can reckon with."""

from __future__ import annotations

from decimal import Decimal

from orchestrator.core.turn import Usage


class PerToken:
    """So many dollars a token, whoever answers, except for models that nobody knows."""

    def __init__(self, dollars: str, unknown: frozenset[str] = frozenset()) -> None:
        self._dollars = Decimal(dollars)
        self._unknown = unknown

    def cost(self, backend: str, model: str, usage: Usage) -> Decimal | None:
        return None if model in self._unknown else self._dollars * (usage.input + usage.output)
