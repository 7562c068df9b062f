"""What an agent that looks back on a run reads: the beginnings of answers, the newest whole, in a limit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

SHORT_CHARS = 600
"""Characters of an answer that is shown by its beginning only."""


@dataclass(frozen=True, slots=True)
class Said:
    """The answer of a node, with the wave it acted in."""

    node: str
    wave: int
    text: str
    is_short: bool = False


@dataclass(frozen=True, slots=True)
class Review:
    """The answers to show, in the order given, and the nodes that were left out for lack of room."""

    shown: tuple[Said, ...] = ()
    left_out: tuple[str, ...] = ()


def review(answers: Sequence[Said], limit: int) -> Review:
    """As much of the answers as `limit` characters hold.

    Each answer gets room for its beginning first, newer waves before others; then, in the same order,
    those are shown whole that still fit.
    """
    newest_first = sorted(range(len(answers)), key=lambda place: (-answers[place].wave, place))
    room = limit
    chosen: dict[int, Said] = {}
    for shorten in (True, False):
        for place in newest_first:
            form = _shortened(answers[place]) if shorten else answers[place]
            more = len(form.text) - (len(chosen[place].text) if place in chosen else 0)
            if more <= room and (shorten or place in chosen):
                chosen[place] = form
                room -= more
    left_out = tuple(said.node for place, said in enumerate(answers) if place not in chosen)
    return Review(tuple(chosen[place] for place in sorted(chosen)), left_out)


def _shortened(said: Said) -> Said:
    if len(said.text) <= SHORT_CHARS:
        return said
    head = said.text[:SHORT_CHARS]
    cut = max(head.rfind("\n\n"), head.rfind(". ") + 1)
    return Said(said.node, said.wave, head[: cut if cut > SHORT_CHARS // 2 else SHORT_CHARS].rstrip(), True)
