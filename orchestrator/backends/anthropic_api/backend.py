"""The Performer: opens the SDK's client once, streams each order, says what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import urlsplit

from orchestrator.backends.anthropic_api.conclusion import concluded, partial_usage
from orchestrator.backends.anthropic_api.gather import Gathered, Malformed
from orchestrator.backends.anthropic_api.limits import allowances
from orchestrator.backends.anthropic_api.request import objection, request_for
from orchestrator.backends.cards import ANTHROPIC, ANTHROPIC_URL
from orchestrator.backends.limits.rate import Allowance
from orchestrator.core.clock import SystemClock
from orchestrator.core.errors import UserError
from orchestrator.core.facts import TextDelta
from orchestrator.core.ports import BackendCard, Clock, Tell
from orchestrator.core.turn import Failed, Outcome, TurnOrder

if TYPE_CHECKING:
    import httpx2
    from anthropic import AsyncAnthropic, AsyncStream
    from anthropic.types import RawMessageStreamEvent

_LOOPBACK = ("127.0.0.1", "localhost", "::1")

Hear: TypeAlias = Callable[[TurnOrder, tuple[Allowance, ...], bool], None]
"""Is told what a reply says of limits once its headers are there, and whether the order was taken up."""


@dataclass(frozen=True, slots=True)
class AnthropicOptions:
    """How requests are carried: seconds to connect, seconds without a byte, and headers of one's own.

    `headers` override the SDK's, for hosts that want another version header or another form of key.
    `clock` is what times in replies are compared with.
    """

    connect_s: float = 10.0
    idle_s: float = 60.0
    headers: Mapping[str, str] = field(default_factory=dict)
    clock: Clock = field(default_factory=SystemClock)


class AnthropicBackend:
    """A Performer for `POST {base_url}/v1/messages`; `card.where` names the address without credentials.

    Raises UserError for a key or an address that cannot be one. Close it with `aclose` when done.
    """

    def __init__(
        self,
        api_key: str,
        base_url: str = ANTHROPIC_URL,
        options: AnthropicOptions | None = None,
        hear: Hear = lambda order, allowances, is_taken: None,
    ) -> None:
        if not (api_key.isascii() and api_key.isprintable() and api_key.strip()):
            raise UserError(
                "the key for the backend anthropic is empty or has characters no key has",
                "set ANTHROPIC_API_KEY to the key alone, on one line",
            )
        self.card: BackendCard = replace(ANTHROPIC, where=_shown(base_url))
        self._api_key = api_key.strip()
        self._base_url = base_url
        self._options = options or AnthropicOptions()
        self._hear = hear
        self._opening = asyncio.Lock()
        self._client: AsyncAnthropic | None = None

    async def perform(self, order: TurnOrder, tell: Tell) -> Outcome:
        """The outcome of one request, its text told as it arrives; every failure is a value."""
        if reason := objection(order):
            return self._named(Failed(error=reason, paid="no"))
        gathered = Gathered()
        deadline = asyncio.timeout(order.deadline_s)
        try:
            async with deadline, aclosing(self._pieces(order, gathered)) as pieces:
                async for piece in pieces:
                    await tell(TextDelta(id=order.id, text=piece))
        except _Unanswered as unanswered:
            return self._named(unanswered.failed, order, gathered)
        except TimeoutError:
            if not deadline.expired():
                raise
            return self._named(_late(order), order, gathered)
        outcome = concluded(order, gathered)
        return self._named(outcome) if isinstance(outcome, Failed) else outcome

    async def aclose(self) -> None:
        """Close the client and its connections; a later order opens new ones."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def _pieces(self, order: TurnOrder, gathered: Gathered) -> AsyncGenerator[str, None]:
        """The texts of one answer as they arrive, all of it put into `gathered`. Raises _Unanswered."""
        client = await self._opened()
        import httpx2
        from anthropic import AnthropicError, APIStatusError

        from orchestrator.backends.anthropic_api.failures import failed_for

        try:
            async with await self._sent(client, order) as stream:
                _check_stream(stream)
                self._hear(order, allowances(stream.response.headers), True)
                async for event in stream:
                    if piece := gathered.add(_data(event)):
                        yield piece
        except (AnthropicError, httpx2.HTTPError, ValueError) as error:
            if isinstance(error, APIStatusError):
                self._hear(order, allowances(error.response.headers), False)
            now, started = self._options.clock.now(), gathered.is_started
            failed = failed_for(error, where=self.card.where, started=started, now=now)
            raise _Unanswered(failed) from error

    async def _sent(self, client: AsyncAnthropic, order: TurnOrder) -> AsyncStream[RawMessageStreamEvent]:
        from anthropic import Timeout

        idle_s = min(self._options.idle_s, order.deadline_s)
        timeout = Timeout(idle_s, connect=min(self._options.connect_s, order.deadline_s))
        stream: AsyncStream[RawMessageStreamEvent] = await client.messages.create(
            **request_for(order), stream=True, timeout=timeout
        )
        return stream

    async def _opened(self) -> AsyncAnthropic:
        """The client, made on first use in a thread: importing the SDK takes a second."""
        async with self._opening:
            if self._client is None:
                self._client = await asyncio.to_thread(self._new_client)
            return self._client

    def _new_client(self) -> AsyncAnthropic:
        import httpx2
        from anthropic import AsyncAnthropic

        local = urlsplit(self._base_url).hostname in _LOOPBACK
        try:
            client = AsyncAnthropic(
                api_key=self._api_key,
                base_url=self._base_url,
                max_retries=0,
                open_telemetry=False,
                http_client=_direct_client() if local else None,
            )
        except httpx2.InvalidURL as error:
            raise _Unanswered(
                Failed(error=f"{self.card.where} is no address\n  help: check --base-url", paid="no")
            ) from error
        # The SDK adds the headers named in ANTHROPIC_CUSTOM_HEADERS even to a client that is given all it
        # needs; what a request depends on is to be passed in. Remove when the SDK can be told not to.
        client._custom_headers = dict(self._options.headers)
        return client

    def _named(
        self, failed: Failed, order: TurnOrder | None = None, gathered: Gathered | None = None
    ) -> Failed:
        """A failure with the backend's name before it, what it may have cost, and no key in it."""
        error = f"{self.card.name}: {failed.error}".replace(self._api_key, "[key]")
        cost = partial_usage(order, gathered) if order and gathered and failed.paid != "no" else None
        return failed.model_copy(update={"error": error, "usage": failed.usage or cost})


