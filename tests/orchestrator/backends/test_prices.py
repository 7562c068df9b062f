"""Prices by the tables of genai-prices."""

from __future__ import annotations

import socket
from decimal import Decimal

import pytest

from orchestrator.backends.cards import ANTHROPIC
from orchestrator.backends.prices import GenaiPrices, known_prices
from orchestrator.core.turn import Usage

pytest.importorskip("genai_prices", reason="the extra `prices` is not installed")

MODEL = "claude-sonnet-4-5"
MANY = Usage(input=100_000, output=10_000)


def test_the_models_of_the_shipped_card_have_prices() -> None:
    prices = GenaiPrices({})
    for model in (ANTHROPIC.default_model, ANTHROPIC.cheap_model):
        cost = prices.cost("anthropic", model, MANY)
        assert cost is not None, model
        assert cost > 0


def test_input_output_and_what_came_from_the_cache_are_priced_apart() -> None:
    prices = GenaiPrices({})
    assert prices.cost("anthropic", MODEL, Usage(input=100_000)) == Decimal("0.3")
    assert prices.cost("anthropic", MODEL, Usage(output=10_000)) == Decimal("0.15")
    assert prices.cost("anthropic", MODEL, Usage(input=100_000, cached=100_000)) == Decimal("0.03")


def test_a_model_that_nobody_knows_has_no_price_rather_than_none_to_pay() -> None:
    assert GenaiPrices({}).cost("anthropic", "nonsense-9", MANY) is None
    assert GenaiPrices({"anthropic": "http://127.0.0.1:1"}).cost("anthropic", "nonsense-9", MANY) is None


def test_behind_another_address_a_model_is_priced_as_there_else_by_its_name() -> None:
    there = GenaiPrices({"anthropic": "https://api.minimax.io/anthropic"})
    assert there.cost("anthropic", "MiniMax-M2.1", MANY)
    local = GenaiPrices({"anthropic": "http://127.0.0.1:8080"})
    own = GenaiPrices({})
    assert local.cost("anthropic", MODEL, MANY) == own.cost("anthropic", MODEL, MANY)


def test_more_from_the_cache_than_was_sent_is_no_error() -> None:
    assert GenaiPrices({}).cost("anthropic", MODEL, Usage(input=10, cached=30)) is not None


def test_a_larger_call_never_costs_less() -> None:
    """A worst case is priced by its bounds, and must not be less than what may come of it."""
    prices = GenaiPrices({})
    for model in (MODEL, ANTHROPIC.default_model, ANTHROPIC.cheap_model):
        costs = [
            prices.cost("anthropic", model, Usage(input=tokens, output=tokens // 10))
            for tokens in range(0, 1_000_000, 50_000)
        ]
        known = [cost for cost in costs if cost is not None]
        assert len(known) == len(costs)
        assert known == sorted(known)


def test_nothing_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert GenaiPrices({}).cost("anthropic", MODEL, MANY) is not None


def test_without_the_package_there_are_no_prices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestrator.backends.prices.find_spec", lambda name: None)
    assert known_prices({}) is None
