"""What a protocol has to provide for the loopback server to speak it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from pydantic import JsonValue

from orchestrator.backends.loopback.exchange import Asked, Reply


class Refused(Exception):
    """A request that a real server would refuse: its status, and the reason as the message."""

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        self.message = message
        super().__init__(message)


class Dialect(Protocol):
    """One vendor's protocol: reads requests, writes replies. It holds no state and opens nothing."""

    name: str
    path: str
    """Where turns are posted."""
    count_path: str | None
    """Where tokens are counted without answering; None if the protocol has no such thing."""

    def read(self, body: Mapping[str, JsonValue], headers: Mapping[str, str]) -> Asked:
        """The request in neutral words. Raises Refused for one that the real server would refuse."""
        ...

    def whole(self, number: int, asked: Asked, reply: Reply) -> dict[str, JsonValue]:
        """A reply as one JSON object."""
        ...

    def frames(self, number: int, asked: Asked, reply: Reply) -> list[bytes]:
        """A reply as the events of a stream, the first before any text and the last after all of it."""
        ...

    def error(self, status: int, message: str) -> dict[str, JsonValue]:
        """An error as one JSON object."""
        ...

    def error_frame(self, message: str) -> bytes:
        """An error that comes while a stream is under way."""
        ...

    def count(self, asked: Asked) -> dict[str, JsonValue]:
        """The answer to a request to count tokens."""
        ...
