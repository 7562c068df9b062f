"""A summary without a model: the beginnings of the texts, labelled as what they are. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from orchestrator.store.artifacts import Artifact
from orchestrator.store.artifacts.condensing import Gathering

MOST_LINES = 24
LINE_CHARS = 240

_LABEL = re.compile(r"SIMULATED \([a-z]+\)|EXTRACTIVE:")
_MARKUP = re.compile(r"^[\s#>*`\-{}\[\]\"']+|\*\*|`")
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[^a-z])")


def extract(gathering: Gathering, artifacts: Sequence[Artifact]) -> str:
    """The summary of a gathering's artifacts: a line of each of the most telling, newest first.

    Follow-ups and summaries tell what came of the work, plans only what was meant; so plans are quoted last.
    """
    first, last = artifacts[0].created, artifacts[-1].created
    newest = artifacts[::-1]
    ordered = [one for one in newest if one.type != "plan"] + [one for one in newest if one.type == "plan"]
    lines = list(dict.fromkeys(filter(None, (_beginning(artifact.text) for artifact in ordered))))
    span = f"{first:%Y-%m-%d}" if first.date() == last.date() else f"{first:%Y-%m-%d} to {last:%Y-%m-%d}"
    head = (
        "EXTRACTIVE: no model wrote this; each line is the beginning of a recorded text."
        f" {len(artifacts)} artifacts of {gathering.agent} on “{gathering.topic}”, {span}."
    )
    head += " They are SIMULATED." if gathering.simulated else ""
    left_out = len(lines) - MOST_LINES
    more = [f"- and {left_out} more"] if left_out > 0 else []
    return "\n".join([head, "", *(f"- {line}" for line in lines[:MOST_LINES]), *more])


def _beginning(text: str) -> str:
    """The first sentence of a text that says something, labels and markup left out; maybe empty."""
    for line in text.splitlines():
        words = _MARKUP.sub("", line).strip()
        if _LABEL.match(words) or not re.search(r"\w", words):
            continue
        sentence = _SENTENCE.split(words)[0]
        return sentence if len(sentence) <= LINE_CHARS else sentence[: LINE_CHARS - 1] + "…"
    return ""
