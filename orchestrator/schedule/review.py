"""What an agent that looks back on a run reads: newest answers whole, older ones shortened, in a limit."""

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

    Answers of newer waves get room first; one that does not fit whole is shortened to its beginning, and left
    out if not even that fits.
    """
    newest_first = sorted(range(len(answers)), key=lambda place: (-answers[place].wave, place))
    room = limit
    chosen: dict[int, Said] = {}
    for place in newest_first:
        said = answers[place]
        for form in (said, _shortened(said)):
            if len(form.text) <= room:
                chosen[place] = form
                room -= len(form.text)
                break
    left_out = tuple(said.node for place, said in enumerate(answers) if place not in chosen)
    return Review(tuple(chosen[place] for place in sorted(chosen)), left_out)


def _shortened(said: Said) -> Said:
    if len(said.text) <= SHORT_CHARS:
        return said
    head = said.text[:SHORT_CHARS]
    cut = max(head.rfind("\n\n"), head.rfind(". ") + 1)
    return Said(said.node, said.wave, head[: cut if cut > SHORT_CHARS // 2 else SHORT_CHARS].rstrip(), True)
