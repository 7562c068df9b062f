"""What an agent is given: digests of what was read, words on what was not, memory kept with the settings."""

from __future__ import annotations

import pytest

from agentlark.inputs import InputFile, Inputs
from orchestrator.core.errors import UserError
from orchestrator.core.memory import Remembered
from orchestrator.run.given import MEMORY, Given, kept_memory, memory_in

ONE = Remembered(id="t__r-qa", agent="qa", type="plan", text="watch\ud800 out", simulated=True)


def digest(text: str, *, is_cut: bool = False) -> str:
    return Given(Inputs((InputFile("a", text, is_cut),))).inputs["a"]


def test_a_digest_is_that_of_what_was_read() -> None:
    assert digest("text") == digest("text") != digest("texts")
    assert digest("text") != digest("text", is_cut=True)


def test_a_recollection_knows_the_words_and_not_the_run_or_the_moment() -> None:
    other = ONE.model_copy(update={"id": "later__r2-qa"})
    assert Given(memory=(ONE,)).recollections == Given(memory=(other,)).recollections
    assert ONE.recollection() != ONE.model_copy(update={"text": "watch"}).recollection()


def test_notices_name_a_few_and_count_the_rest() -> None:
    inputs = Inputs(
        files=(InputFile("long.md", "x", is_cut=True),),
        no_room=tuple(f"{n}.md" for n in range(8)),
        refused=(("a\x1b.png", "it is not text"), ("b.png", "it is not text"), ("c", "Permission denied")),
        unmatched=("docs/*.md",),
    )
    assert list(Given(inputs).notices()) == [
        "inputs: 'docs/*.md' matches no file",
        "inputs: too long, and cut: long.md",
        "inputs: left out for lack of room: 0.md, 1.md, 2.md, 3.md, 4.md and 3 more",
        "inputs: not read (it is not text): a\\x1b.png, b.png",
        "inputs: not read (Permission denied): c",
    ]


def test_memory_comes_back_from_the_settings_as_it_was() -> None:
    memory = {"heir": (ONE.model_copy(update={"text": "watch out"}),), "other": ()}
    kept = kept_memory(memory)
    assert memory_in(kept, "here") == memory
    assert kept_memory({"other": ()}) == {}
    assert memory_in({}, "here") == {}


@pytest.mark.parametrize("text", ["", "[]", '{"heir": [{"id": 1}]}'])
def test_memory_that_was_edited_is_a_mistake_with_its_place(text: str) -> None:
    with pytest.raises(UserError, match="tape, line 1: what agents remember"):
        memory_in({MEMORY: text}, "tape, line 1")
