"""How a reply goes out, faults included: the same for every dialect."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from aiohttp import web

from orchestrator.backends.loopback.dialect import Dialect
from orchestrator.backends.loopback.exchange import Exchange

_PAGE = "<html><head><title>Welcome</title></head><body>Please log in to this network.</body></html>"


async def deliver(
    request: web.Request, dialect: Dialect, exchange: Exchange, leaving: asyncio.Event
) -> web.StreamResponse:
    """Send an exchange's reply and note how it ended; a stalled one is held until `leaving` is set."""
    try:
        response = await _sent(request, dialect, exchange, leaving)
        exchange.ended = "answered"
    except (asyncio.CancelledError, ConnectionError):
        exchange.ended = "disconnected"
        raise
    finally:
        exchange.over.set()
    return response


async def _sent(
    request: web.Request, dialect: Dialect, exchange: Exchange, leaving: asyncio.Event
) -> web.StreamResponse:
    asked, reply = exchange.asked, exchange.reply
    if reply.status != 200:
        stated = {} if reply.retry_after is None else {"retry-after": reply.retry_after}
        return refusal(dialect, reply.status, reply.error or "as asked for", {**reply.headers, **stated})
    if reply.fault == "html":
        return web.Response(text=_PAGE, content_type="text/html")
    if reply.fault == "silent":
        await leaving.wait()
    if asked.stream:
        return await _streamed(request, dialect, exchange, leaving)
    if reply.fault == "malformed":
        return web.Response(text='{"id": ', content_type="application/json")
    return web.json_response(dialect.whole(exchange.number, asked, reply), headers=reply.headers)


def refusal(
    dialect: Dialect, status: int, message: str, headers: Mapping[str, str] | None = None
) -> web.Response:
    """An error reply in the dialect's words."""
    return web.json_response(dialect.error(status, message), status=status, headers=headers)


async def _streamed(
    request: web.Request, dialect: Dialect, exchange: Exchange, leaving: asyncio.Event
) -> web.StreamResponse:
    reply = exchange.reply
    frames = dialect.frames(exchange.number, exchange.asked, reply)
    response = web.StreamResponse(headers={**reply.headers, "content-type": "text/event-stream"})
    await response.prepare(request)
    for index, frame in enumerate(frames):
        if reply.fault == "slow":
            await asyncio.sleep(reply.pause_s)
        if index == len(frames) // 2 and await _broken(request, dialect, exchange, response, leaving):
            return response
        await response.write(frame)
    return response


async def _broken(
    request: web.Request,
    dialect: Dialect,
    exchange: Exchange,
    response: web.StreamResponse,
    leaving: asyncio.Event,
) -> bool:
    """Let a stream go wrong half-way if it is to; True when nothing more must be sent."""
    match exchange.reply.fault:
        case "reset":
            if request.transport is not None:
                request.transport.abort()
            raise ConnectionResetError("reset, as asked for")
        case "stall":
            await leaving.wait()
        case "malformed":
            await response.write(b'event: content_block_delta\ndata: {"type": "content\n\n')
        case "error-event":
            await response.write(dialect.error_frame("Overloaded"))
        case "cut":
            pass
        case _:
            return False
    return True