def _late(order: TurnOrder) -> Failed:
    error = f"no whole answer within {order.deadline_s:g} s\n  help: raise timeout_s of {order.input.agent}"
    return Failed(error=error, paid="unknown", retryable=True)


def _direct_client() -> httpx2.AsyncClient:
    """The SDK's usual HTTP client without the proxies of the environment: none leads to this machine."""
    import httpx2
    from anthropic import DEFAULT_CONNECTION_LIMITS, DefaultAsyncHttpxClient

    return DefaultAsyncHttpxClient(
        transport=httpx2.AsyncHTTPTransport(limits=DEFAULT_CONNECTION_LIMITS), trust_env=False
    )


class _Unanswered(Exception):
    """A request that brought no answer, as the failure it is."""

    def __init__(self, failed: Failed) -> None:
        self.failed = failed
        super().__init__(failed.error)


def _data(event: object) -> object:
    """An event as the server sent it; the SDK passes on unchanged what is no event."""
    from anthropic import BaseModel

    return event.to_dict(mode="json", warnings=False) if isinstance(event, BaseModel) else event


def _check_stream(stream: AsyncStream[RawMessageStreamEvent]) -> None:
    """Raises Malformed for a reply that is no event stream, such as a web page with status 200."""
    kind = str(stream.response.headers.get("content-type", "")).partition(";")[0].strip()
    if kind != "text/event-stream":
        raise Malformed(f"it is {kind or 'of no type'}")


def _shown(base_url: str) -> str:
    """An address without user name, password, query and fragment. Raises UserError for what is no address."""
    try:
        parts = urlsplit(base_url)
        known = parts.scheme in ("http", "https") and parts.hostname and (parts.port or 1)
    except ValueError:
        known = False
    if not known:
        raise UserError(
            f"the base URL {base_url.rpartition('@')[2]!r} is no address",
            "give one that begins with https:// or http://, as in " + ANTHROPIC_URL,
        )
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()
