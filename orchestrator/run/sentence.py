"""Whether a text is exactly one sentence: what concise answers are held to."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pydantic import JsonValue

_INNER_END = re.compile(r"""[.!?…]["'”’)\]]*\s+["'“‘(\[]?(?P<next>\w)""")
_ABBREVIATION = re.compile(
    r"\b(?:(?i:e\.g|i\.e|vs|cf|approx|dr|mr|mrs|ms|prof|st)|(?:[A-Z]\.)*[A-Z]|(?i:no|fig|sec|ch|p)(?=\.\s*\d))\."
)


def sentence_fault(text: str) -> str | None:
    """What keeps a text from being one sentence; None when it is one."""
    stripped = text.strip()
    if not stripped:
        return "the answer is empty: give exactly one sentence"
    if "\n" in stripped:
        return "the answer has several lines: give exactly one sentence"
    abbreviations = {match.end() for match in _ABBREVIATION.finditer(stripped)}
    for match in _INNER_END.finditer(stripped):
        starts_anew = match["next"].isupper() or match["next"].isdigit()
        if starts_anew and match.start() + 1 not in abbreviations:
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
