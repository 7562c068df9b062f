"""Reading artifacts: ours through their columns, other programs' files in the same folder as well.

A file that is no artifact (broken JSON, another shape) is found as what it is, with the reason, and keeps
nobody from reading the rest. Nothing is ever written here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from heapq import merge
from pathlib import Path
from sqlite3 import Connection
from typing import Self

from pydantic import ValidationError

from orchestrator.store.agentfs.connection import Connections, open_file, open_tree
from orchestrator.store.agentfs.files import find_ino, read_ino
from orchestrator.store.agentfs.schema import part_version
from orchestrator.store.artifacts import tables
from orchestrator.store.artifacts.payload import Artifact
from orchestrator.store.artifacts.query import Wanted, milliseconds, sieve, statement

FOLDER = "/memory/artifacts"

FEW = 5000
"""With more files than that holding the words, going through the newest ones finds enough sooner."""

_FILES = """SELECT d.name, d.ino, i.mtime * 1000 + i.mtime_nsec / 1000000
    FROM fs_dentry d JOIN fs_inode i ON i.ino = d.ino
    WHERE d.parent_ino = ? AND i.mode & 61440 = 32768"""  # regular files
_ALL_OURS = """SELECT (SELECT count(*) || '/' || total(ino) FROM fs_inode WHERE mode & 61440 = 32768)
    = (SELECT count(*) || '/' || total(ino) FROM artifacts)"""
"""Whether all files in there are ours, told without looking at each: inode numbers are never used twice."""
_NOT_OURS = "AND NOT EXISTS (SELECT 1 FROM artifacts a WHERE a.ino = d.ino)"


@dataclass(frozen=True, slots=True)
class Found:
    """An artifact that was found, by what is known without reading its file."""

    id: str
    run: str
    agent: str
    node: str
    type: str
    wave: int
    created: datetime
    simulated: bool
    condensed_into: str | None
    """The id of the summary that stands for it."""
    ino: int
    broken: str = ""
    """Why it cannot be read, for a file of another program's."""


@dataclass(frozen=True, slots=True)
class Broken:
    """An artifact whose file holds something else."""

    reason: str


