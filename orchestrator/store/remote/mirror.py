"""Bringing a remote copy up to date, over whatever libsql-client speaks: http(s), ws(s), libsql.

The remote says itself how far it is; that is asked after every failure, so that it never matters whether
a batch whose answer was lost had arrived. Each batch is one transaction there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from sqlite3 import Connection
from typing import TYPE_CHECKING, Any

from orchestrator.core.errors import StoreRefused
from orchestrator.core.places import Remote
from orchestrator.store.remote.rows import (
    FACT_MARKS,
    FIRST_RUN,
    MARKS,
    Marks,
    Statement,
    batches,
    local_marks,
    marks_of,
    schema_statements,
)

if TYPE_CHECKING:
    from libsql_client import Client

CALL_S = 30.0
"""How long one request may take."""

_TABLES = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"

_SHAPE = "SELECT part, version FROM agentlark_schema ORDER BY part"


class Mirror:
    """One remote copy of the file that `local` reads. Use it in one event loop; close it.

    Whatever libsql-client raises when the connection is lost comes out as it is; call again to go on.
    """

    def __init__(self, remote: Remote, local: Connection) -> None:
        self._remote = remote
        self._local = local
        self._client: Client | None = None
        self._has: Marks | None = None

    async def catch_up(self) -> None:
        """Send what is missing. Raises StoreRefused for a database that is not a mirror of this file."""
        try:
            if self._has is None:
                self._has = await self._ask()
            while self._has != (wanted := local_marks(self._local)):
                for batch, has in batches(self._local, self._has, wanted):
                    await self._send(batch)
                    self._has = has
                self._has = wanted
        except BaseException:
            self._has = None
            await self.close()
            raise

    def behind(self) -> int:
        """Facts that are not known to have arrived."""
        has = self._has.facts if self._has else {}
        return sum(seq - has.get(run, 0) for run, seq in local_marks(self._local).facts.items())

    async def close(self) -> None:
        """Let go of the connection; asking again is fine."""
        client, self._client = self._client, None
        if client is not None:
            async with asyncio.timeout(CALL_S):
                await client.close()

    async def _ask(self) -> Marks:
        """How far the remote is; a new one gets its tables."""
        tables = {row[0] for row in await self._rows(_TABLES)}
        if not tables:
            await self._send(schema_statements(self._local))
        elif not {"fs_inode", "journal_runs", "journal_facts"} <= tables:
            raise StoreRefused(
                f"{self._remote.url} is a database of something else", "name an empty database"
            )
        has = marks_of((await self._rows(MARKS))[0], await self._rows(FACT_MARKS))
        if await self._rows(_SHAPE) != self._local.execute(_SHAPE).fetchall():
            raise StoreRefused(
                f"{self._remote.url} is a mirror of another version's shape", "name an empty database"
            )
        first, ours = await self._rows(FIRST_RUN), self._local.execute(FIRST_RUN).fetchall()
        wanted = local_marks(self._local)
        is_ahead = has.ino > wanted.ino or any(
            seq > wanted.facts.get(run, 0) for run, seq in has.facts.items()
        )
        if (first and first != ours) or is_ahead:
            raise StoreRefused(
                f"{self._remote.url} mirrors another journal than this folder's", "name an empty database"
            )
        return has

    async def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        async with asyncio.timeout(CALL_S):
            found = await self._opened().execute(sql)
        return [tuple(row) for row in found.rows]

    async def _send(self, statements: Sequence[Statement]) -> None:
        async with asyncio.timeout(CALL_S):
            await self._opened().batch(list(statements))

    def _opened(self) -> Client:
        if self._client is None:
            from libsql_client import create_client

            self._client = create_client(self._remote.url, auth_token=self._remote.token)
        return self._client
