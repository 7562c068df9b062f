"""Streams as servers really send them: odd usage, unknown events, broken blocks."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.backends.anthropic_api.gather import Gathered, Malformed
from orchestrator.core.turn import Usage


def gathered(*events: Any) -> Gathered:
    found = Gathered()
    for event in events:
        found.add(event)
    return found


def start(**usage: Any) -> dict[str, Any]:
    return {"type": "message_start", "message": {"usage": usage}}


def end(**usage: Any) -> dict[str, Any]:
    return {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": usage}


TEXT = [
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "abcd"}},
]


def test_the_last_stated_usage_holds_and_what_it_omits_stays() -> None:
    found = gathered(start(input_tokens=5, output_tokens=1, cache_read_input_tokens=2), end(output_tokens=9))
    assert found.usage(0) == Usage(input=7, output=9, cached=2)


def test_thinking_tokens_are_stated_as_reasoning() -> None:
    found = gathered(
        start(input_tokens=5), end(output_tokens=9, output_tokens_details={"thinking_tokens": 4})
    )
    assert found.usage(0).reasoning == 4


@pytest.mark.parametrize("odd", [-1, 10**30, "7", True, 1.5, None])
def test_usage_that_cannot_be_is_estimated(odd: Any) -> None:
    found = gathered(start(input_tokens=odd), *TEXT, end(output_tokens=odd))
    assert found.usage(40) == Usage(input=10, output=1, estimated=True)


def test_the_placeholder_of_the_first_event_is_not_taken_for_the_output() -> None:
    found = gathered(start(input_tokens=5, output_tokens=1), *TEXT, *[TEXT[1]] * 9)
    assert found.usage(0) == Usage(input=5, output=10, estimated=True)


def test_unknown_events_blocks_and_deltas_are_passed_over() -> None:
    found = gathered(
        start(),
        {"type": "brand_new"},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "brand_new", "x": 1}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "brand_new_delta"}},
    )
    assert found.text == ""
    assert found.blocks == [{"type": "brand_new", "x": 1}]


def test_blocks_keep_their_order_and_empty_texts_are_left_out() -> None:
    found = gathered(
        {"type": "content_block_start", "index": 2, "content_block": {"type": "text", "text": "c"}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": "a"}},
        {"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": ""}},
    )
    assert found.text == "ac"
    assert found.blocks == [{"type": "text", "text": "a"}, {"type": "text", "text": "c"}]


def test_citations_are_kept_with_their_text() -> None:
    citation = {"type": "citations_delta", "citation": {"cited_text": "x"}}
    found = gathered(*TEXT, {"type": "content_block_delta", "index": 0, "delta": citation})
    assert found.blocks == [{"type": "text", "text": "abcd", "citations": [{"cited_text": "x"}]}]


@pytest.mark.parametrize(
    "event",
    [
        "text",
        None,
        [],
        {"type": "message_start"},
        {"type": "content_block_start", "index": 0},
        {"type": "content_block_start", "content_block": {}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "x"}},
        {"type": "content_block_delta", "index": "0", "delta": {}},
        {"type": "message_delta"},
    ],
)
def test_an_event_that_no_stream_has_is_refused(event: Any) -> None:
    with pytest.raises(Malformed):
        gathered(event)


def test_a_delta_without_its_text_is_refused() -> None:
    with pytest.raises(Malformed):
        gathered(TEXT[0], {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta"}})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda parts: st.lists(parts, max_size=3) | st.dictionaries(st.text(max_size=3), parts, max_size=3),
    max_leaves=5,
)
EVENTS = st.fixed_dictionaries(
    {
        "type": st.sampled_from(
            ["message_start", "content_block_start", "content_block_delta", "message_delta"]
        )
    },
    optional={
        "index": st.integers(0, 2) | JSON,
        "message": st.fixed_dictionaries({"usage": JSON}) | JSON,
        "content_block": st.fixed_dictionaries({"type": st.sampled_from(["text", "thinking"]), "text": JSON}),
        "delta": st.fixed_dictionaries(
            {"type": st.sampled_from(["text_delta", "signature_delta", "citations_delta"]), "text": JSON}
        ),
        "usage": st.dictionaries(st.sampled_from(["input_tokens", "output_tokens"]), JSON),
    },
)


@given(st.lists(EVENTS | JSON, max_size=8))
def test_whatever_is_sent_is_gathered_or_refused_and_never_free(events: list[Any]) -> None:
    found = Gathered()
    try:
        for event in events:
            found.add(event)
    except Malformed:
        pass
    usage = found.usage(400)
    assert usage.input >= 0 and usage.output >= 0
    assert usage.estimated or found.stop_reason is None or "output_tokens" in str(events)
