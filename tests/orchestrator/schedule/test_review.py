"""What an agent that looks back reads: bounded, newest first, and honest about what is missing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.schedule.review import SHORT_CHARS, Said, review


def test_what_fits_is_shown_whole_in_the_order_given() -> None:
    answers = [Said("a", 0, "one"), Said("b", 1, "two"), Said("c", 1, "three")]
    found = review(answers, 1000)
    assert found.shown == tuple(answers)
    assert found.left_out == ()


def test_the_newest_wave_is_shown_whole_and_older_ones_by_their_beginning() -> None:
    old, new = Said("old", 0, "old " * 500), Said("new", 2, "new " * 500)
    found = review([old, new], 2700)
    assert [(said.node, said.is_short) for said in found.shown] == [("old", True), ("new", False)]
    assert found.shown[1] == new
    assert old.text.startswith(found.shown[0].text)


def test_one_long_answer_does_not_hide_the_rest() -> None:
    answers = [Said(f"n{place}", 0, "x" * 400) for place in range(5)] + [Said("long", 1, "y" * 100_000)]
    found = review(answers, 100_100)
    assert [said.node for said in found.shown] == [*(f"n{place}" for place in range(5)), "long"]
    assert found.shown[-1].is_short


def test_a_beginning_ends_with_a_sentence_or_paragraph_if_there_is_one_in_its_second_half() -> None:
    text = "First. " + "a" * 380 + ". Second " + "b" * 900
    (said,) = review([Said("a", 0, text)], 700).shown
    assert said.text == "First. " + "a" * 380 + "."
    (said,) = review([Said("a", 0, "c" * 900)], 700).shown
    assert said.text == "c" * SHORT_CHARS


def test_what_has_no_room_is_named_oldest_first_to_go() -> None:
    answers = [Said("old", 0, "x" * 500), Said("mid", 1, "x" * 500), Said("new", 2, "x" * 500)]
    found = review(answers, 1000)
    assert [said.node for said in found.shown] == ["mid", "new"]
    assert found.left_out == ("old",)


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2000)), max_size=12),
    st.integers(0, 5000),
)
def test_the_limit_holds_and_everybody_is_either_shown_or_named(
    given_answers: list[tuple[int, int]], limit: int
) -> None:
    answers = [Said(f"n{place}", wave, "x" * size) for place, (wave, size) in enumerate(given_answers)]
    found = review(answers, limit)
    assert sum(len(said.text) for said in found.shown) <= limit
    names = [said.node for said in found.shown]
    assert sorted([*names, *found.left_out]) == sorted(said.node for said in answers)
    assert names == [said.node for said in answers if said.node in names]
    whole = {said.node: said.text for said in answers}
    assert all(said.is_short or said.text == whole[said.node] for said in found.shown)
