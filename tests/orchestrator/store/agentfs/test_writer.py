"""Group commit: many jobs, one transaction, each acknowledged when it is durable."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from threading import Event, current_thread, main_thread

import pytest

from orchestrator.core.errors import StoreError
from orchestrator.store.agentfs.connection import Connections, open_file, open_memory
from orchestrator.store.agentfs.schema import Part
from orchestrator.store.agentfs.writer import GroupWriter

NUMBERS = Part("numbers", 1, ("CREATE TABLE IF NOT EXISTS numbers (n INTEGER) STRICT",))


class Counting:
    """Writes numbers and remembers how they were batched; may be held up or made to fail."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.go = Event()
        self.go.set()
        self.entered = Event()

    def write(self, db: sqlite3.Connection, jobs: Sequence[int]) -> list[int | StoreError]:
        assert current_thread() is not main_thread()
        self.entered.set()
        self.go.wait()
        self.batches.append(list(jobs))
        if 666 in jobs:
            raise ZeroDivisionError("a defect")
        db.executemany("INSERT INTO numbers VALUES (?)", [(job,) for job in jobs])
        return [StoreError("odd one out") if job == -13 else job * 2 for job in jobs]


async def _entered(counting: Counting) -> None:
    """Return when the thread has begun to write."""
    await asyncio.sleep(0)
    counting.entered.wait()


def _numbers(connections: Connections) -> list[int]:
    with connections.reading() as db:
        return [row[0] for row in db.execute("SELECT n FROM numbers ORDER BY rowid").fetchall()]


def test_jobs_that_wait_share_one_transaction_in_their_order(tmp_path: Path) -> None:
    async def story() -> None:
        counting = Counting()
        connections = open_file(tmp_path / "n.db", NUMBERS)
        writer = GroupWriter(connections, counting.write)
        counting.go.clear()
        first = writer.submit(0)
        await _entered(counting)
        rest = [writer.submit(n) for n in range(1, 101)]
        await asyncio.sleep(0)
        assert _numbers(connections) == []
        counting.go.set()
        assert await asyncio.gather(first, *rest) == [n * 2 for n in range(101)]
        assert counting.batches == [[0], list(range(1, 101))]
        assert _numbers(connections) == list(range(101))
        await writer.close()

    asyncio.run(story())


def test_an_acknowledged_job_is_seen_by_another_connection(tmp_path: Path) -> None:
    async def story() -> None:
        writer = GroupWriter(open_file(tmp_path / "n.db", NUMBERS), Counting().write)
        other = sqlite3.connect(tmp_path / "n.db")
        for n in range(20):
            await writer.submit(n)
            assert other.execute("SELECT max(n) FROM numbers").fetchone() == (n,)
        other.close()
        await writer.close()

    asyncio.run(story())


def test_a_refusal_reaches_its_own_waiter_alone() -> None:
    async def story() -> None:
        writer = GroupWriter(open_memory(NUMBERS), Counting().write)
        results = await asyncio.gather(*(writer.submit(n) for n in (1, -13, 2)), return_exceptions=True)
        assert [results[0], results[2]] == [2, 4] and isinstance(results[1], StoreError)
        await writer.close()

    asyncio.run(story())


def test_a_defect_in_writing_reaches_every_waiter_and_ends_the_writer() -> None:
    async def story() -> None:
        connections = open_memory(NUMBERS)
        writer = GroupWriter(connections, Counting().write)
        assert await writer.submit(1) == 2
        with pytest.raises(StoreError, match="a defect") as caught:
            await writer.submit(666)
        assert isinstance(caught.value.__cause__, ZeroDivisionError)
        assert _numbers(connections) == [1]
        with pytest.raises(StoreError, match="nothing more is recorded"):
            writer.submit(2)
        await writer.close()

    asyncio.run(story())


def test_jobs_queued_behind_a_failure_are_refused_too() -> None:
    async def story() -> None:
        counting = Counting()
        writer = GroupWriter(open_memory(NUMBERS), counting.write)
        counting.go.clear()
        failing = writer.submit(666)
        await _entered(counting)
        behind = writer.submit(1)
        counting.go.set()
        results = await asyncio.gather(failing, behind, return_exceptions=True)
        assert all(isinstance(result, StoreError) for result in results)
        assert counting.batches == [[666]]
        await writer.close()

    asyncio.run(story())


def test_a_loop_that_is_gone_does_not_stop_the_writer(tmp_path: Path) -> None:
    counting = Counting()
    connections = open_file(tmp_path / "n.db", NUMBERS)
    writer = GroupWriter(connections, counting.write)

    async def leave() -> None:
        counting.go.clear()
        writer.submit(1)
        await _entered(counting)
        writer.submit(5)

    async def stay() -> None:
        counting.go.set()
        assert await writer.submit(2) == 4
        assert _numbers(connections) == [1, 5, 2]
        await writer.close()

    asyncio.run(leave())
    asyncio.run(stay())


@pytest.mark.parametrize("replaced", [False, True])
def test_a_file_that_was_removed_or_replaced_ends_the_writer(tmp_path: Path, replaced: bool) -> None:
    async def story() -> None:
        path = tmp_path / "n.db"
        writer = GroupWriter(open_file(path, NUMBERS), Counting().write)
        assert await writer.submit(1) == 2
        path.rename(tmp_path / "moved.db")
        if replaced:
            path.write_bytes(b"something else")
        results = await asyncio.gather(writer.submit(2), writer.submit(3), return_exceptions=True)
        assert all(f"{path} was removed or replaced while in use" in str(result) for result in results)
        with pytest.raises(StoreError, match=r"nothing more is recorded, because .* removed or replaced"):
            writer.submit(4)
        with suppress(StoreError):
            await writer.close()
        assert path.exists() == replaced

    asyncio.run(story())


def test_a_file_under_a_link_may_be_written(tmp_path: Path) -> None:
    async def story() -> None:
        (tmp_path / "real.db").touch()
        (tmp_path / "n.db").symlink_to(tmp_path / "real.db")
        writer = GroupWriter(open_file(tmp_path / "n.db", NUMBERS), Counting().write)
        assert await writer.submit(1) == 2
        await writer.close()

    asyncio.run(story())
