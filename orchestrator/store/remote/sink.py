"""The mirror as a sink: a thread with an event loop of its own that follows the journal's file."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from threading import Thread

from agentlark.diagnostics import visible
from orchestrator.core.errors import StoreError, StoreRefused
from orchestrator.core.facts import Fact, Signal
from orchestrator.core.places import Remote
from orchestrator.core.redact import MARK
from orchestrator.store.agentfs.connection import open_reading
from orchestrator.store.journal.tables import JOURNAL
from orchestrator.store.remote.mirror import Mirror

LAG_S = 0.2
"""How long news gather before they are sent together."""

FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 60.0
"""A lost connection is tried again after 1, 2, 4, … seconds, at most a minute."""

LAST_S = 10.0
"""How long the end of a run waits for the mirror; what is missing then is sent by the next run."""


class MirrorSink:
    """Keeps a remote copy of a journal's file up to date; the run is never held up or failed by it.

    It reads the file, not what `see` is given, which only wakes it. Close it before the journal.
    """

    name = "mirror"

    def __init__(self, path: Path, remote: Remote) -> None:
        self.failure: Exception | None = None
        """Why the copy is behind; None while it is not."""
        self._path = path
        self._remote = remote
        self._loop = asyncio.new_event_loop()
        self._news = asyncio.Event()
        self._ending = asyncio.Event()
        self._thread = Thread(target=self._work, name="mirror", daemon=True)
        self._thread.start()

    def see(self, seq: int | None, item: Fact | Signal) -> None:
        """Note that there is something new. Costs nothing to speak of; never raises."""
        if seq is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._news.set)

    def close(self) -> None:
        """Send what is missing, for a bounded time, then stop. Safe to call again; never raises."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._ending.set)
            self._thread.join()
        if not self._loop.is_closed():
            self._loop.close()

    def _work(self) -> None:
        try:
            self._loop.run_until_complete(self._follow())
        except Exception as error:
            self.failure = error

    async def _follow(self) -> None:
        connections = open_reading(self._path, JOURNAL)
        if connections is None:
            raise StoreError(f"there is no journal in {visible(str(self._path))} to mirror")
        try:
            with connections.reading() as db:
                mirror = Mirror(self._remote, db)
                await self._keep_up(mirror)
                await mirror.close()
        finally:
            connections.close()

    async def _keep_up(self, mirror: Mirror) -> None:
        """Send until the run has ended: at once while all is well, after a wait once something went wrong."""
        failures = 0
        while not isinstance(self.failure, StoreRefused):
            is_last = self._ending.is_set()
            self._news.clear()
            if await self._try(mirror, LAST_S if is_last else None):
                failures = 0
                await self._until_news()
            else:
                wait_s = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0**failures)
                failures += 1
                await self._wait(self._ending, wait_s)
            if is_last:
                return

    async def _try(self, mirror: Mirror, limit_s: float | None) -> bool:
        """Whether everything has arrived; else `failure` says why not."""
        try:
            async with asyncio.timeout(limit_s):
                await mirror.catch_up()
        except StoreRefused as error:
            self.failure = error
            return False
        except Exception as error:  # libsql-client raises its own, aiohttp's, KeyErrors: all mean not now
            self.failure = self._behind(error, mirror.behind())
            return False
        self.failure = None
        return True

    def _behind(self, error: Exception, facts: int) -> StoreError:
        cause = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        if self._remote.token:
            cause = cause.replace(self._remote.token, MARK)
        return StoreError(
            f"{self._remote.url} is behind by {facts} facts at most ({visible(cause)})",
            "nothing is lost: the next run or resume here sends what is missing",
        )

    async def _until_news(self) -> None:
        """Return when there is something to send or nothing more will come."""
        while not self._news.is_set() and not self._ending.is_set():
            waits = [asyncio.ensure_future(event.wait()) for event in (self._news, self._ending)]
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)
        await self._wait(self._ending, LAG_S)

    async def _wait(self, event: asyncio.Event, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await event.wait()
