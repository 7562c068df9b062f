"""The Anthropic backend against the loopback server: what is sent, what comes back, what goes wrong."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from orchestrator.backends.anthropic_api import AnthropicBackend, AnthropicOptions
from orchestrator.backends.loopback import LoopbackServer, Reply, ReplyUsage, echo, scripted
from orchestrator.backends.loopback.exchange import ReplyFunction
from orchestrator.core.errors import UserError
from orchestrator.core.facts import Told
from orchestrator.core.turn import Done, Failed, Message, Outcome, TurnOrder, Usage

if TYPE_CHECKING:
    from tests.orchestrator.backends.conftest import Listener

Orders = Callable[..., TurnOrder]

KEY = "dummy-key-0123456789"


def perform(
    order: TurnOrder,
    listener: Listener,
    reply: ReplyFunction = echo,
    *,
    fault: str | None = None,
    key: str = KEY,
    **options: Any,
) -> tuple[Outcome, LoopbackServer]:
    """The outcome of one order, and the server that was asked."""

    async def main() -> tuple[Outcome, LoopbackServer]:
        async with LoopbackServer(reply, key=KEY) as server:
            url = server.fault_url(fault) if fault else server.base_url
            backend = AnthropicBackend(key, url, AnthropicOptions(**options))
            try:
                return await backend.perform(order, listener), server
            finally:
                await backend.aclose()

    return asyncio.run(main())


def done(order: TurnOrder, listener: Listener, reply: ReplyFunction = echo, **kwargs: Any) -> Done:
    outcome, _ = perform(order, listener, reply, **kwargs)
    assert isinstance(outcome, Done), outcome
    return outcome


def failed(order: TurnOrder, listener: Listener, reply: ReplyFunction = echo, **kwargs: Any) -> Failed:
    outcome, server = perform(order, listener, reply, **kwargs)
    assert isinstance(outcome, Failed), outcome
    assert len(server.exchanges) <= 1, "the run retries, the backend must not"
    assert KEY not in outcome.error
    assert outcome.error.startswith("anthropic: ")
    return outcome


def body_of(order: TurnOrder, listener: Listener, reply: ReplyFunction = echo) -> dict[str, Any]:
    """What is sent for an order."""
    outcome, server = perform(order, listener, reply)
    assert isinstance(outcome, Done), outcome
    return dict(server.exchanges[0].asked.body)


def test_an_answer_is_streamed_and_told_as_it_arrives(order: Orders, listener: Listener) -> None:
    answer = done(order("Ship it"), listener)
    assert "“Ship it”" in answer.message.text
    assert listener.text == answer.message.text
    assert len(listener.told) > 1
    assert not answer.simulated


def test_the_request_carries_model_ceiling_and_prompt_and_nothing_that_was_not_asked_for(
    order: Orders, listener: Listener
) -> None:
    body = body_of(order("Ship it", model="claude-sonnet-5-5", max_tokens=321), listener)
    assert body == {
        "model": "claude-sonnet-5-5",
        "max_tokens": 321,
        "messages": [{"role": "user", "content": "Ship it"}],
        "stream": True,
    }


def test_effort_is_passed_on(order: Orders, listener: Listener) -> None:
    body = body_of(order(options={"effort": "high"}), listener)
    assert body["output_config"] == {"effort": "high"}


def test_usage_counts_the_cache_as_input(order: Orders, listener: Listener) -> None:
    usage = ReplyUsage(input=3, output=5, cache_read=7, cache_written=11)
    answer = done(order(), listener, scripted([Reply("yes", usage=usage)]))
    assert answer.usage == Usage(input=21, output=5, cached=7)


def test_usage_that_is_not_stated_is_estimated_and_says_so(order: Orders, listener: Listener) -> None:
    answer = done(order("x" * 400), listener, scripted([Reply("y" * 40)]), fault="no-usage")
    assert answer.usage == Usage(input=100, output=10, estimated=True)


def test_blocks_beside_the_text_come_back_on_the_next_turn_as_they_were(
    order: Orders, listener: Listener
) -> None:
    async def main() -> LoopbackServer:
        async with LoopbackServer(scripted([Reply("The plan.", thinking="Hmm."), "Done."])) as server:
            backend = AnthropicBackend(KEY, server.base_url)
            plan = await backend.perform(order("Plan"), listener)
            assert isinstance(plan, Done)
            assert plan.message.text == "The plan."
            thread = [Message(role="user", text="Plan"), plan.message]
            stored = [Message.model_validate_json(message.model_dump_json()) for message in thread]
            await backend.perform(order("Follow up", stored), listener)
            await backend.aclose()
            return server

    messages = asyncio.run(main()).exchanges[1].asked.body["messages"]
    assert messages == [
        {"role": "user", "content": "Plan"},
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "Hmm.", "signature": "loopback-signature"},
                {"type": "text", "text": "The plan."},
            ],
        },
        {"role": "user", "content": "Follow up"},
    ]


def test_a_plain_text_answer_keeps_nothing_beside_its_text(order: Orders, listener: Listener) -> None:
    assert done(order(), listener).message.native is None


@pytest.mark.parametrize(
    "native",
    [
        None,
        {"other": [{"type": "text", "text": "The plan."}]},
        {"anthropic": [{"type": "text", "text": "The plan with a secret."}]},
        ["unknown"],
    ],
)
def test_a_message_whose_blocks_are_foreign_or_say_something_else_is_sent_as_text(
    native: Any, order: Orders, listener: Listener
) -> None:
    thread = [
        Message(role="user", text="Plan"),
        Message(role="assistant", text="The plan.", native=native),
    ]
    assert body_of(order("Go on", thread), listener)["messages"][1]["content"] == "The plan."


SCHEMA = {
    "type": "object",
    "required": ["verdict"],
    "additionalProperties": False,
    "properties": {"verdict": {"enum": ["ok", "bad"]}, "count": {"type": "integer", "minimum": 0}},
}


def test_an_object_schema_is_enforced_by_the_api(order: Orders, listener: Listener) -> None:
    outcome, server = perform(order(output_schema=SCHEMA), listener)
    assert isinstance(outcome, Done)
    assert json.loads(outcome.message.text)["verdict"] in {"ok", "bad"}
    config: Any = server.exchanges[0].asked.body["output_config"]
    assert config["format"]["type"] == "json_schema"
    assert config["format"]["schema"]["required"] == ["verdict"]
    assert "minimum" not in config["format"]["schema"]["properties"]["count"]


@pytest.mark.parametrize("schema", [{"type": "array", "items": {"type": "string"}}, {"type": "object"}])
def test_a_schema_the_api_cannot_enforce_is_left_to_the_prompt(
    schema: Any, order: Orders, listener: Listener
) -> None:
    assert "output_config" not in body_of(order(output_schema=schema), listener)


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"tools": ["shell"]}, "shell"),
        ({"options": {"temperature": 1}}, "temperature"),
        ({"options": {"effort": "huge"}}, "huge"),
    ],
)
def test_what_the_backend_cannot_do_is_said_before_anything_is_sent(
    fields: dict[str, Any], word: str, order: Orders, listener: Listener
) -> None:
    outcome, server = perform(order(**fields), listener)
    assert isinstance(outcome, Failed)
    assert (outcome.paid, outcome.retryable) == ("no", False)
    assert word in outcome.error
    assert server.exchanges == []


@pytest.mark.parametrize(
    ("status", "remedy"),
    [
        (400, "effort"),
        (401, "ANTHROPIC_API_KEY"),
        (402, "billing"),
        (403, "--model"),
        (404, "--base-url"),
        (413, "shorten"),
        (422, "--base-url"),
    ],
)
def test_a_refused_request_is_not_worth_repeating_and_says_what_to_do(
    status: int, remedy: str, order: Orders, listener: Listener
) -> None:
    outcome = failed(order(), listener, scripted([Reply(status=status, error="because I say so")]))
    assert (outcome.paid, outcome.retryable, outcome.usage) == ("no", False, None)
    assert f"HTTP {status}" in outcome.error
    assert "because I say so" in outcome.error
    assert remedy in outcome.error.partition("help:")[2]


def test_a_wrong_key_is_refused_without_being_shown(order: Orders, listener: Listener) -> None:
    outcome = failed(order(), listener, key="sk-wrong-key-0123456789")
    assert "HTTP 401" in outcome.error
    assert "sk-wrong" not in outcome.error


@pytest.mark.parametrize("status", [409, 429, 500, 502, 503, 529])
def test_a_passing_refusal_is_unpaid_and_worth_repeating(
    status: int, order: Orders, listener: Listener
) -> None:
    outcome = failed(order(), listener, scripted([Reply(status=status)]))
    assert (outcome.paid, outcome.retryable) == ("no", True)


@pytest.mark.parametrize("status", [408, 504])
def test_a_deadline_of_the_server_leaves_open_whether_it_was_paid(
    status: int, order: Orders, listener: Listener
) -> None:
    outcome = failed(order(), listener, scripted([Reply(status=status)]))
    assert (outcome.paid, outcome.retryable) == ("unknown", True)


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ("7", 7.0),
        ("0.5", 0.5),
        ("0", 0.0),
        ("99999999", 86_400.0),
        ("-3", None),
        ("nan", None),
        ("inf", None),
        ("soon", None),
        ("Wed, 21 Oct 2026 07:28:00 GMT", None),
        (None, None),
    ],
)
def test_a_rate_limit_passes_on_a_sane_time_to_wait(
    stated: str | None, expected: float | None, order: Orders, listener: Listener
) -> None:
    outcome = failed(order(), listener, scripted([Reply(status=429, retry_after=stated)]))
    assert outcome.retry_after_s == expected


def test_a_web_page_instead_of_a_stream_is_no_answer(order: Orders, listener: Listener) -> None:
    outcome = failed(order(), listener, fault="html")
    assert (outcome.paid, outcome.retryable) == ("unknown", True)
    assert "text/html" in outcome.error
    assert "log in" not in outcome.error


def test_a_stream_cut_in_good_order_is_no_answer(order: Orders, listener: Listener) -> None:
    outcome = failed(order("x" * 400), listener, fault="cut")
    assert (outcome.paid, outcome.retryable) == ("unknown", True)
    assert "cut before its end" in outcome.error
    assert listener.text
    assert outcome.usage is not None
    assert outcome.usage.input == 100
    assert outcome.usage.estimated


def test_an_answer_without_a_reason_to_stop_is_no_answer(order: Orders, listener: Listener) -> None:
    outcome = failed(order(), listener, fault="none")
    assert (outcome.paid, outcome.retryable) == ("unknown", True)


def test_a_connection_reset_in_the_middle_is_no_answer(order: Orders, listener: Listener) -> None:
    outcome = failed(order(), listener, fault="reset")
    assert (outcome.paid, outcome.retryable) == ("unknown", True)
    assert "in the middle of the answer" in outcome.error


def test_an_event_that_is_no_json_is_no_answer(order: Orders, listener: Listener) -> None:
    outcome = failed(order(), listener, fault="malformed")
    assert (outcome.paid, outcome.retryable) == ("unknown", True)
    assert "not a Messages stream" in outcome.error


def test_an_overload_reported_in_the_stream_is_worth_repeating(order: Orders, listener: Listener) -> None:
    outcome = failed(order(), listener, fault="error-event")
    assert (outcome.paid, outcome.retryable) == ("unknown", True)
    assert "overloaded_error" in outcome.error


@pytest.mark.parametrize("fault", ["stall", "silent"])
def test_silence_is_ended_by_the_idle_limit(fault: str, order: Orders, listener: Listener) -> None:
    outcome = failed(order(), listener, fault=fault, idle_s=0.5)
    assert (outcome.paid, outcome.retryable) == ("unknown", True)
    assert "nothing more came" in outcome.error
    assert (outcome.usage is None) is (fault == "silent")


def test_a_stream_that_trickles_is_ended_by_the_deadline(order: Orders, listener: Listener) -> None:
    async def main() -> Outcome:
        slow = Reply("word " * 40, fault="slow", pause_s=0.25)
        async with LoopbackServer(scripted(["warm", slow])) as server:
            backend = AnthropicBackend(KEY, server.base_url)
            await backend.perform(order(), listener)  # the SDK's import is not part of what is timed
            outcome = await backend.perform(order(deadline_s=1.0), listener)
            await backend.aclose()
            await asyncio.wait_for(server.exchanges[1].over.wait(), 5)
            assert server.exchanges[1].ended == "disconnected"
            return outcome

    outcome = asyncio.run(main())
    assert isinstance(outcome, Failed)
    assert (outcome.paid, outcome.retryable) == ("unknown", True)
    assert "timeout_s" in outcome.error
    assert outcome.usage is not None


def test_a_slow_stream_within_its_limits_is_an_answer(order: Orders, listener: Listener) -> None:
    assert done(order(), listener, fault="slow").message.text


def test_a_refused_connection_is_unpaid_and_worth_repeating(order: Orders, listener: Listener) -> None:
    async def main() -> Outcome:
        async with LoopbackServer() as server:
            url = server.base_url
        backend = AnthropicBackend(KEY, url)
        try:
            return await backend.perform(order(), listener)
        finally:
            await backend.aclose()

    outcome = asyncio.run(main())
    assert isinstance(outcome, Failed)
    assert (outcome.paid, outcome.retryable) == ("no", True)
    assert "127.0.0.1" in outcome.error


def test_an_answer_cut_at_the_ceiling_is_paid_and_names_the_setting(
    order: Orders, listener: Listener
) -> None:
    outcome = failed(order(max_tokens=50), listener, fault="max_tokens")
    assert (outcome.paid, outcome.retryable) == ("yes", False)
    assert "max_output_tokens" in outcome.error
    assert outcome.usage is not None
    assert outcome.usage.output > 0


@pytest.mark.parametrize(
    ("fault", "word"), [("refusal", "refused"), ("window", "window"), ("pause", "pause_turn")]
)
def test_an_answer_that_ends_otherwise_is_paid_and_not_repeated(
    fault: str, word: str, order: Orders, listener: Listener
) -> None:
    outcome = failed(order(), listener, fault=fault)
    assert (outcome.paid, outcome.retryable) == ("yes", False)
    assert word in outcome.error
    assert outcome.usage is not None


def test_an_empty_answer_is_paid_and_no_answer(order: Orders, listener: Listener) -> None:
    outcome = failed(order(), listener, scripted([Reply("", thinking="Hmm.")]))
    assert (outcome.paid, outcome.retryable) == ("yes", True)


def test_an_error_that_repeats_the_key_is_shown_without_it(order: Orders, listener: Listener) -> None:
    outcome = failed(order(), listener, scripted([Reply(status=400, error=f"bad key {KEY}\x1b[2J")]))
    assert "bad key [key]" in outcome.error
    assert "\x1b" not in outcome.error


def test_cancelling_closes_the_connection_and_passes_on(order: Orders, listener: Listener) -> None:
    async def main() -> LoopbackServer:
        arrived = asyncio.Event()

        async def tell(item: Told) -> None:
            arrived.set()

        async with LoopbackServer(scripted([Reply("word " * 40, fault="stall")])) as server:
            backend = AnthropicBackend(KEY, server.base_url)
            turn = asyncio.create_task(backend.perform(order(), tell))
            await asyncio.wait_for(arrived.wait(), 20)
            turn.cancel()
            with pytest.raises(asyncio.CancelledError):
                await turn
            await asyncio.wait_for(server.exchanges[0].over.wait(), 5)
            await backend.aclose()
        return server

    assert asyncio.run(main()).exchanges[0].ended == "disconnected"


@pytest.mark.parametrize("raised", [TimeoutError, ValueError, ConnectionError])
def test_what_a_listener_raises_is_not_taken_for_a_failure_of_the_turn(
    raised: type[Exception], order: Orders
) -> None:
    async def tell(item: Told) -> None:
        raise raised("the listener's own")

    async def main() -> None:
        async with LoopbackServer() as server:
            backend = AnthropicBackend(KEY, server.base_url)
            try:
                await backend.perform(order(), tell)
            finally:
                await backend.aclose()

    with pytest.raises(raised, match="the listener's own"):
        asyncio.run(main())


def test_many_turns_share_one_client(order: Orders, listener: Listener) -> None:
    async def main() -> list[Outcome]:
        async with LoopbackServer() as server:
            backend = AnthropicBackend(KEY, server.base_url)
            outcomes = await asyncio.gather(
                *(backend.perform(order(f"prompt {number}"), listener) for number in range(20))
            )
            await backend.aclose()
            await backend.aclose()
            return list(outcomes)

    outcomes = asyncio.run(main())
    for number, outcome in enumerate(outcomes):
        assert isinstance(outcome, Done)
        assert f"“prompt {number}”" in outcome.message.text


def test_the_environment_changes_nothing(
    order: Orders, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "another-key")
    monkeypatch.setenv("ANTHROPIC_AUTH_TOKEN", "another-token")
    monkeypatch.setenv("ANTHROPIC_CUSTOM_HEADERS", "X-Planted: yes")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    outcome, server = perform(order(), listener, headers={"X-Mine": "1", "anthropic-version": "2023-06-01"})
    assert isinstance(outcome, Done), outcome
    headers = server.exchanges[0].asked.headers
    assert headers["authorization"] == f"Bearer {KEY}"
    assert "x-planted" not in headers
    assert (headers["x-mine"], headers["anthropic-version"]) == ("1", "2023-06-01")


def test_importing_the_sdk_does_not_hold_up_the_event_loop() -> None:
    program = (
        "import asyncio, sys, time\n"
        "from orchestrator.backends.anthropic_api import AnthropicBackend\n"
        "assert 'anthropic' not in sys.modules\n"
        "async def main():\n"
        "    backend = AnthropicBackend('key', 'http://127.0.0.1:1')\n"
        "    opening = asyncio.create_task(backend._opened())\n"
        "    ticks = 0\n"
        "    while not opening.done():\n"
        "        await asyncio.sleep(0.001)\n"
        "        ticks += 1\n"
        "    await backend.aclose()\n"
        "    assert 'anthropic' in sys.modules\n"
        "    print(ticks)\n"
        "asyncio.run(main())\n"
    )
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(part for part in sys.path if part)}
    ran = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True, check=True)
    assert int(ran.stdout) > 3


@pytest.mark.parametrize("key", ["", "  ", "two\nlines", "schlüssel-0123456789"])
def test_a_key_that_cannot_be_one_is_refused_without_being_shown(key: str) -> None:
    with pytest.raises(UserError) as raised:
        AnthropicBackend(key)
    assert "ANTHROPIC_API_KEY" in str(raised.value)
    assert not key.strip() or key not in str(raised.value)


@pytest.mark.parametrize("url", ["", "api.anthropic.com", "ftp://x", "http://", "http://[", "http://x:port"])
def test_a_base_url_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(UserError, match="no address"):
        AnthropicBackend(KEY, url)


def test_a_base_url_that_only_the_client_finds_wrong_is_a_failure_of_the_turn(
    order: Orders, listener: Listener
) -> None:
    outcome = asyncio.run(AnthropicBackend(KEY, "http://[v1.x]").perform(order(), listener))
    assert isinstance(outcome, Failed)
    assert (outcome.paid, outcome.retryable) == ("no", False)
    assert "--base-url" in outcome.error


def test_the_card_names_the_address_without_credentials() -> None:
    card = AnthropicBackend(KEY, "https://user:secret@models.example.org:8443/v1?token=secret").card
    assert card.where == "https://models.example.org:8443/v1"
