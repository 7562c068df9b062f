"""The backends there are, told without importing any of them: names, models, needed settings.

The command line and `doctor` read this; the backends themselves carry the same cards, so the two
cannot disagree.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from orchestrator.core.ports import BackendCard


@dataclass(frozen=True, slots=True)
class Listing:
    """A backend's card and the settings it takes; None where it takes no such setting."""

    card: BackendCard
    key_variable: str | None = None
    """The environment variable with its key; the backend cannot be used without one."""
    base_url_variable: str | None = None
    """The environment variable that replaces its address."""
    base_url: str | None = None
    """The address it talks to unless told otherwise."""

    @property
    def needs_key(self) -> bool:
        """Whether it cannot answer without a key."""
        return self.key_variable is not None


REHEARSAL = BackendCard(
    name="rehearsal",
    default_model="rehearsal-1",
    cheap_model="rehearsal-mini",
    window_tokens=200_000,
    simulated=True,
    offers_tools=True,
    where="this process; nothing is sent and nothing is billed",
)

ANTHROPIC_URL = "https://api.anthropic.com"

# The models that SDK 2.11 lists as current and its own examples use. Both take a million tokens of prompt,
# thread and answer together.
ANTHROPIC = BackendCard(
    name="anthropic",
    default_model="claude-sonnet-5-5",
    cheap_model="claude-haiku-5-5",
    window_tokens=1_000_000,
    where=ANTHROPIC_URL,
)

LISTINGS: Mapping[str, Listing] = MappingProxyType(
    {
        "rehearsal": Listing(REHEARSAL),
        "anthropic": Listing(ANTHROPIC, "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", ANTHROPIC_URL),
    }
)
"""All backends by name, in the order in which they are offered."""
