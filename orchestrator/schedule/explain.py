"""What differs between two inputs of a turn: why an answer is not reused."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
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
    "memory": "its memory",
}

_NAMED = 3
"""How many files or artifacts a reason names."""


@dataclass(frozen=True, slots=True)
class Change:
    """One ingredient of a turn key that changed: a field of `TurnInput`, and what it was and is."""

    field: str
    before: str
    after: str
    parts: tuple[str, ...] = ()
    """What changed in it, in words, of a field that has parts."""

    def __str__(self) -> str:
        words = _WORDS.get(self.field, self.field)
        if self.parts:
            more = f" and {len(self.parts) - _NAMED} more" if len(self.parts) > _NAMED else ""
            listed = ", ".join(self.parts[:_NAMED]) + more
            return listed if self.field == "inputs" else f"{words} changed: {listed}"
        if self.field in ("model", "backend"):
            return f"{words} changed: {self.before} → {self.after}"
        return f"{words} changed"


def changes(before: TurnInput, after: TurnInput) -> tuple[Change, ...]:
    """The ingredients that changed, in the order of a turn input's fields; none for the same key.

    A changed prompt explains a changed thread: the thread is named only if nothing else is.
    """
    old, new = before.model_dump(mode="json"), after.model_dump(mode="json")
    parts = {"inputs": _files(before, after), "memory": _artifacts(before, after)}
    found = [
        Change(name, _shown(old[name]), _shown(new[name]), parts.get(name, ()))
        for name in new
        if old[name] != new[name]
    ]
    causes = [each for each in found if each.field != "prior"]
    return tuple(causes or found)


def reason(found: Sequence[Change]) -> str:
    """The changes in a line. Files and memory stand in the prompt: where they changed, so did it."""
    given = [each for each in found if each.field in ("inputs", "memory")]
    others = [each for each in found if each not in given and not (given and each.field == "prompt")]
    return "; ".join(map(str, [*given, *others]))


def _files(before: TurnInput, after: TurnInput) -> tuple[str, ...]:
    old, new = before.inputs, after.inputs
    words = dict.fromkeys(old.keys() - new.keys(), "is gone")
    words |= dict.fromkeys(new.keys() - old.keys(), "is new")
    words |= {path: "changed" for path in old.keys() & new.keys() if old[path] != new[path]}
    return tuple(f"{path} {words[path]}" for path in sorted(words))


def _artifacts(before: TurnInput, after: TurnInput) -> tuple[str, ...]:
    told = ((each, "is new") for each in after.memory if each not in before.memory)
    gone = ((each, "is gone") for each in before.memory if each not in after.memory)
    return tuple(f"a {each.type} of {each.agent} {what}" for each, what in (*told, *gone)) or (
        ("in another order",) if before.memory != after.memory else ()
    )


def prompt_diff(before: str, after: str, context: int = 2) -> list[str]:
    """A unified diff of two prompts, without file names."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=context)
    return [line for line in lines if not line.startswith(("---", "+++"))]


def _shown(value: object) -> str:
    return value if isinstance(value, str) else str(value)
