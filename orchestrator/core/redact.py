"""Redaction: secrets leave a text before anybody sees it.

Known values go first (those of the environment's secret-looking variables), then the shapes of well-known
credentials. It is applied to prompts before their key is taken and to answers before they are committed,
so that what dependents, logs and resumed runs get is one and the same text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from pydantic import JsonValue

MARK = "[redacted]"

_KEY_TEXT = r"""(?:[A-Za-z0-9+/=:,'"\s-]|\\[nrt"])"""
"""What may stand in a private key, also one that is quoted or spread over lines of code."""

_SHAPES = (
    r"sk-ant-[A-Za-z0-9_-]{20,}",
    # Not in `task-…`, but after a written \n. Its letters come first: a look-behind that does is tried at
    # every character, which takes ten times as long.
    r"sk-(?:(?<![A-Za-z0-9]sk-)|(?<=\\[nrt]sk-))[A-Za-z0-9_-]{20,}",
    r"gh[pousr]_[A-Za-z0-9]{30,}",
    r"github_pat_[A-Za-z0-9_]{40,}",
    r"(?:AKIA|ASIA)[A-Z0-9]{16}",
    r"AIza[A-Za-z0-9_-]{35}",
    r"xox[abprs]-[A-Za-z0-9-]{10,}",
    r"glpat-[A-Za-z0-9_-]{20,}",
    rf"-----BEGIN [A-Z ]*PRIVATE KEY-----{_KEY_TEXT}*?(?:-----END [A-Z ]*PRIVATE KEY-----|(?!{_KEY_TEXT}))",
)


class Redactor:
    """Replaces secrets in texts and in JSON values."""

    def __init__(self, secrets: Sequence[str] = ()) -> None:
        known = [re.escape(secret) for secret in secrets]
        self._pattern = re.compile("|".join([*known, *_SHAPES]))
        self._openings = [
            secret[: newline.end()] for secret in secrets for newline in re.finditer("\n", secret)
        ]

    def text(self, text: str) -> str:
        """The text with every secret replaced by a mark."""
        return self._pattern.sub(MARK, text)

    def settled(self, text: str) -> int:
        """How long a start of a text that goes on can be shown: complete lines in which no secret is open."""
        end = text.rfind("\n") + 1
        opened = [end - len(start) for start in self._openings if text.endswith(start, 0, end)]
        opened += [match.start() for match in self._pattern.finditer(text, 0, end) if match.end() == end]
        return min(opened, default=end)

    def value(self, value: JsonValue) -> JsonValue:
        """The JSON value with every string in it redacted, keys included."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.value(item) for item in value]
        if isinstance(value, dict):
            return {self.text(key): self.value(item) for key, item in value.items()}
        return value
