"""Between offsets in a text and the protocol's positions: lines from 0, columns mostly in UTF-16 units."""

from __future__ import annotations

from bisect import bisect_right

from lsprotocol.types import Position, Range
from pygls.workspace import PositionCodec


class Positions:
    """The positions of one text, whose lines end in line feeds, in the units that the editor asked for."""

    def __init__(self, text: str, codec: PositionCodec) -> None:
        self._text = text
        self._codec = codec
        self._starts = [0]
        at = text.find("\n")
        while at >= 0:
            self._starts.append(at + 1)
            at = text.find("\n", at + 1)

    def position(self, offset: int) -> Position:
        """The position of an offset; one outside the text is taken to be at its end."""
        offset = max(0, min(offset, len(self._text)))
        line = bisect_right(self._starts, offset) - 1
        before = self._text[self._starts[line] : offset]
        units = len(before) if before.isascii() else self._codec.client_num_units(before)
        return Position(line, units)

    def range(self, start: int, end: int) -> Range:
        """The range between two offsets."""
        return Range(self.position(start), self.position(end))

    def offset(self, position: Position) -> int:
        """The offset of a position; one behind the end of its line is taken to be there."""
        if position.line >= len(self._starts):
            return len(self._text)
        start = self._starts[position.line]
        last = position.line + 1 == len(self._starts)
        end = len(self._text) if last else self._starts[position.line + 1] - 1
        line = self._text[start:end]
        if line.isascii():
            return start + min(position.character, len(line))
        units = 0
        for at, char in enumerate(line):
            if units >= position.character:
                return start + at
            units += self._codec.client_num_units(char)
        return end
