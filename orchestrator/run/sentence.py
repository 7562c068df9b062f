"""Whether a text is exactly one sentence: what concise answers are held to."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pydantic import JsonValue

_INNER_END = re.compile(r"""[.!?…]["'”’)\]]*\s+(?=["'“‘(\[]?[A-ZÄÖÜ0-9])""")
_ABBREVIATION = re.compile(r"\b(?:e\.g|i\.e|etc|vs|cf|approx|no|fig|[A-Z])\.$", re.IGNORECASE)


def sentence_fault(text: str) -> str | None:
    """What keeps a text from being one sentence; None when it is one."""
    stripped = text.strip()
    if not stripped:
        return "the answer is empty: give exactly one sentence"
    if "\n" in stripped:
        return "the answer has several lines: give exactly one sentence"
    for match in _INNER_END.finditer(stripped):
        if not _ABBREVIATION.search(stripped[: match.start() + 1]):
            return "the answer has several sentences: give exactly one"
    return None


def json_sentence_faults(value: JsonValue) -> list[str]:
    """The free texts in a JSON value that are more than one sentence; words alone are no free text."""
    return [
        f"{pointer}: {fault}"
        for pointer, text in _texts(value, "")
        if " " in text.strip() and (fault := sentence_fault(text)) is not None
    ]


def _texts(value: JsonValue, pointer: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield pointer or "/", value
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, f"{pointer}/{index}")
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _texts(item, f"{pointer}/{key}")
