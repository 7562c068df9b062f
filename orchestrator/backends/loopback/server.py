"""The loopback server: one aiohttp application on 127.0.0.1, for as long as its context lasts."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self

from aiohttp import web

from orchestrator.backends.loopback.delivery import deliver, refusal
from orchestrator.backends.loopback.dialect import Dialect, Refused
from orchestrator.backends.loopback.exchange import Asked, Exchange, Reply, ReplyFunction, echo, faulted
from orchestrator.backends.loopback.messages import Messages
from orchestrator.core.errors import ServerError

_HOST = "127.0.0.1"
_LARGEST_REQUEST = 64 * 2**20
_DIALECTS: tuple[Dialect, ...] = (Messages(),)


class LoopbackServer:
    """A model server for tests and rehearsals; enter it to start it, leave it to stop it.

    `reply` decides every answer. With a `key`, requests with another are refused; without, any will do.
    Every path also exists below `/fault/NAME`, where each reply goes wrong as `faulted` says, so that any
    client meets a fault by its base URL alone. `exchanges` holds what was asked, in order of arrival.
    """

    def __init__(self, reply: ReplyFunction = echo, *, key: str | None = None, port: int = 0) -> None:
        self.exchanges: list[Exchange] = []
        self._reply = reply
        self._key = key
        self._port = port
        self._leaving = asyncio.Event()
        self._runner: web.AppRunner | None = None

    @property
    def base_url(self) -> str:
        """The address to give to clients, without a final slash."""
        return f"http://{_HOST}:{self._port}"

    def fault_url(self, name: str) -> str:
        """The base URL below which every reply goes wrong as named. Raises ValueError for unknown names."""
        faulted(Reply(), name)
        return f"{self.base_url}/fault/{name}"

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=_LARGEST_REQUEST)
        for dialect in _DIALECTS:
            app.add_routes(self._routes(dialect))
        self._runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=1.0)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, _HOST, self._port).start()
        except OSError as error:
            await self._runner.cleanup()
            raise ServerError(
                f"the loopback server cannot listen on {_HOST}:{self._port}: {error.strerror}",
                "choose another port, or none to take a free one",
            ) from error
        self._port = int(self._runner.addresses[0][1])
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leaving.set()
        if self._runner is not None:
            await self._runner.cleanup()

    def _routes(self, dialect: Dialect) -> list[web.RouteDef]:
        async def turn(request: web.Request) -> web.StreamResponse:
            return await self._turn(request, dialect)

        async def count(request: web.Request) -> web.StreamResponse:
            return await self._count(request, dialect)

        posts = [(dialect.path, turn), *([(dialect.count_path, count)] if dialect.count_path else [])]
        return [
            web.post(prefix + path, handler) for path, handler in posts for prefix in ("", "/fault/{fault}")
        ]

    async def _turn(self, request: web.Request, dialect: Dialect) -> web.StreamResponse:
        try:
            asked = await self._asked(request, dialect)
            reply = _faulted(self._reply(asked), request.match_info.get("fault"))
        except Refused as error:
            return refusal(dialect, error.status, error.message)
        exchange = Exchange(len(self.exchanges) + 1, asked, reply)
        self.exchanges.append(exchange)
        return await deliver(request, dialect, exchange, self._leaving)

    async def _count(self, request: web.Request, dialect: Dialect) -> web.StreamResponse:
        try:
            return web.json_response(dialect.count(await self._asked(request, dialect)))
        except Refused as error:
            return refusal(dialect, error.status, error.message)

    async def _asked(self, request: web.Request, dialect: Dialect) -> Asked:
        """The request, read by its dialect, its key checked. Raises Refused."""
        try:
            body = await request.json()
        except ValueError as error:
            raise Refused(400, f"the request is not JSON: {error}") from error
        if not isinstance(body, dict):
            raise Refused(400, "the request is not a JSON object")
        headers = {name.lower(): value for name, value in request.headers.items()}
        asked = dialect.read(body, headers)
        given = headers.get("x-api-key") or headers.get("authorization", "").removeprefix("Bearer ")
        if self._key is not None and given != self._key:
            raise Refused(401, "invalid x-api-key")
        return asked


def _faulted(reply: Reply, name: str | None) -> Reply:
    try:
        return reply if name is None else faulted(reply, name)
    except ValueError as error:
        raise Refused(404, str(error)) from error
