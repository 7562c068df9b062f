"""What models cost, by the tables of genai-prices; they are part of the package, and nothing is fetched."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from importlib.util import find_spec

from orchestrator.core.ports import Prices
from orchestrator.core.turn import Usage

_VENDORS = {"anthropic": "anthropic"}
"""Who is asked when a backend has its own address, by backend, as genai-prices calls them."""


def known_prices(addresses: Mapping[str, str]) -> Prices | None:
    """List prices in US dollars; None where genai-prices is not installed.

    `addresses` are those that backends were given in place of their own, by backend.
    """
    return GenaiPrices(addresses) if find_spec("genai_prices") is not None else None


class GenaiPrices:
    """The prices of a vendor's models; behind another address, those of who is there, else by model alone."""

    def __init__(self, addresses: Mapping[str, str]) -> None:
        import genai_prices

        self._library = genai_prices
        self._addresses = dict(addresses)

    def cost(self, backend: str, model: str, usage: Usage) -> Decimal | None:
        """The price of an answer; None for a model that the tables do not have."""
        for where in self._places(backend):
            try:
                found = self._library.calc_price(
                    self._library.Usage(
                        input_tokens=usage.input,
                        cache_read_tokens=min(usage.cached, usage.input),
                        output_tokens=usage.output,
                    ),
                    model,
                    **where,
                )
            except LookupError:
                continue
            return Decimal(found.total_price)
        return None

    def _places(self, backend: str) -> list[dict[str, str]]:
        address = self._addresses.get(backend)
        if address is not None:
            return [{"provider_api_url": address}, {}]
        return [{"provider_id": _VENDORS[backend]}] if backend in _VENDORS else [{}]
