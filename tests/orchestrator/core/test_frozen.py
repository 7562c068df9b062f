"""Bytes and digests that depend on content alone; they are recorded, so they must never change."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from orchestrator.core.frozen import canonical, digest_of
from orchestrator.core.turn import Usage


def test_canonical_json_sorts_keys_and_spends_no_space() -> None:
    assert (
        canonical({"b": [1, None, True], "a": {"z": 1.5, "y": "é\n"}})
        == '{"a":{"y":"é\\n","z":1.5},"b":[1,null,true]}'.encode()
    )


def test_canonical_json_does_not_depend_on_the_order_of_keys() -> None:
    assert canonical({"a": 1, "b": 2}) == canonical({"b": 2, "a": 1})


def test_what_is_no_json_has_no_canonical_form() -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        canonical(float("nan"))


def test_a_digest_is_the_sha256_in_lower_case() -> None:
    assert digest_of(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_frozen_values_cannot_be_changed_and_refuse_unknown_fields() -> None:
    usage = Usage(input=1)
    with pytest.raises(ValidationError, match="frozen"):
        usage.input = 2  # type: ignore[misc]  # that it is refused is the point
    with pytest.raises(ValidationError, match="Extra inputs"):
        Usage.model_validate({"input": 1, "spent": 2})
