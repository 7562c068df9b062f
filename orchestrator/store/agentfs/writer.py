"""One thread that writes for a whole process, many jobs in one transaction: group commit.

Jobs queue up while a transaction is being written. They are handed to the thread together once per turn of
the event loop, since waking a thread costs more than the job it brings. The thread takes all there are,
writes them in one transaction with one fsync, and wakes all waiters in one go: each job is durable before
its waiter goes on, yet many share the price. Idle, the thread waits without polling. The idea is as old as
DeWitt et al., "Implementation techniques for main memory database systems" (1984).
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Generic, TypeAlias, TypeVar

from orchestrator.core.errors import StoreError
from orchestrator.store.agentfs.connection import Connections

Job = TypeVar("Job")
Result = TypeVar("Result")

BATCH_LIMIT = 4096
"""Jobs per transaction at most, so that the first of them does not wait for all that come later."""

HANDOVER_LIMIT = 64
"""Jobs that are kept at most for the end of the event loop's turn before the thread gets them."""

_Entry: TypeAlias = "tuple[Job, asyncio.Future[Result]]"
_Waiter: TypeAlias = "tuple[asyncio.Future[Result], Result | StoreError]"


class GroupWriter(Generic[Job, Result]):
    """Writes jobs in the order they were submitted, as many per transaction as are waiting.

    `write(connection, jobs)` runs in the thread, inside a transaction, and gives one result per job; a
    StoreError among them is raised to that job's waiter alone. `committed(jobs, results)` is told, in the
    thread, what is on the disk, before any waiter goes on. If `write` raises, or the transaction cannot be
    committed, nothing of it is recorded, every waiter gets a StoreError, and so does every later job: after
    a full disk, nothing must look recorded that is not. The same goes for a file that was removed or
    replaced: SQLite would go on writing to it, and nobody could ever read that.
    """

    def __init__(
        self,
        connections: Connections,
        write: Callable[[sqlite3.Connection, Sequence[Job]], Sequence[Result | StoreError]],
        committed: Callable[[Sequence[Job], Sequence[Result | StoreError]], None] | None = None,
    ) -> None:
        self._connections = connections
        self._write = write
        self._committed = committed
        self._pending: list[_Entry[Job, Result]] = []
        self._queue: SimpleQueue[list[_Entry[Job, Result]] | None] = SimpleQueue()
        self._failure: StoreError | None = None
        self._close_failure: StoreError | None = None
        self._closed = False
        self._thread = Thread(target=self._work, name=f"writer of {connections.name}", daemon=True)
        self._thread.start()

    def submit(self, job: Job) -> asyncio.Future[Result]:
        """Queue a job; the future ends when it is durable. A cancelled waiter does not take its job back.

        Only the thread that runs the event loop may call this. Raises StoreError when nothing can be written
        any more.
        """
        if self._closed:
            raise StoreError(f"{self._connections.name} is closed; nothing more is recorded")
        if self._failure:
            raise _again(self._failure)
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Result] = loop.create_future()
        if not self._pending or self._pending[-1][1].get_loop() is not loop:
            loop.call_soon(self._hand_over)
        self._pending.append((job, future))
        if len(self._pending) >= HANDOVER_LIMIT:
            self._hand_over()
        return future

    def _hand_over(self) -> None:
        """Give the thread all jobs that were submitted since the last time."""
        if self._pending:
            self._queue.put(self._pending)
            self._pending = []

    async def close(self) -> None:
        """Write what is queued, fold the log into the file, close the connections. Safe to call again.

        Raises StoreError when the file could not be closed in order; its log holds what was acknowledged.
        """
        if not self._closed:
            self._closed = True
            self._hand_over()
            self._queue.put(None)
        await asyncio.to_thread(self._thread.join)
        failure, self._close_failure = self._close_failure, None
        if failure:
            raise failure

    def _work(self) -> None:
        ending = False
        while not ending:
            batch, ending = self._take()
            if batch:
                results = self._record([job for job, _ in batch])
                _wake([(future, result) for (_, future), result in zip(batch, results, strict=True)])
        try:
            self._connections.close()
        except StoreError as error:
            self._close_failure = error

    def _take(self) -> tuple[list[_Entry[Job, Result]], bool]:
        """Wait for a job and take all that are there; True when the writer is to end after them."""
        batch: list[_Entry[Job, Result]] = []
        entries = self._queue.get()
        while entries is not None:
            batch += entries
            if len(batch) > BATCH_LIMIT - HANDOVER_LIMIT:
                return batch, False
            try:
                entries = self._queue.get_nowait()
            except Empty:
                return batch, False
        return batch, True

    def _record(self, jobs: Sequence[Job]) -> Sequence[Result | StoreError]:
        if self._failure:
            return [_again(self._failure) for _ in jobs]
        connection = self._connections.write
        try:
            with self._connections.writing():
                try:
                    connection.execute("BEGIN IMMEDIATE")
                    results = self._write(connection, jobs)
                    connection.execute("COMMIT")
                except BaseException:
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")
                    raise
        except Exception as error:  # any failure ends the writer, and every waiter hears of it
            self._failure = _failed(self._connections.name, error, len(jobs))
            return [_failed(self._connections.name, error, len(jobs)) for _ in jobs]
        if self._connections.file and not self._connections.file.is_in_place():
            self._failure = _lost(self._connections.name)
            return [_lost(self._connections.name) for _ in jobs]
        if self._committed:
            self._committed(jobs, results)
        return results


def _failed(name: str, cause: Exception, jobs: int) -> StoreError:
    several = "1 entry was" if jobs == 1 else f"{jobs} entries were"
    failure = StoreError(
        f"{name} cannot be written: {cause}. {several} not recorded; everything acknowledged before is",
        "mend the cause (a full disk, most often) and resume the run: recorded turns are not repeated",
    )
    failure.__cause__ = cause
    return failure


def _lost(name: str) -> StoreError:
    return StoreError(
        f"{name} was removed or replaced while in use; what was recorded since is lost with it",
        "leave the file in its place while something runs, then run again",
    )


def _again(failure: StoreError) -> StoreError:
    error = StoreError(f"nothing more is recorded, because earlier {failure.message}", failure.remedy)
    error.__cause__ = failure
    return error


def _wake(waiters: list[_Waiter[Result]]) -> None:
    """End all futures, with one wake-up per event loop; of a loop that is closed nobody waits any more."""
    loops = {future.get_loop() for future, _ in waiters}
    for loop in loops:
        mine = waiters if len(loops) == 1 else [entry for entry in waiters if entry[0].get_loop() is loop]
        try:
            loop.call_soon_threadsafe(_settle, mine)
        except RuntimeError:
            if not loop.is_closed():
                raise


def _settle(waiters: list[_Waiter[Result]]) -> None:
    for future, result in waiters:
        if future.done():
            continue
        if isinstance(result, StoreError):
            future.set_exception(result)
        else:
            future.set_result(result)
