"""What `doctor` says about backends: which can be used, and what the others need. Nothing is sent."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.backends.cards import LISTINGS
from orchestrator.core.health import Check
from orchestrator.core.settings import Settings


def examine(settings: Settings) -> Iterator[Check]:
    """One check per backend."""
    for name, listing in LISTINGS.items():
        variable = listing.key_variable
        if variable is None or variable in settings.credentials:
            key = f", {variable} is set" if variable else ""
            yield Check(f"backend {name}", "ok", f"{listing.card.where}{key}")
        else:
            yield Check(f"backend {name}", "optional", f"{variable} is not set", f"export {variable}=…")
