"""What `doctor` is told: each room examines what it answers for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at; `remedy` says how to mend or get it."""

    name: str
    status: Literal["ok", "optional", "broken"]
    detail: str
    remedy: str = ""

    def to_json(self) -> dict[str, str]:
        """This check as JSON."""
        return {"name": self.name, "status": self.status, "detail": self.detail, "remedy": self.remedy}
