"""What summarisers are asked: texts as they stand, within bounds, the same words for the same texts."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from agentlark.prompts import render
from orchestrator.core.turn import Usage
from orchestrator.memory.extract import LINE_CHARS, MOST_LINES, extract
from orchestrator.memory.summarisers import MATERIAL_CHARS, as_template, material_of
from orchestrator.store.artifacts import Artifact
from orchestrator.store.artifacts.condensing import EXTRACTIVE, Gathering
from tests.orchestrator.memory.conftest import BEGUN

OF = Gathering(summariser="summary-1", agent="planner", topic="ship", artifacts=("a",), simulated=False)


def artifacts(*texts: str, kind: str = "follow-up", run: str = "r") -> list[Artifact]:
    return [
        Artifact.model_validate(
            {
                **dict.fromkeys(("group", "node", "role", "prompt", "model", "backend"), ""),
                "id": f"{run}-{number}",
                "run": run,
                "agent": "planner",
                "type": kind,
                "wave": 0,
                "tags": (),
                "created": BEGUN + timedelta(minutes=number),
                "text": text,
                "usage": Usage(),
                "simulated": False,
            }
        )
        for number, text in enumerate(texts)
    ]


@given(st.text(alphabet="{}%#a \n-", max_size=40))
def test_a_text_in_a_template_stands_as_it_is(text: str) -> None:
    assert render(as_template(text), {}) == text


def test_the_same_texts_are_asked_about_in_the_same_words() -> None:
    for backend in ("rehearsal", EXTRACTIVE):
        one = material_of(OF, artifacts("x", "y", run="r1"), backend)
        other = material_of(OF, artifacts("x", "y", run="r2"), backend)
        assert one.prompt == other.prompt
        assert material_of(OF, artifacts("x", "z"), backend).prompt != one.prompt


def test_many_and_long_texts_share_the_room() -> None:
    prompt = material_of(OF, artifacts(*["word " * 5000] * 90), "rehearsal").prompt
    assert len(prompt) < MATERIAL_CHARS + 90 * 60 + 2000
    assert prompt.count(" […]\n") == 90


def test_an_extract_says_what_it_is_and_quotes_what_came_of_the_work_first() -> None:
    made = artifacts("# Plan\n\nFirst sentence. Second.", kind="plan") + artifacts(
        "- **Done** it.", "…", "Older."
    )
    lines = extract(OF, made).splitlines()
    assert lines[0].startswith("EXTRACTIVE: no model wrote this")
    assert lines[2:] == ["- Older.", "- Done it.", "- Plan"]


def test_an_extract_is_short_and_drops_labels_and_repetition() -> None:
    text = "SIMULATED (rehearsal): plan of x; no model was asked.\n\nTask as read."
    lines = extract(
        OF, artifacts(text, text, *(f"{number} " + "x" * 900 for number in range(60)))
    ).splitlines()
    assert len(lines) == MOST_LINES + 3 and lines[-1] == "- and 37 more"
    assert all(len(line) <= LINE_CHARS + 2 for line in lines[2:])
    assert extract(OF, artifacts(text, text)).splitlines()[2:] == ["- Task as read."]
    assert "They are SIMULATED." in extract(OF.model_copy(update={"simulated": True}), artifacts(text))
