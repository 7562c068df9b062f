"""What is sent for an order: the thread with its native blocks, the prompt, effort and schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import JsonValue

from agentlark.model import EFFORTS
from orchestrator.backends.anthropic_api.schema import enforceable
from orchestrator.core.turn import Message, TurnOrder

NATIVE = "anthropic"
"""Under which key of `Message.native` the content blocks are kept."""


def objection(order: TurnOrder) -> str | None:
    """Why this backend cannot carry out an order as asked, with the remedy; None when it can."""
    asked = order.input
    effort = asked.options.get("effort")
    if asked.tools:
        return (
            f"agent {asked.agent} is to use tools ({', '.join(asked.tools)}), this backend has none\n"
            f"  help: remove its tools, or give it a backend that has them"
        )
    if effort is not None and effort not in EFFORTS:
        return f"effort {effort!r} of agent {asked.agent} is unknown\n  help: use one of {', '.join(EFFORTS)}"
    if unknown := sorted(asked.options.keys() - {"effort"}):
        return (
            f"option {unknown[0]!r} of agent {asked.agent} is unknown to this backend\n"
            f"  help: it takes `effort`; current models accept no temperature, top_p or top_k"
        )
    return None


def request_for(order: TurnOrder) -> dict[str, Any]:
    """The arguments of `messages.create` for an order, the stream switch and timeouts aside."""
    asked = order.input
    request: dict[str, Any] = {
        "model": asked.model,
        "max_tokens": order.max_tokens,
        "messages": [
            *({"role": message.role, "content": _content(message)} for message in order.thread),
            {"role": "user", "content": asked.prompt},
        ],
    }
    config: dict[str, JsonValue] = {}
    if effort := asked.options.get("effort"):
        config["effort"] = effort
    if (schema := enforceable(asked.output_schema)) is not None:
        config["format"] = {"type": "json_schema", "schema": schema}
    if config:
        request["output_config"] = config
    return request


def bytes_in(order: TurnOrder) -> int:
    """The UTF-8 bytes of the prompt and its thread."""
    texts = [*(message.text for message in order.thread), order.input.prompt]
    return sum(len(text.encode("utf-8", "surrogatepass")) for text in texts)


def native_of(blocks: list[JsonValue]) -> JsonValue:
    """What a message keeps beside its text so that it can be sent back: nothing for one plain text."""
    if len(blocks) == 1 and isinstance(blocks[0], dict) and blocks[0].keys() == {"type", "text"}:
        return None
    return {NATIVE: blocks}


def _content(message: Message) -> str | list[JsonValue]:
    """The blocks that this backend made, if they still say what the text says; else the text."""
    blocks = message.native.get(NATIVE) if isinstance(message.native, Mapping) else None
    if not isinstance(blocks, list):
        return message.text
    texts = [block["text"] for block in blocks if isinstance(block, dict) and block.get("type") == "text"]
    return blocks if "".join(map(str, texts)) == message.text else message.text
