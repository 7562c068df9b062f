"""The loopback server, asked over real sockets of the loopback interface."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import aiohttp
import pytest

from agentlark.blueprint import BLUEPRINT_SCHEMA, read_blueprint
from orchestrator.backends.loopback import FAULTS, LoopbackServer, Reply, ReplyUsage, faulted, scripted
from orchestrator.core.errors import ServerError

T = TypeVar("T")

ASK: dict[str, Any] = {
    "model": "claude-sonnet-5-5",
    "max_tokens": 100,
    "messages": [{"role": "user", "content": "Ship the MVP"}],
}
KEY = {"x-api-key": "dummy"}


def run(
    check: Callable[[LoopbackServer, aiohttp.ClientSession], Awaitable[T]],
    server: LoopbackServer | None = None,
) -> T:
    """Run a check with a started server and a client."""

    async def main() -> T:
        async with server or LoopbackServer() as started, aiohttp.ClientSession(started.base_url) as client:
            return await check(started, client)

    return asyncio.run(main())


def post(
    body: dict[str, Any], *, path: str = "/v1/messages", headers: dict[str, str] | None = None, **server: Any
) -> tuple[int, str, dict[str, str]]:
    """The status, text and headers of one reply."""

    async def check(_: LoopbackServer, client: aiohttp.ClientSession) -> tuple[int, str, dict[str, str]]:
        async with client.post(path, json=body, headers=KEY if headers is None else headers) as response:
            return response.status, await response.text(), {k.lower(): v for k, v in response.headers.items()}

    return run(check, LoopbackServer(**server))


def events(text: str) -> list[dict[str, Any]]:
    """The data of server-sent events."""
    found = []
    for part in text.split("\n\n")[:-1]:
        name, data = part.split("\n")
        parsed = json.loads(data.removeprefix("data: "))
        assert name == f"event: {parsed['type']}"
        found.append(parsed)
    return found


def test_a_plain_reply_is_deterministic_and_says_that_it_is_simulated() -> None:
    first, second = post(ASK), post(ASK)
    assert first[:2] == second[:2]
    message = json.loads(first[1])
    assert first[0] == 200
    assert message["content"][0]["text"].startswith("SIMULATED")
    assert "Ship the MVP" in message["content"][0]["text"]
    assert message["stop_reason"] == "end_turn"


def test_a_stream_carries_the_same_reply_in_deltas() -> None:
    whole = json.loads(post(ASK)[1])
    stream = events(post({**ASK, "stream": True})[1])
    assert stream[0]["type"] == "message_start"
    assert stream[-1]["type"] == "message_stop"
    text = "".join(event["delta"]["text"] for event in stream if event["type"] == "content_block_delta")
    assert text == whole["content"][0]["text"]
    assert stream[-2]["usage"]["output_tokens"] == whole["usage"]["output_tokens"]


def test_thinking_comes_as_a_block_of_its_own_with_a_signature() -> None:
    stream = events(post({**ASK, "stream": True}, reply=scripted([Reply("yes", thinking="hmm")]))[1])
    starts = [event["content_block"]["type"] for event in stream if event["type"] == "content_block_start"]
    assert starts == ["thinking", "text"]
    kinds = {event["delta"]["type"] for event in stream if event["type"] == "content_block_delta"}
    assert kinds == {"thinking_delta", "signature_delta", "text_delta"}


def test_a_json_schema_gets_a_valid_value() -> None:
    schema = {"type": "object", "required": ["ok"], "properties": {"ok": {"type": "boolean"}}}
    body = {**ASK, "output_config": {"format": {"type": "json_schema", "schema": schema}}}
    value = json.loads(json.loads(post(body)[1])["content"][0]["text"])
    assert isinstance(value["ok"], bool)


def test_a_schema_without_a_value_is_refused() -> None:
    body = {**ASK, "output_config": {"format": {"type": "json_schema", "schema": {"not": {}}}}}
    status, text, _ = post(body)
    assert status == 400
    assert "cannot fill" in text


def test_a_blueprint_schema_gets_a_blueprint_that_the_checker_accepts() -> None:
    body = {**ASK, "output_config": {"format": {"type": "json_schema", "schema": BLUEPRINT_SCHEMA}}}
    text = json.loads(post(body)[1])["content"][0]["text"]
    assert not isinstance(read_blueprint(text, known=[], taken=[]), list)


def test_tokens_are_counted_without_a_reply() -> None:
    status, text, _ = post(ASK, path="/v1/messages/count_tokens")
    assert (status, json.loads(text)) == (200, {"input_tokens": 3})


def test_stated_usage_is_passed_on() -> None:
    usage = ReplyUsage(input=3, output=5, cache_read=7, cache_written=11)
    message = json.loads(post(ASK, reply=scripted([Reply("x", usage=usage)]))[1])
    assert message["usage"] == {
        "input_tokens": 3,
        "output_tokens": 5,
        "cache_read_input_tokens": 7,
        "cache_creation_input_tokens": 11,
    }


@pytest.mark.parametrize("headers", [{"x-api-key": "k"}, {"authorization": "Bearer k"}])
def test_a_key_is_taken_either_way(headers: dict[str, str]) -> None:
    assert post(ASK, headers=headers, key="k")[0] == 200


@pytest.mark.parametrize("headers", [{}, {"x-api-key": "wrong"}, {"authorization": "Bearer wrong"}])
def test_no_key_or_another_is_refused(headers: dict[str, str]) -> None:
    status, text, _ = post(ASK, headers=headers, key="k")
    assert status == 401
    assert json.loads(text)["error"]["type"] == "authentication_error"


@pytest.mark.parametrize(
    "change",
    [
        {"model": ""},
        {"messages": []},
        {"messages": [{"role": "user", "content": ""}]},
        {"messages": [{"role": "system", "content": "x"}]},
        {"messages": [{"role": "assistant", "content": "x"}]},
        {"messages": ["x"]},
    ],
)
def test_what_the_real_server_refuses_is_refused(change: dict[str, Any]) -> None:
    status, text, _ = post({**ASK, **change})
    assert status == 400
    assert json.loads(text)["type"] == "error"


@pytest.mark.parametrize("data", [b"{", b"[]", b"\xff"])
def test_a_request_that_is_no_json_object_is_refused(data: bytes) -> None:
    async def check(_: LoopbackServer, client: aiohttp.ClientSession) -> int:
        async with client.post("/v1/messages", data=data, headers=KEY) as response:
            return response.status

    assert run(check) == 400


def test_counting_tokens_needs_a_key_as_well() -> None:
    assert post(ASK, path="/v1/messages/count_tokens", headers={})[0] == 401


def test_a_malformed_reply_without_a_stream_is_no_json() -> None:
    with pytest.raises(json.JSONDecodeError):
        json.loads(post(ASK, path="/fault/malformed/v1/messages")[1])


def test_requests_are_recorded_in_order_with_their_headers() -> None:
    async def check(server: LoopbackServer, client: aiohttp.ClientSession) -> None:
        for prompt in ("one", "two"):
            body = {**ASK, "messages": [{"role": "user", "content": prompt}]}
            async with client.post("/v1/messages", json=body, headers={**KEY, "X-Mine": "1"}) as response:
                await response.read()
        assert [exchange.asked.prompt for exchange in server.exchanges] == ["one", "two"]
        assert [exchange.number for exchange in server.exchanges] == [1, 2]
        assert server.exchanges[0].asked.headers["x-mine"] == "1"
        assert server.exchanges[0].asked.body["max_tokens"] == 100
        assert server.exchanges[0].ended == "answered"

    run(check)


def test_a_script_answers_in_order_and_then_fails() -> None:
    async def check(_: LoopbackServer, client: aiohttp.ClientSession) -> list[int]:
        statuses = []
        for _number in range(3):
            async with client.post("/v1/messages", json=ASK, headers=KEY) as response:
                statuses.append(response.status)
        return statuses

    assert run(check, LoopbackServer(scripted(["one", Reply(status=529)]))) == [200, 529, 500]


def test_a_rate_limit_says_when_to_come_back() -> None:
    status, text, headers = post(ASK, reply=scripted([Reply(status=429, retry_after="7")]))
    assert (status, headers["retry-after"]) == (429, "7")
    assert json.loads(text)["error"]["type"] == "rate_limit_error"


def streamed(fault: str) -> tuple[int, str, dict[str, str]]:
    return post({**ASK, "stream": True}, path=f"/fault/{fault}/v1/messages")


@pytest.mark.parametrize("status", [401, 429, 500, 529])
def test_a_base_url_makes_every_reply_fail_with_a_status(status: int) -> None:
    assert streamed(str(status))[0] == status


def test_html_comes_with_status_200() -> None:
    status, text, headers = streamed("html")
    assert status == 200
    assert text.startswith("<html>")
    assert headers["content-type"].startswith("text/html")


def test_a_cut_stream_ends_in_good_order_without_its_end() -> None:
    kinds = [event["type"] for event in events(streamed("cut")[1])]
    assert "content_block_delta" in kinds
    assert "message_stop" not in kinds


def test_a_reset_stream_breaks() -> None:
    with pytest.raises(aiohttp.ClientPayloadError):
        streamed("reset")


def test_a_malformed_stream_has_an_event_that_is_no_json() -> None:
    text = streamed("malformed")[1]
    with pytest.raises(json.JSONDecodeError):
        events(text)


def test_an_error_event_reports_overload_in_the_stream() -> None:
    last = events(streamed("error-event")[1])[-1]
    assert (last["type"], last["error"]["type"]) == ("error", "overloaded_error")


def test_a_stream_without_usage_states_none() -> None:
    stream = events(streamed("no-usage")[1])
    assert "usage" not in stream[0]["message"]
    assert "usage" not in stream[-2]


def test_a_slow_stream_is_complete() -> None:
    assert events(streamed("slow")[1])[-1]["type"] == "message_stop"


@pytest.mark.parametrize(
    ("name", "reason"),
    [("max_tokens", "max_tokens"), ("refusal", "refusal"), ("window", "model_context_window_exceeded")],
)
def test_a_reason_to_stop_can_be_asked_for(name: str, reason: str) -> None:
    assert events(streamed(name)[1])[-2]["delta"]["stop_reason"] == reason


@pytest.mark.parametrize("fault", ["stall", "silent"])
def test_a_held_reply_ends_when_the_client_gives_up(fault: str) -> None:
    async def check(server: LoopbackServer, client: aiohttp.ClientSession) -> str | None:
        timeout = aiohttp.ClientTimeout(total=0.2)
        with pytest.raises(TimeoutError):
            async with client.post(
                f"/fault/{fault}/v1/messages", json={**ASK, "stream": True}, headers=KEY, timeout=timeout
            ) as response:
                await response.read()
        exchange = server.exchanges[0]
        await asyncio.wait_for(exchange.over.wait(), 5)
        return exchange.ended

    assert run(check) == "disconnected"


def test_leaving_ends_replies_that_are_still_held() -> None:
    async def main() -> None:
        async with aiohttp.ClientSession() as client:
            async with LoopbackServer() as server:
                url = server.fault_url("stall") + "/v1/messages"
                response = await client.post(url, json={**ASK, "stream": True}, headers=KEY)
            assert "message_stop" not in await response.text()

    asyncio.run(main())


def test_an_unknown_fault_is_named_with_those_there_are() -> None:
    status, text, _ = streamed("nonsense")
    assert status == 404
    assert all(fault in text for fault in FAULTS)
    with pytest.raises(ValueError, match="nonsense"):
        LoopbackServer().fault_url("nonsense")


def test_every_fault_has_a_name_that_is_understood() -> None:
    assert [faulted(Reply(), fault).fault for fault in FAULTS] == list(FAULTS)


def test_a_port_in_use_is_an_error_that_names_it() -> None:
    async def check(server: LoopbackServer, _: aiohttp.ClientSession) -> None:
        port = int(server.base_url.rpartition(":")[2])
        with pytest.raises(ServerError, match=str(port)):
            await LoopbackServer(port=port).__aenter__()

    run(check)
