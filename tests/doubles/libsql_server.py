"""A loopback server that speaks what libsql-client speaks, backed by SQLite: not sqld, but our own stand-in.

Hrana over HTTP (`POST /v1/execute`, `/v1/batch`) and over WebSockets (`hrana2`), as far as the client uses
them. It can lose connections: before a request is carried out, or after, so that its answer never arrives.
"""

from __future__ import annotations

import asyncio
import base64
import json
import sqlite3
from collections import deque
from collections.abc import Callable
from threading import Event, Thread
from types import TracebackType
from typing import Any, Self

from aiohttp import WSMsgType, web


class LibsqlServer:
    """A server in a thread of its own; `losses` says, request by request, what is to go wrong."""

    def __init__(self, token: str | None = None) -> None:
        self.db = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        self.losses: deque[str] = deque()
        """`before` and `after` lose the connection then, `` (nothing) lets a request through."""
        self.is_down = False
        self.requests = 0
        self.port = 0
        self._token = token
        self._loop = asyncio.new_event_loop()
        self._ready = Event()
        self._thread = Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.run_until_complete(self._runner.cleanup())
        self._loop.close()
        self.db.close()

    def url(self, scheme: str = "http") -> str:
        return f"{scheme}://127.0.0.1:{self.port}"

    def table(self, name: str) -> list[tuple[Any, ...]]:
        return sorted(self.db.execute(f"SELECT * FROM {name}").fetchall(), key=repr)

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._start())
        self._ready.set()
        self._loop.run_forever()

    async def _start(self) -> None:
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_post("/v1/execute", self._execute)
        app.router.add_post("/v1/batch", self._batch)
        app.router.add_get("/", self._socket)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def _execute(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        return await self._answer(request, lambda: {"result": self._run(body["stmt"])})

    async def _batch(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        return await self._answer(request, lambda: {"result": self._run_batch(body["batch"])})

    async def _answer(self, request: web.Request, work: Callable[[], Any]) -> web.StreamResponse:
        if self._token and request.headers.get("authorization") != f"Bearer {self._token}":
            return web.json_response({"message": f"not {request.headers.get('authorization')}"}, status=401)
        loss = self._loss()
        try:
            answer = work() if loss != "before" else None
        except sqlite3.Error as error:
            return web.json_response({"message": str(error), "code": "SQLITE_ERROR"}, status=400)
        if loss:
            assert request.transport is not None
            request.transport.abort()
        return web.json_response(answer)

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        if self.is_down:
            assert request.transport is not None
            request.transport.abort()
        socket = web.WebSocketResponse(protocols=("hrana2",))
        await socket.prepare(request)
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                break
            given = json.loads(message.data)
            if given["type"] == "hello":
                await socket.send_json(self._hello(given))
                continue
            kind = given["request"]["type"]
            loss = self._loss() if kind in ("execute", "batch") else ""
            answer = self._respond(given) if loss != "before" else None
            if loss:
                assert request.transport is not None
                request.transport.abort()
                break
            await socket.send_json(answer)
        return socket

    def _hello(self, given: dict[str, Any]) -> dict[str, Any]:
        if self._token and given["jwt"] != self._token:
            return {"type": "hello_error", "error": {"message": f"not {given['jwt']}"}}
        return {"type": "hello_ok"}

    def _respond(self, given: dict[str, Any]) -> dict[str, Any]:
        request = given["request"]
        response: dict[str, Any] = {"type": request["type"]}
        try:
            if request["type"] == "execute":
                response["result"] = self._run(request["stmt"])
            elif request["type"] == "batch":
                response["result"] = self._run_batch(request["batch"])
        except sqlite3.Error as error:
            failed = {"message": str(error), "code": "SQLITE_ERROR"}
            return {"type": "response_error", "request_id": given["request_id"], "error": failed}
        return {"type": "response_ok", "request_id": given["request_id"], "response": response}

    def _loss(self) -> str:
        self.requests += 1
        if self.is_down:
            return "before"
        return self.losses.popleft() if self.losses else ""

    def _run(self, statement: dict[str, Any]) -> dict[str, Any]:
        cursor = self.db.execute(statement["sql"], [_from_wire(value) for value in statement.get("args", ())])
        rows = [[_to_wire(value) for value in row] for row in cursor.fetchall()]
        columns = [{"name": column[0]} for column in cursor.description or ()]
        return {"cols": columns, "rows": rows, "affected_row_count": max(cursor.rowcount, 0)}

    def _run_batch(self, batch: dict[str, Any]) -> dict[str, Any]:
        results: list[Any] = []
        errors: list[Any] = []
        for step in batch["steps"]:
            result, error = None, None
            if _holds(step.get("condition"), results):
                try:
                    result = self._run(step["stmt"])
                except sqlite3.Error as failure:
                    error = {"message": str(failure)}
            results.append(result)
            errors.append(error)
        return {"step_results": results, "step_errors": errors}


def _holds(condition: dict[str, Any] | None, results: list[Any]) -> bool:
    if condition is None:
        return True
    if condition["type"] == "not":
        return not _holds(condition["cond"], results)
    return results[condition["step"]] is not None


def _from_wire(value: dict[str, Any]) -> Any:
    match value["type"]:
        case "null":
            return None
        case "integer":
            return int(value["value"])
        case "blob":
            return base64.b64decode(value["base64"])
        case _:
            return value["value"]


def _to_wire(value: Any) -> dict[str, Any]:
    if value is None:
        return {"type": "null"}
    if isinstance(value, bytes):
        return {"type": "blob", "base64": base64.b64encode(value).decode()}
    if isinstance(value, int):
        return {"type": "integer", "value": str(value)}
    return {"type": "float" if isinstance(value, float) else "text", "value": value}