class ArtifactReader:
    """What can be asked of an artifact file. Raises StoreError when SQLite cannot read it."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        with connections.reading() as db:
            self._is_ours = part_version(db, tables.ARTIFACTS.name) > 0
            self._folder = find_ino(db, FOLDER)

    def find(self, wanted: Wanted) -> list[Found]:
        """Every artifact wanted, newest first, `limit` at most."""
        found: list[Found] = []
        with self._connections.reading() as db:
            for one in merge(self._ours(db, wanted), self._strangers(db, wanted), key=_newest, reverse=True):
                if wanted.limit is not None and len(found) >= wanted.limit:
                    break
                found.append(one)
        return found

    def payload(self, ino: int) -> Artifact | Broken:
        """What the file of an artifact holds."""
        with self._connections.reading() as db:
            return _parsed(read_ino(db, ino))

    def topics(self) -> dict[str, str]:
        """The topic of every artifact of ours that has one, by id."""
        if not self._is_ours:
            return {}
        with self._connections.reading() as db:
            return dict(db.execute(tables.TOPICS).fetchall())

    def harm(self) -> str:
        """What SQLite finds wrong with the file; empty when it finds nothing."""
        with self._connections.reading() as db:
            first = str(db.execute("PRAGMA quick_check(1)").fetchone()[0])
        return "" if first == "ok" else first

    def taken(self) -> dict[tuple[str, datetime], int]:
        """How far each run has been projected: the number of its last fact taken, by slug and start."""
        if not self._is_ours:
            return {}
        with self._connections.reading() as db:
            rows = db.execute(tables.ALL_TAKEN).fetchall()
        return {(slug, datetime.fromisoformat(started)): number for slug, started, number in rows}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connections.close()

    def _ours(self, db: Connection, wanted: Wanted) -> Iterator[Found]:
        if not self._is_ours:
            return
        holding: Collection[int] | None = None
        if wanted.grep is not None:
            holding = {ino for (ino,) in db.execute(*sieve(wanted.grep))}
        is_common = holding is not None and len(holding) > FEW
        sql, values = statement(wanted, None if is_common else holding)
        if wanted.limit is not None and wanted.grep is None:
            sql, values = f"{sql} LIMIT ?", [*values, wanted.limit]
        for row in db.execute(sql, values):
            if wanted.grep is None or (row[-1] in (holding or ()) and _says(db, row[-1], wanted.grep)):
                yield _found(row)

    def _strangers(self, db: Connection, wanted: Wanted) -> list[Found]:
        """Files in the folder that the projection did not write, newest first."""
        if self._folder is None or (self._is_ours and db.execute(_ALL_OURS).fetchone()[0]):
            return []
        query = f"{_FILES} {_NOT_OURS}" if self._is_ours else _FILES
        rows = db.execute(query, (self._folder,)).fetchall()
        found = [
            _stranger(name, ino, ms, _parsed(read_ino(db, ino)), self._mark(db, name))
            for name, ino, ms in rows
        ]
        fitting = (one for one, content in found if _fits(one, content, wanted))
        return sorted(fitting, key=_newest, reverse=True)

    def _mark(self, db: Connection, name: str) -> str | None:
        """The summary that stands for a stranger."""
        row = db.execute(tables.MARK, (name.removesuffix(".json"),)).fetchone() if self._is_ours else None
        return str(row[0]) if row else None


def open_artifacts(path: Path) -> ArtifactReader | None:
    """A reader of the artifact file, also while others write it; None when there is no file yet.

    A file of an older version is brought up to date first. Raises StoreRefused when it is nothing that can be
    read as one.
    """
    connections = open_tree(path, tables.ARTIFACTS)
    if connections is None:
        return None
    try:
        with connections.reading() as db:
            version = part_version(db, tables.ARTIFACTS.name)
        if not 0 < version < tables.ARTIFACTS.version:
            return ArtifactReader(connections)
    except BaseException:
        connections.close()
        raise
    connections.close()
    open_file(path, tables.ARTIFACTS).close()
    return open_artifacts(path)


def _newest(found: Found) -> datetime:
    return found.created


def _found(row: tuple[str, str, str, str, str, int, int, int, str | None, int]) -> Found:
    name, run, agent, node, kind, wave, created_ms, simulated, summary, ino = row
    return Found(name, run, agent, node, kind, wave, _time(created_ms), bool(simulated), summary, ino)


def _time(created_ms: int) -> datetime:
    return datetime.fromtimestamp(created_ms / 1000, UTC)


def _parsed(content: bytes) -> Artifact | Broken:
    try:
        return Artifact.model_validate_json(content)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        return Broken(f"{place}: {first['msg']}" if place else first["msg"])


def _says(db: Connection, ino: int, words: str) -> bool:
    artifact = _parsed(read_ino(db, ino))
    return isinstance(artifact, Artifact) and _holds(artifact, words)


def _holds(artifact: Artifact, words: str) -> bool:
    return words.casefold() in f"{artifact.prompt}\0{artifact.text}".casefold()


def _stranger(
    name: str, ino: int, ms: int, content: Artifact | Broken, summary: str | None
) -> tuple[Found, Artifact | Broken]:
    id = name.removesuffix(".json")
    if isinstance(content, Broken):
        broken = Found(id, "", "", "", "broken", 0, _time(ms), False, summary, ino, content.reason)
        return broken, content
    who = (content.run, content.agent, content.node, content.type, content.wave)
    created = content.created.astimezone(UTC)
    return Found(id, *who, created, content.simulated, summary, ino), content


def _fits(found: Found, content: Artifact | Broken, wanted: Wanted) -> bool:
    """The conditions of `query.statement`, on a file that has no row."""
    at = milliseconds(found.created)
    tags = content.tags if isinstance(content, Artifact) else ()
    return (
        found.agent in (wanted.agents or (found.agent,))
        and found.type in (wanted.types or (found.type,))
        and set(wanted.tags) <= set(tags)
        and wanted.run in (None, found.run)
        and (wanted.since is None or milliseconds(wanted.since) <= at)
        and (wanted.until is None or at < milliseconds(wanted.until))
        and wanted.condensed in (None, found.condensed_into is not None)
        and wanted.simulated in (None, found.simulated)
        and (wanted.grep is None or (isinstance(content, Artifact) and _holds(content, wanted.grep)))
    )
