"""The Anthropic Messages API, as far as its clients were seen to use it.

Source: the requests that the vendor's SDK sends and the events that it understands.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from pydantic import JsonValue

from orchestrator.backends.loopback.dialect import Refused
from orchestrator.backends.loopback.exchange import Asked, Reply, ReplyUsage, Stop

Json = dict[str, JsonValue]

_BYTES_PER_TOKEN = 4
_DELTAS = 4

_STOPS: dict[Stop, str | None] = {
    "end": "end_turn",
    "max_tokens": "max_tokens",
    "refusal": "refusal",
    "window": "model_context_window_exceeded",
    "pause": "pause_turn",
    "none": None,
}

_ERROR_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}


class Messages:
    """The dialect of `POST /v1/messages`; it takes keys as Bearer tokens and as `x-api-key`."""

    name = "messages"
    path = "/v1/messages"
    count_path: str | None = "/v1/messages/count_tokens"

    def read(self, body: Mapping[str, JsonValue], headers: Mapping[str, str]) -> Asked:
        """The request in neutral words. Raises Refused without a key, model, or a user's last message."""
        if not (headers.get("x-api-key") or headers.get("authorization", "").startswith("Bearer ")):
            raise Refused(401, "x-api-key header is required")
        model, messages = body.get("model"), body.get("messages")
        if not isinstance(model, str) or not model:
            raise Refused(400, "model: Field required")
        if not isinstance(messages, list) or not messages:
            raise Refused(400, "messages: at least one message is required")
        turns = tuple(_turn(index, message) for index, message in enumerate(messages))
        if turns[-1][0] != "user":
            raise Refused(400, "messages: the last message must be the user's")
        return Asked(
            dialect=self.name,
            model=model,
            turns=turns,
            schema=_schema(body),
            stream=body.get("stream") is True,
            headers=headers,
            body=body,
        )

    def whole(self, number: int, asked: Asked, reply: Reply) -> Json:
        """A reply as a `message` object."""
        return {
            **_shell(number, asked.model),
            "content": _blocks(reply),
            "stop_reason": _STOPS[reply.stop],
            **_usage_field(asked, reply, final=True),
        }

    def frames(self, number: int, asked: Asked, reply: Reply) -> list[bytes]:
        """A reply as server-sent events, from `message_start` to `message_stop`."""
        start = {**_shell(number, asked.model), "content": [], **_usage_field(asked, reply, final=False)}
        frames = [_frame("message_start", {"message": start}), _frame("ping", {})]
        for index, block in enumerate(_blocks(reply)):
            frames += _block_frames(index, block)
        delta: JsonValue = {"stop_reason": _STOPS[reply.stop], "stop_sequence": None}
        end: Json = {"delta": delta}
        if reply.fault != "no-usage":
            end["usage"] = {"output_tokens": _usage(asked, reply).output}
        return [*frames, _frame("message_delta", end), _frame("message_stop", {})]

    def error(self, status: int, message: str) -> Json:
        """An `error` object with the type that belongs to the status."""
        return {"type": "error", "error": {"type": _ERROR_TYPES.get(status, "api_error"), "message": message}}

    def error_frame(self, message: str) -> bytes:
        """An `error` event that says the server is overloaded."""
        return _frame("error", self.error(529, message))

    def count(self, asked: Asked) -> Json:
        """The input tokens, estimated from bytes."""
        return {"input_tokens": -(-asked.bytes_in // _BYTES_PER_TOKEN)}


def _turn(index: int, message: JsonValue) -> tuple[str, str]:
    if not isinstance(message, dict) or message.get("role") not in ("user", "assistant"):
        raise Refused(400, f"messages.{index}: role must be user or assistant")
    content = message.get("content")
    blocks = content if isinstance(content, list) else [{"type": "text", "text": content}]
    texts = [block.get("text") for block in blocks if isinstance(block, dict) and block.get("type") == "text"]
    if not texts or not all(isinstance(text, str) and text.strip() for text in texts):
        raise Refused(400, f"messages.{index}: text content blocks must be non-empty")
    return str(message["role"]), "".join(map(str, texts))


def _schema(body: Mapping[str, JsonValue]) -> JsonValue:
    config = body.get("output_config")
    form = config.get("format") if isinstance(config, dict) else None
    return form.get("schema") if isinstance(form, dict) else None


def _shell(number: int, model: str) -> Json:
    return {
        "id": f"msg_loopback_{number:04}",
        "type": "message",
        "role": "assistant",
        "model": model,
        "stop_reason": None,
        "stop_sequence": None,
    }


def _blocks(reply: Reply) -> list[JsonValue]:
    blocks: list[JsonValue] = []
    if reply.thinking is not None:
        blocks.append({"type": "thinking", "thinking": reply.thinking, "signature": "loopback-signature"})
    if reply.text:
        blocks.append({"type": "text", "text": reply.text})
    return blocks


def _block_frames(index: int, block: JsonValue) -> list[bytes]:
    """A block's start, its text in a few deltas, its signature if it has one, its end."""
    assert isinstance(block, dict)
    kind = str(block["type"])
    text = str(block[kind])
    empty = {**block, kind: "", **({"signature": ""} if "signature" in block else {})}
    deltas: list[JsonValue] = [{"type": f"{kind}_delta", kind: piece} for piece in _pieces(text)]
    if "signature" in block:
        deltas.append({"type": "signature_delta", "signature": block["signature"]})
    return [
        _frame("content_block_start", {"index": index, "content_block": empty}),
        *(_frame("content_block_delta", {"index": index, "delta": delta}) for delta in deltas),
        _frame("content_block_stop", {"index": index}),
    ]


def _pieces(text: str) -> list[str]:
    size = max(1, -(-len(text) // _DELTAS))
    return [text[start : start + size] for start in range(0, len(text), size)]


def _usage(asked: Asked, reply: Reply) -> ReplyUsage:
    output = len(reply.text.encode("utf-8", "surrogatepass"))
    return reply.usage or ReplyUsage(
        input=-(-asked.bytes_in // _BYTES_PER_TOKEN), output=-(-output // _BYTES_PER_TOKEN)
    )


def _usage_field(asked: Asked, reply: Reply, *, final: bool) -> Json:
    if reply.fault == "no-usage":
        return {}
    usage = _usage(asked, reply)
    return {
        "usage": {
            "input_tokens": usage.input,
            "cache_creation_input_tokens": usage.cache_written,
            "cache_read_input_tokens": usage.cache_read,
            "output_tokens": usage.output if final else 1,
        }
    }


def _frame(event: str, data: Mapping[str, JsonValue]) -> bytes:
    return f"event: {event}\ndata: {json.dumps({'type': event, **data})}\n\n".encode()
