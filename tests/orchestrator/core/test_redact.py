"""Redaction: what is a secret, what only looks a little like one, and what may be shown of a growing text."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from orchestrator.core.redact import MARK, Redactor

PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow+/=\nAbCd\n-----END RSA PRIVATE KEY-----"


@pytest.mark.parametrize(
    "secret",
    [
        "sk-ant-api03-AAAAAAAAAAAAAAAAAAAAAAAA",
        "sk-proj-abcdefghijklmnopqrstuvwx",
        "ghp_" + "a1B2" * 9,
        "gho_" + "a1B2" * 9,
        "github_pat_" + "a1B2_" * 10,
        "AKIAIOSFODNN7EXAMPLE",
        "ASIAIOSFODNN7EXAMPLE",
        "AIza" + "a-B_c" * 7,
        "xoxb-1234567890-abcdef",
        "glpat-abcdefghij0123456789",
        PEM,
        PEM.replace("RSA ", ""),
        PEM.replace("RSA ", "ENCRYPTED ").replace(
            "MIIE", "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,A0\n\nMIIE"
        ),
    ],
)
def test_well_known_credentials_are_replaced_wherever_they_stand(secret: str) -> None:
    redactor = Redactor()
    assert redactor.text(secret) == MARK
    assert redactor.text(f"key={secret}.") == f"key={MARK}."
    assert redactor.text(f'"{secret}" and ({secret})') == f'"{MARK}" and ({MARK})'


@pytest.mark.parametrize(
    "text",
    [
        "task-implementation-of-the-whole-thing",
        "the risk-assessment-of-every-single-part",
        "disk-usage-monitoring-service-v2",
        "sk-short",
        "AKIA is a prefix",
        "-----BEGIN PUBLIC KEY-----\nMIIE\n-----END PUBLIC KEY-----",
        "xoxb",
        "",
    ],
)
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert Redactor().text(text) == text


def test_a_key_after_an_escaped_newline_is_found() -> None:
    assert Redactor().text(r'"a\nsk-abcdefghijklmnopqrstuvwx"') == rf'"a\n{MARK}"'


def test_a_private_key_inside_json_is_found() -> None:
    assert (
        Redactor().text('{"key": "' + PEM.replace("\n", r"\n") + '", "b": 1}')
        == f'{{"key": "{MARK}", "b": 1}}'
    )


def test_a_private_key_spread_over_lines_of_code_is_found() -> None:
    code = 'key = ("' + PEM.replace("\n", '\\n" +\n "') + '");'
    assert Redactor().text(code) == f'key = ("{MARK}");'


def test_a_private_key_that_was_cut_off_is_replaced_to_its_end() -> None:
    assert Redactor().text(f"see\n{PEM[:50]}") == f"see\n{MARK}"


def test_mentioning_how_a_private_key_begins_does_not_cost_the_rest_of_the_text() -> None:
    text = "Look for `-----BEGIN RSA PRIVATE KEY-----` in the repository. Then rotate it."
    assert Redactor().text(text) == f"Look for `{MARK}` in the repository. Then rotate it."


def test_known_values_go_first_and_are_taken_literally() -> None:
    redactor = Redactor(["a.c+(x)", "prefix-and-more", "prefix"])
    assert redactor.text("a.c+(x) abc+(x) prefix-and-more prefix") == f"{MARK} abc+(x) {MARK} {MARK}"


def test_values_are_redacted_throughout_keys_included() -> None:
    value: JsonValue = {"hidden!!": ["x hidden!!", 1, None, {"a": "hidden!!"}], "b": True, "c": 1.5}
    assert Redactor(["hidden!!"]).value(value) == {
        MARK: [f"x {MARK}", 1, None, {"a": MARK}],
        "b": True,
        "c": 1.5,
    }


def test_a_value_without_secrets_stays_as_it_is() -> None:
    value: JsonValue = {"a": ["b", {"c": None}], "d": 1}
    assert Redactor(["hidden!!"]).value(value) == value


@pytest.mark.parametrize(
    ("text", "settled"),
    [
        ("", 0),
        ("half a line", 0),
        ("a line\n", 7),
        ("a line\nhalf", 7),
        ("a\n-----BEGIN PRIVATE KEY-----\nMII\n", 2),
        (f"a\n{PEM}\n", 3 + len(PEM)),
        ("a\none of two\n", 2),
        ("a\none of two\ntwo of two\n", 24),
        ("a\none of two\nother\n", 19),
    ],
)
def test_only_complete_lines_in_which_no_secret_is_open_are_settled(text: str, settled: int) -> None:
    assert Redactor(["one of two\ntwo of two"]).settled(text) == settled


SECRETS = ["hidden!!", "one of two\ntwo of two", PEM]


@settings(derandomize=True, deadline=None, max_examples=300)
@given(
    st.lists(st.sampled_from([*SECRETS, PEM[:40], "one of two\n", "\n", "x", "text. "]), max_size=8),
    st.data(),
)
def test_showing_settled_pieces_gives_the_same_as_redacting_the_whole(
    parts: list[str], data: st.DataObject
) -> None:
    redactor = Redactor(SECRETS[:2])
    text, shown, pending = "".join(parts), "", ""
    while text:
        size = data.draw(st.integers(1, len(text)))
        pending, text = pending + text[:size], text[size:]
        settled = redactor.settled(pending)
        shown, pending = shown + redactor.text(pending[:settled]), pending[settled:]
    assert shown + redactor.text(pending) == redactor.text("".join(parts))
