"""What differs between two inputs of a turn: why an answer is not reused."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from orchestrator.core.turn import TurnInput

_WORDS = {
    "prompt": "its prompt",
    "prior": "its thread so far",
    "output_schema": "the form of its answer",
    "model": "its model",
    "backend": "its backend",
    "options": "its options",
    "tools": "its tools",
    "tree": "the files it works in",
}


@dataclass(frozen=True, slots=True)
class Change:
    """One ingredient of a turn key that changed: a field of `TurnInput`, and what it was and is."""

    field: str
    before: str
    after: str

    def __str__(self) -> str:
        words = _WORDS.get(self.field, self.field)
        if self.field in ("model", "backend"):
            return f"{words} changed: {self.before} → {self.after}"
        return f"{words} changed"


def changes(before: TurnInput, after: TurnInput) -> tuple[Change, ...]:
    """The ingredients that changed, in the order of a turn input's fields; none for the same key.

    A changed prompt explains a changed thread: the thread is named only if nothing else is.
    """
    old, new = before.model_dump(mode="json"), after.model_dump(mode="json")
    found = [Change(name, _shown(old[name]), _shown(new[name])) for name in new if old[name] != new[name]]
    causes = [each for each in found if each.field != "prior"]
    return tuple(causes or found)


def prompt_diff(before: str, after: str, context: int = 2) -> list[str]:
    """A unified diff of two prompts, without file names."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=context)
    return [line for line in lines if not line.startswith(("---", "+++"))]


def _shown(value: object) -> str:
    return value if isinstance(value, str) else str(value)
