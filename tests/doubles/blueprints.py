"""Blueprints, decisions and handoffs as models write them."""

from __future__ import annotations

import json
from typing import Any


def entry(id: str, *depends_on: str, **fields: Any) -> dict[str, Any]:
    """An agent of a blueprint, a builder unless said otherwise."""
    given = {"id": id, "role": "Builder", "prompt": f"build {id}", **fields}
    return {**given, "dependsOn": list(depends_on)} if depends_on else given


def blueprint(*agents: dict[str, Any], handoffs: list[dict[str, str]] | None = None, **fields: Any) -> str:
    """A blueprint of these agents."""
    given: dict[str, Any] = {"summary": "the parts", "agents": list(agents), **fields}
    return json.dumps(given if handoffs is None else given | {"handoffs": handoffs})


def baton(sender: str, receiver: str, note: str = "go on") -> dict[str, str]:
    """A handoff in a blueprint."""
    return {"from": sender, "to": receiver, "note": note}


def done(reason: str = "all is built") -> str:
    """The word that there is no more work."""
    return json.dumps({"done": reason})


def hands(**notes: str) -> str:
    """What an agent hands on: notes by receiver."""
    return json.dumps({"handoffs": [{"to": to, "note": note} for to, note in notes.items()]})
