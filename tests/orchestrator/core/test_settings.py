"""What was asked for, by whom, and what holds."""

from __future__ import annotations

import pytest

from orchestrator.core.errors import UserError
from orchestrator.core.settings import (
    DEFAULT_JOBS,
    Choice,
    Flags,
    Pace,
    Telemetry,
    config_override,
    known_secrets,
    settle,
    wants_plain,
)


def test_without_a_key_and_without_being_asked_the_rehearsal_answers() -> None:
    held = settle(Flags(), {})
    assert held.backend is None
    assert held.fallback == Choice("rehearsal", "no backend was asked for and no key is set")
    assert (held.model, held.base_url, held.jobs, held.fail_fast) == (None, None, DEFAULT_JOBS, False)


def test_with_a_key_anthropic_answers_and_says_why() -> None:
    held = settle(Flags(), {"ANTHROPIC_API_KEY": "k"})
    assert held.fallback == Choice("anthropic", "ANTHROPIC_API_KEY is set")
    assert held.backend is None


def test_an_empty_key_is_no_key() -> None:
    held = settle(Flags(), {"ANTHROPIC_API_KEY": ""})
    assert held.fallback.value == "rehearsal"
    assert held.credentials == {}


def test_a_flag_beats_the_environment() -> None:
    env = {"ORCHESTRATED_CODEX_BACKEND": "anthropic", "ANTHROPIC_BASE_URL": "http://env"}
    assert settle(Flags(), env).backend == Choice("anthropic", "ORCHESTRATED_CODEX_BACKEND")
    assert settle(Flags(), env).base_url == Choice("http://env", "ANTHROPIC_BASE_URL")
    held = settle(Flags(backend="rehearsal", base_url="http://flag"), env)
    assert held.backend == Choice("rehearsal", "--backend")
    assert held.base_url == Choice("http://flag", "--base-url")


def test_an_empty_variable_asks_for_nothing() -> None:
    assert settle(Flags(), {"ORCHESTRATED_CODEX_BACKEND": ""}).backend is None


def test_a_resumed_run_keeps_the_backend_it_fell_back_to_whatever_keys_are_set_now() -> None:
    held = settle(Flags(fallback="rehearsal"), {"ANTHROPIC_API_KEY": "k"})
    assert held.fallback == Choice("rehearsal", "the run's record")


def test_the_model_comes_from_the_flag() -> None:
    assert settle(Flags(model="m"), {}).model == Choice("m", "--model")


@pytest.mark.parametrize("flags", [Flags(jobs=0), Flags(jobs=-3), Flags(rehearsal_delay_s=-1)])
def test_values_that_cannot_be_meant_are_refused_with_a_remedy(flags: Flags) -> None:
    with pytest.raises(UserError) as raised:
        settle(flags, {})
    assert raised.value.remedy


def test_credentials_and_secrets_are_not_shown_with_the_settings() -> None:
    held = settle(Flags(), {"ANTHROPIC_API_KEY": "very-secret-indeed"})
    assert held.credentials == {"ANTHROPIC_API_KEY": "very-secret-indeed"}
    assert "very-secret-indeed" in held.secrets
    assert "very-secret-indeed" not in repr(held)


@pytest.mark.parametrize(
    "name",
    [
        "ANTHROPIC_API_KEY",
        "GITHUB_TOKEN",
        "DB_PASSWORD",
        "my_secret",
        "AWS_SECRET_ACCESS_KEY",
        "X_CREDENTIALS",
        "PASSWD",
    ],
)
def test_variables_named_like_secrets_are_secrets(name: str) -> None:
    assert known_secrets({name: " abcdefgh "}) == ("abcdefgh",)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("API_KEY", "short"),
        ("KEYBOARD", "abcdefgh"),
        ("TOKENIZER_PATH", "abcdefgh"),
        ("API_KEY", "       x     "),
    ],
)
def test_other_variables_and_short_values_are_not(name: str, value: str) -> None:
    assert known_secrets({name: value}) == ()


def test_secrets_come_longest_first_so_that_one_inside_another_leaves_no_rest() -> None:
    assert known_secrets({"A_KEY": "12345678", "B_KEY": "1234567890", "C_KEY": "12345678"}) == (
        "1234567890",
        "12345678",
    )


def test_the_environment_may_name_a_compiled_file() -> None:
    assert config_override({"ORCHESTRATED_CODEX_AGENTS_CONFIG": "x.json"}) == "x.json"
    assert config_override({"ORCHESTRATED_CODEX_AGENTS_CONFIG": ""}) is None


@pytest.mark.parametrize(
    ("env", "plain"),
    [({}, False), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, True)],
)
def test_a_dumb_terminal_gets_plain_lines_and_no_color_only_loses_its_colour(
    env: dict[str, str], plain: bool
) -> None:
    assert wants_plain(env) is plain


def test_the_environment_of_the_process_is_read_when_none_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORCHESTRATED_CODEX_BACKEND", "rehearsal")
    assert settle(Flags()).backend == Choice("rehearsal", "ORCHESTRATED_CODEX_BACKEND")


def test_a_pace_comes_from_flags_and_for_what_they_leave_out_from_the_environment() -> None:
    env = {"AGENTLARK_REQUESTS_PER_MINUTE": "50", "AGENTLARK_TOKENS_PER_MINUTE": "30000"}
    assert settle(Flags(), {}).pace == Pace()
    assert settle(Flags(), env).pace == Pace(50, 30_000)
    assert settle(Flags(pace=Pace(requests=7)), env).pace == Pace(7, 30_000)


@pytest.mark.parametrize("text", ["0", "-1", "many", "1.5", "9" * 30, "٣"])
def test_a_pace_that_cannot_be_meant_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="AGENTLARK_TOKENS_PER_MINUTE"):
        settle(Flags(), {"AGENTLARK_TOKENS_PER_MINUTE": text})


@pytest.mark.parametrize("pace", [Pace(requests=0), Pace(tokens=-5)])
def test_a_pace_of_nothing_is_refused(pace: Pace) -> None:
    with pytest.raises(UserError, match="-per-minute"):
        settle(Flags(pace=pace), {})


def test_a_collector_is_named_by_a_flag_or_as_every_sdk_is_told() -> None:
    env = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://env:4318"}
    flagged = settle(Flags(otel="http://flag:4318", otel_content=True), env).telemetry
    assert flagged == Telemetry(Choice("http://flag:4318", "--otel"), content=True)
    found = settle(Flags(), env).telemetry
    assert found == Telemetry(Choice("http://env:4318", "OTEL_EXPORTER_OTLP_ENDPOINT"), content=False)
    assert settle(Flags(), env | {"OTEL_SDK_DISABLED": "TRUE"}).telemetry is None
    assert settle(Flags(), {}).telemetry is None


@pytest.mark.parametrize(
    "address", ["collector:4318", "ftp://x", "http://", "http://u:geheim@x", "http://x:port"]
)
def test_what_is_no_address_of_a_collector_is_refused_without_quoting_it(address: str) -> None:
    with pytest.raises(UserError, match="--otel") as caught:
        settle(Flags(otel=address), {})
    assert "geheim" not in str(caught.value)
