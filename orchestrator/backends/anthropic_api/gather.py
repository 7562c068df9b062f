"""An answer gathered from the events of a Messages stream.

Done here and not by the SDK's accumulator, which takes usage for granted and so breaks on servers that send
none. Source: the event types of the SDK's `RawMessageStreamEvent`.
"""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import JsonValue

from orchestrator.core.turn import Usage

_BYTES_PER_TOKEN = 4
_MOST_TOKENS = 10**9
_DELTA_FIELDS = {"text_delta": "text", "thinking_delta": "thinking", "signature_delta": "signature"}


class Malformed(ValueError):
    """An event that no Messages stream has; the message says which part is wrong."""


class Gathered:
    """What has come of one answer so far."""

    def __init__(self) -> None:
        self.is_started = False
        self.is_stopped = False
        self.stop_reason: str | None = None
        self.stop_details: Mapping[str, JsonValue] = {}
        self._blocks: dict[int, dict[str, JsonValue]] = {}
        self._usage: dict[str, JsonValue] = {}
        self._has_final_usage = False

    def add(self, received: object) -> str:
        """Take in one event; gives the text it adds to the answer. Raises Malformed.

        Events of unknown types are passed over, as the API reserves the right to add some.
        """
        event = _object(received, "event")
        match event.get("type"):
            case "message_start":
                self.is_started = True
                self._usage.update(_optional(_object(event.get("message"), "message"), "usage"))
            case "content_block_start":
                block = dict(_object(event.get("content_block"), "content_block"))
                self._blocks[_index(event)] = block
                return str(block.get("text") or "")
            case "content_block_delta":
                return self._grow(_index(event), _object(event.get("delta"), "delta"))
            case "message_delta":
                self._end(_object(event.get("delta"), "delta"), _optional(event, "usage"))
            case "message_stop":
                self.is_stopped = True
        return ""

    @property
    def text(self) -> str:
        """All text of the answer so far."""
        return "".join(
            str(block.get("text") or "") for block in self._in_order() if block.get("type") == "text"
        )

    @property
    def blocks(self) -> list[JsonValue]:
        """The content blocks in order, as they must be sent back; empty texts, which may not be, left out."""
        return [block for block in self._in_order() if block.get("type") != "text" or block.get("text")]

    def usage(self, bytes_in: int) -> Usage:
        """Tokens as stated; estimated from bytes where the reply did not say, or said what cannot be.

        `input` includes what was read from and written to the cache, `cached` is what was read.
        """
        read, written = self._count("cache_read_input_tokens"), self._count("cache_creation_input_tokens")
        fresh, output = self._count("input_tokens"), self._count("output_tokens")
        details = self._usage.get("output_tokens_details")
        thought = _tokens(details.get("thinking_tokens")) if isinstance(details, dict) else None
        if not self._has_final_usage:
            output = None
        return Usage(
            input=-(-bytes_in // _BYTES_PER_TOKEN) if fresh is None else fresh + (read or 0) + (written or 0),
            output=-(-self._bytes_out() // _BYTES_PER_TOKEN) if output is None else output,
            cached=read or 0,
            reasoning=thought or 0,
            estimated=fresh is None or output is None,
        )

    def _grow(self, index: int, delta: Mapping[str, JsonValue]) -> str:
        """Add a delta to its block; gives the text it adds to the answer."""
        block = self._blocks.get(index)
        if block is None:
            raise Malformed(f"a delta for content block {index}, which was not started")
        kind = str(delta.get("type"))
        if kind == "citations_delta":
            known = block.get("citations")
            block["citations"] = [*(known if isinstance(known, list) else []), delta.get("citation")]
        field = _DELTA_FIELDS.get(kind)
        if field is None:
            return ""
        piece = delta.get(field)
        if not isinstance(piece, str):
            raise Malformed(f"a {kind} without {field}")
        block[field] = str(block.get(field) or "") + piece
        return piece if field == "text" and block.get("type") == "text" else ""

    def _end(self, delta: Mapping[str, JsonValue], usage: Mapping[str, JsonValue]) -> None:
        reason = delta.get("stop_reason")
        self.stop_reason = reason if isinstance(reason, str) else self.stop_reason
        self.stop_details = _optional(delta, "stop_details")
        self._usage.update({key: value for key, value in usage.items() if value is not None})
        self._has_final_usage = "output_tokens" in usage

    def _in_order(self) -> list[dict[str, JsonValue]]:
        return [block for _, block in sorted(self._blocks.items())]

    def _count(self, name: str) -> int | None:
        return _tokens(self._usage.get(name))

    def _bytes_out(self) -> int:
        texts = (str(block.get(field) or "") for block in self._in_order() for field in ("text", "thinking"))
        return sum(len(text.encode("utf-8", "surrogatepass")) for text in texts)


def _tokens(value: JsonValue) -> int | None:
    is_count = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST_TOKENS
    return int(value) if is_count and isinstance(value, int) else None


def _object(value: object, name: str) -> Mapping[str, JsonValue]:
    if not isinstance(value, dict):
        raise Malformed(f"{name} is not an object")
    return value


def _optional(owner: Mapping[str, JsonValue], name: str) -> Mapping[str, JsonValue]:
    value = owner.get(name)
    return value if isinstance(value, dict) else {}


def _index(event: Mapping[str, JsonValue]) -> int:
    index = event.get("index")
    if not isinstance(index, int):
        raise Malformed("a content block without index")
    return index
