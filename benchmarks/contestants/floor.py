"""The floor: as little as a durable scheduler can do, in asyncio, networkx and sqlite3.

Per turn one commit says that it starts and one brings its answer, each on the disk before anything goes on.
No prompts, keys, checks, facts or files. `grouped` queues commits to one writer thread that puts all that
wait into one transaction, as agentlark does; `plain` gives every statement its own transaction at once.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TypeAlias

import networkx as nx

from benchmarks.shapes import Shape, answer_of

TABLE = "CREATE TABLE turns (seq INTEGER PRIMARY KEY, node TEXT NOT NULL, kind TEXT NOT NULL, answer TEXT)"
INSERT = "INSERT INTO turns (node, kind, answer) VALUES (?, ?, ?)"

Row: TypeAlias = tuple[str, str, str | None]
Commit: TypeAlias = Callable[[Row], Awaitable[None]]


def open_database(path: Path) -> sqlite3.Connection:
    """A new database that survives a power cut."""
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.execute(TABLE)
    return db


class GroupWriter:
    """One thread that writes all waiting rows in one transaction, then wakes who waits for them."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._loop = asyncio.get_running_loop()
        self._queue: SimpleQueue[tuple[Row, asyncio.Future[None]] | None] = SimpleQueue()
        self._thread = Thread(target=self._work)
        self._thread.start()

    def commit(self, row: Row) -> asyncio.Future[None]:
        """Queue a row; the future ends when it is on the disk."""
        future = self._loop.create_future()
        self._queue.put((row, future))
        return future

    def close(self) -> None:
        """End the thread."""
        self._queue.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (entry := self._queue.get()) is not None:
            batch = [entry]
            try:
                while (more := self._queue.get_nowait()) is not None:
                    batch.append(more)
            except Empty:
                pass
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany(INSERT, [row for row, _ in batch])
            self._db.execute("COMMIT")
            self._loop.call_soon_threadsafe(_wake, [future for _, future in batch])


def _wake(futures: list[asyncio.Future[None]]) -> None:
    for future in futures:
        future.set_result(None)


def graph_of(shape: Shape) -> nx.DiGraph[str]:
    """The shape as a graph."""
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(shape.depends_on)
    graph.add_edges_from((up, name) for name, upstream in shape.depends_on.items() for up in upstream)
    return graph


async def schedule(graph: nx.DiGraph[str], commit: Commit, delays_s: Mapping[str, float]) -> None:
    """Take one turn per node, each the moment its last dependency has ended."""
    missing = dict(graph.in_degree())
    async with asyncio.TaskGroup() as tasks:

        async def turn(node: str) -> None:
            await commit((node, "started", None))
            if (delay_s := delays_s.get(node)) is not None:
                await asyncio.sleep(delay_s)
            await commit((node, "ended", answer_of(node)))
            for below in graph.successors(node):
                missing[below] -= 1
                if not missing[below]:
                    tasks.create_task(turn(below))

        for node in [node for node, count in missing.items() if not count]:
            tasks.create_task(turn(node))


async def grouped(shape: Shape, folder: Path) -> float:
    """Seconds with group commit."""
    db = open_database(folder / "floor.db")
    graph = graph_of(shape)
    writer = GroupWriter(db)
    begun = time.perf_counter()
    await schedule(graph, writer.commit, shape.delays_s)
    seconds = time.perf_counter() - begun
    writer.close()
    _check(db, shape)
    return seconds


async def plain(shape: Shape, folder: Path) -> float:
    """Seconds with one transaction per statement, written on the event loop."""
    db = open_database(folder / "floor.db")
    graph = graph_of(shape)

    async def commit(row: Row) -> None:
        db.execute(INSERT, row)

    begun = time.perf_counter()
    await schedule(graph, commit, shape.delays_s)
    seconds = time.perf_counter() - begun
    _check(db, shape)
    return seconds


def _check(db: sqlite3.Connection, shape: Shape) -> None:
    assert db.execute("SELECT count(*) FROM turns WHERE answer IS NOT NULL").fetchone() == (shape.turns,)
    db.close()
