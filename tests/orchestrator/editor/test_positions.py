from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from lsprotocol.types import Position, PositionEncodingKind
from pygls.workspace import PositionCodec

from orchestrator.editor.positions import Positions

TEXTS = st.text(st.sampled_from("ab\n é📚\u2028\x0b"), max_size=40)
ENCODINGS = st.sampled_from(
    [PositionEncodingKind.Utf8, PositionEncodingKind.Utf16, PositionEncodingKind.Utf32]
)


@given(TEXTS, ENCODINGS, st.data())
def test_every_offset_has_a_position_that_leads_back(
    text: str, encoding: PositionEncodingKind, data: st.DataObject
) -> None:
    positions = Positions(text, PositionCodec(encoding))
    offset = data.draw(st.integers(0, len(text)))

    assert positions.offset(positions.position(offset)) == offset


def test_units_are_counted_as_the_editor_asked() -> None:
    text = "x\né📚!"

    def at_the_mark(encoding: PositionEncodingKind) -> Position:
        return Positions(text, PositionCodec(encoding)).position(text.index("!"))

    assert at_the_mark(PositionEncodingKind.Utf8) == Position(1, 6)
    assert at_the_mark(PositionEncodingKind.Utf16) == Position(1, 3)
    assert at_the_mark(PositionEncodingKind.Utf32) == Position(1, 2)


def test_positions_outside_the_text_are_at_its_ends() -> None:
    positions = Positions("a\nbcd", PositionCodec())

    assert positions.offset(Position(0, 99)) == 1
    assert positions.offset(Position(1, 99)) == 5
    assert positions.offset(Position(9, 0)) == 5
    assert positions.position(99) == Position(1, 3)


def test_only_line_feeds_end_lines() -> None:
    assert Positions("a\u2028b\x0bc\nd", PositionCodec()).position(6) == Position(1, 0)
