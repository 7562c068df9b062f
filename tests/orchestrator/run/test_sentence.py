"""Exactly one sentence: what is one, what is not, and free texts in JSON."""

from __future__ import annotations

import pytest
from pydantic import JsonValue

from orchestrator.run.sentence import json_sentence_faults, sentence_fault


@pytest.mark.parametrize(
    "text",
    [
        "It works.",
        "It works",
        "  It works!\n",
        "Does it work?",
        "It costs 3.50 euros in v1.2.3 of the tool.",
        "Use a queue, e.g. Redis, or i.e. nothing.",
        "Ask Dr. Smith of the U.S. Army, cf. Fig. 3 and No. 5.",
        "Compare A vs. B and stop.",
        "We keep keys, values, etc. in one file.",
        "Wait… then go on.",
        'He said "stop." and left.',
        "See https://example.com/a.b?c=D. now",
        "Open src/main.py and run it.",
        "Er kam, z.B. gestern.",
    ],
)
def test_one_sentence_is_one(text: str) -> None:
    assert sentence_fault(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "It works. It is fast.",
        "The answer is no. Then stop.",
        "Use version 2. Then go.",
        'He said "Stop." Then he left.',
        "Really? Yes.",
        "Es geht. Über alles.",
        "Élan. Être là.",
        "Да. Нет.",
        "Keys, values, etc. The rest follows.",
        "One. 2 more.",
        "First (it holds.) Second.",
    ],
)
def test_several_sentences_are_told(text: str) -> None:
    assert sentence_fault(text) == "the answer has several sentences: give exactly one"


@pytest.mark.parametrize("text", ["- a\n- b", "A title\n\nA text.", "one\ntwo"])
def test_several_lines_are_told(text: str) -> None:
    assert sentence_fault(text) == "the answer has several lines: give exactly one sentence"


@pytest.mark.parametrize("text", ["", " \n\t"])
def test_nothing_is_no_sentence(text: str) -> None:
    assert sentence_fault(text) == "the answer is empty: give exactly one sentence"


def test_free_texts_in_json_are_one_sentence_each_and_told_by_their_place() -> None:
    value: JsonValue = {
        "id": "x",
        "n": 3,
        "why": "One. Two.",
        "list": ["fine text", {"deep": "a b\nc d"}],
        "path": "a/b.C",
    }
    assert json_sentence_faults(value) == [
        "/why: the answer has several sentences: give exactly one",
        "/list/1/deep: the answer has several lines: give exactly one sentence",
    ]
    assert json_sentence_faults("One. Two.") == ["/: the answer has several sentences: give exactly one"]
    assert json_sentence_faults([None, True, 1.5, "", "word", "One sentence only."]) == []
