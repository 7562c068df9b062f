"""What a pane shows, told the same by every multiplexer."""

from __future__ import annotations

from collections.abc import Sequence


def tidy(lines: Sequence[str]) -> tuple[str, ...]:
    """Lines without trailing blanks, and without trailing empty lines."""
    kept = [line.rstrip() for line in lines]
    while kept and not kept[-1]:
        kept.pop()
    return tuple(kept)
