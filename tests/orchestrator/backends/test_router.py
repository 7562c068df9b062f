"""Orders reach the backend they name, and closing reaches all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from orchestrator.backends.router import Router
from orchestrator.core.ports import Tell
from orchestrator.core.turn import Done, Failed, Message, Outcome, TurnOrder, Usage

if TYPE_CHECKING:
    from tests.orchestrator.backends.conftest import Listener


class Named:
    """Answers with its own name and notes being closed."""

    def __init__(self, name: str, error: Exception | None = None) -> None:
        self.name = name
        self.error = error
        self.closed = False

    async def perform(self, order: TurnOrder, tell: Tell) -> Outcome:
        return Done(message=Message(role="assistant", text=self.name), usage=Usage())

    async def aclose(self) -> None:
        self.closed = True
        if self.error:
            raise self.error


class Bare:
    """A performer that holds nothing."""

    async def perform(self, order: TurnOrder, tell: Tell) -> Outcome:
        raise AssertionError


def test_an_order_goes_to_the_backend_it_names(order: Callable[..., TurnOrder], listener: Listener) -> None:
    router = Router({"one": Named("one"), "two": Named("two")})
    outcome = asyncio.run(router.perform(order(backend="two"), listener))
    assert isinstance(outcome, Done)
    assert outcome.message.text == "two"


def test_an_unknown_backend_is_a_failure_that_names_the_known_ones(
    order: Callable[..., TurnOrder], listener: Listener
) -> None:
    outcome = asyncio.run(Router({"one": Named("one")}).perform(order(backend="two"), listener))
    assert isinstance(outcome, Failed)
    assert (outcome.paid, outcome.retryable) == ("no", False)
    assert "'two'" in outcome.error and "one" in outcome.error


def test_closing_without_trouble_raises_nothing() -> None:
    held = Named("held")
    asyncio.run(Router({"held": held}).aclose())
    assert held.closed


def test_closing_closes_all_even_when_one_raises() -> None:
    first, last = Named("first", OSError("gone")), Named("last")
    with pytest.raises(ExceptionGroup) as raised:
        asyncio.run(Router({"first": first, "bare": Bare(), "last": last}).aclose())
    assert first.closed and last.closed
    assert [str(error) for error in raised.value.exceptions] == ["gone"]
