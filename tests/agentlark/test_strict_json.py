"""JSON of models, read strictly: one value, nothing guessed."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentlark.strict_json import JsonRefused, strict_json

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(values)
def test_what_json_writes_is_read_back(value: object) -> None:
    assert strict_json(json.dumps(value)) == value


@given(st.text(max_size=60))
def test_any_text_is_a_value_or_refused_and_never_breaks(text: str) -> None:
    try:
        found = strict_json(text)
    except JsonRefused:
        return
    assert json.loads(text) == found


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "it is not JSON"),
        ("here: {}", "it is not JSON"),
        ("{} {}", "Extra data at line 1 column 4"),
        ("```json\n{}\n```", "it is not JSON"),
        ("{'a': 1}", "line 1 column 2"),
        ('{"a": 1,}', "it is not JSON"),
        ('{"a": 1', "it is not JSON"),
        ('{"a": 1, "b": {"c": 1, "c": 2}}', "the key 'c' stands twice in one object"),
        ('{"a": NaN}', "NaN is not JSON"),
        ("[Infinity]", "Infinity is not JSON"),
        ("[-Infinity]", "-Infinity is not JSON"),
        ("[" * 200_000, "it is nested too deeply"),
        ("[" + "9" * 5000 + "]", "too many digits"),
        ('"\\ud800"', "half a character"),
        ('{"\\uDFFF": 1}', "half a character"),
        ("// note\n{}", "it is not JSON"),
    ],
)
def test_whatever_is_not_exactly_one_value_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(JsonRefused) as refused:
        strict_json(text)
    assert reason in str(refused.value)


def test_a_whole_surrogate_pair_is_a_character() -> None:
    assert strict_json('"\\ud83d\\ude00"') == "😀"


def test_space_around_the_value_is_no_prose() -> None:
    assert strict_json(' \n{"a": [1]}\n ') == {"a": [1]}
