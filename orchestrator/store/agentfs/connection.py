"""Connections to an AgentFS file on disk or in memory, or the reason why there is none.

Writing: one kept connection with a write-ahead log, `synchronous=FULL`, a busy timeout and explicit
transactions; a second, read-only one for reads, so that readers never wait for a commit. Whatever speaks
against a file is found before a byte of it is written. A remote database would be a module beside this
one that gives out the same `Statements`.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from urllib.parse import quote

from agentlark.diagnostics import visible
from orchestrator.core.errors import StoreDamaged, StoreError, StoreRefused
from orchestrator.store.agentfs.backup import keep_backup
from orchestrator.store.agentfs.schema import (
    Part,
    create_tables,
    migrate_tables,
    part_version,
    refuse_foreign,
)

PROBE_S = 2.0
"""How long opening waits for another program's lock before it calls the file locked."""

BUSY_S = 30.0
"""How long a commit waits for another process of ours that is committing."""

PAGE_SIZE = 4096
_HEADER = b"SQLite format 3\0"


@dataclass(frozen=True, slots=True)
class OpenFile:
    """Which file was opened under a path: SQLite goes on writing to it when the path leads elsewhere."""

    path: Path
    device: int
    inode: int

    @classmethod
    def at(cls, path: Path) -> OpenFile:
        """The file that is there now."""
        found = path.stat()
        return cls(path.absolute(), found.st_dev, found.st_ino)

    def is_in_place(self) -> bool:
        """Whether the path still leads to the file; so it is taken to be when nobody can tell."""
        try:
            found = os.stat(self.path)
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError:
            return True
        return (found.st_dev, found.st_ino) == (self.device, self.inode)


@dataclass(frozen=True, slots=True)
class Connections:
    """A file's two connections: `write` for the one thread that writes, `reading()` for everybody else.

    In memory the two are one connection, and `writing()` keeps readers out until a transaction has ended.
    """

    name: str
    """The path, safe to show."""
    write: sqlite3.Connection
    read: sqlite3.Connection
    file: OpenFile | None = None
    """The file that is written; None in memory, and for reading."""
    _lock: Lock = field(default_factory=Lock)

    def writing(self) -> AbstractContextManager[object]:
        """Hold this during a transaction."""
        return self._lock if self.write is self.read else nullcontext()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The connection for reads, for this thread alone; SQLite's errors become StoreErrors."""
        with self._lock, readable(self.name):
            yield self.read

    def close(self) -> None:
        """Close both; a writer folds its log into the file first. Must not be called during a transaction."""
        with self._lock, readable(self.name):
            try:
                if self.write is not self.read:
                    self.read.close()
                    self.write.execute(f"PRAGMA busy_timeout={int(PROBE_S * 1000)}")
                    self.write.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            finally:
                self.write.close()


def refuse_locked(connections: Connections) -> None:
    """Raise StoreRefused when another program is in the middle of writing, and stays there."""
    db = connections.write
    with _opening(connections.name):
        db.execute(f"PRAGMA busy_timeout={int(PROBE_S * 1000)}")
        try:
            db.execute("BEGIN IMMEDIATE")
            db.execute("ROLLBACK")
        finally:
            db.execute(f"PRAGMA busy_timeout={int(BUSY_S * 1000)}")


@contextmanager
def readable(name: str) -> Iterator[None]:
    """Turn SQLite's errors while reading a file into StoreErrors that name it."""
    try:
        yield
    except (sqlite3.Error, UnicodeDecodeError) as error:  # even a message may be damaged
        if (cause := _cause(error, name)) is not None:
            raise StoreError(f"{name} {cause[0]}", cause[1]) from error
        raise StoreDamaged(f"{name} cannot be read: {error}") from error


def open_memory(part: Part) -> Connections:
    """A database that lives as long as its connection; nothing is written anywhere."""
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    _create(connection, part)
    return Connections(":memory:", connection, connection)


def open_file(path: Path, part: Part, synchronous: str = "FULL") -> Connections:
    """Open or create an AgentFS file (0600, its folder 0700) for one writing thread.

    An older version of the part is brought up to date once a backup lies beside the file. Raises
    StoreRefused, before anything is written, when the file is not ours to write: not a database, a database
    of something else, of a newer version, locked by another program, read-only, a folder.
    """
    name = visible(str(path))
    _make_file(path, name)
    file = _opened(path, name)
    write = _connect(path)
    try:
        with _opening(name):
            refuse_foreign(write, name, part)
            _prepare(write, name, synchronous)
            version = part_version(write, part.name)
            if version and version < part.version:
                keep_backup(write, path, f"version-{version}")
            if version != part.version:
                _create(write, part)
            write.execute(f"PRAGMA busy_timeout={int(BUSY_S * 1000)}")
            read = _connect(path)
            read.execute("PRAGMA query_only=ON")
    except BaseException:
        write.close()
        raise
    return Connections(name, write, read, file)


def open_reading(path: Path, part: Part) -> Connections | None:
    """Open a file for reading while others may write it; None when there is no such file or part in it.

    Creates no database, but brings an older one up to date as `open_file` does, and raises what it raises.
    """
    connections = open_tree(path, part)
    if connections is None:
        return None
    with connections.reading() as db:
        version = part_version(db, part.name)
    if version == part.version:
        return connections
    connections.close()
    if not version:
        return None
    open_file(path, part).close()
    return open_tree(path, part)


def open_tree(path: Path, part: Part | None = None) -> Connections | None:
    """Open any AgentFS file for reading, whether or not it has the part; None when there is no file.

    Raises StoreRefused as `open_file` does, also for a part of a newer version.
    """
    name = visible(str(path))
    if not _is_database(path, name):
        return None
    connection = _connect(path, _read_mode(path))
    try:
        with _opening(name):
            connection.execute("PRAGMA query_only=ON")
            refuse_foreign(connection, name, part)
    except BaseException:
        connection.close()
        raise
    return Connections(name, connection, connection)


def attach(db: sqlite3.Connection, path: Path, schema: str) -> None:
    """Let statements of a connection (opened with URIs) read a file, too, under a name of its own."""
    db.execute(f"ATTACH ? AS {schema}", (_uri(path, _read_mode(path)),))


def _read_mode(path: Path) -> str:
    """`immutable` where SQLite could not create the files that reading a log needs, and there is no log."""
    if os.access(path, os.W_OK) and os.access(path.parent, os.W_OK):
        return "mode=rw"
    return "mode=ro" if path.with_name(path.name + "-wal").exists() else "mode=ro&immutable=1"


def _connect(path: Path, mode: str = "mode=rw") -> sqlite3.Connection:
    try:
        return sqlite3.connect(
            _uri(path, mode), uri=True, timeout=PROBE_S, isolation_level=None, check_same_thread=False
        )
    except sqlite3.Error as error:
        raise StoreRefused(f"{visible(str(path))} cannot be opened: {error}", _PERMISSIONS) from error


def _uri(path: Path, mode: str) -> str:
    return f"file:{quote(str(path.absolute()))}?{mode}"


def _is_database(path: Path, name: str) -> bool:
    """Whether there is a database; not for no file or an empty one. Raises StoreRefused for anything else."""
    try:
        with path.open("rb") as file:
            head = file.read(len(_HEADER))
    except FileNotFoundError:
        return False
    except IsADirectoryError as error:
        raise StoreRefused(f"{name} is a folder", "name a file, or move the folder away") from error
    except OSError as error:
        raise StoreRefused(f"{name} cannot be read: {error.strerror}", _PERMISSIONS) from error
    if head and head != _HEADER:
        raise StoreRefused(f"{name} is not a database", "name another file, or move this one away")
    return bool(head)


def _make_file(path: Path, name: str) -> None:
    _is_database(path, name)
    try:
        _make_folder(path.parent)
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    except OSError as error:
        raise StoreRefused(f"{name} cannot be created: {error.strerror}", _PERMISSIONS) from error
    for place in (path, path.parent):
        if not os.access(place, os.W_OK):
            raise StoreRefused(f"{visible(str(place))} is read-only", _PERMISSIONS)


def _opened(path: Path, name: str) -> OpenFile:
    try:
        return OpenFile.at(path)
    except OSError as error:
        raise StoreRefused(f"{name} cannot be opened: {error.strerror}", _PERMISSIONS) from error


def _make_folder(folder: Path) -> None:
    if not folder.parent.exists():
        _make_folder(folder.parent)
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    if not folder.is_dir():
        raise NotADirectoryError(20, f"{visible(str(folder))} is not a folder")


def _prepare(connection: sqlite3.Connection, name: str, synchronous: str) -> None:
    connection.execute(f"PRAGMA page_size={PAGE_SIZE}")
    mode = connection.execute("PRAGMA journal_mode=WAL").fetchone()[0]
    if mode != "wal":
        raise StoreRefused(f"{name} cannot keep a write-ahead log here", "use a local file system")
    connection.execute(f"PRAGMA synchronous={synchronous}")
    connection.execute("PRAGMA fullfsync=ON")  # on macOS a plain fsync leaves data in the drive's cache


def _create(connection: sqlite3.Connection, part: Part) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        migrate = migrate_tables if part_version(connection, part.name) else create_tables
        migrate(connection, part, int(time.time()))
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # a full disk may have ended it
            connection.execute("ROLLBACK")
        raise


@contextmanager
def _opening(name: str) -> Iterator[None]:
    """SQLite's errors while opening, as refusals with their remedy."""
    try:
        yield
    except (sqlite3.Error, UnicodeDecodeError) as error:
        if _kind(error) in (sqlite3.SQLITE_CORRUPT, 0):  # 0: text that is none
            raise StoreDamaged(f"{name} is damaged: {error}") from error
        what, remedy = _cause(error, name) or (f"cannot be opened: {error}", "name another file")
        raise StoreRefused(f"{name} {what}", remedy) from error


def _cause(error: Exception, name: str) -> tuple[str, str] | None:
    """What an error of SQLite's means for a file, and what to do; None if it is no usual one.

    Even a reader writes beside the file, and on a full disk is told of anything but that.
    """
    kind = _kind(error)
    if kind in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN) and _is_full(Path(name).parent):
        return "cannot be opened: the disk is full", "make room and try again"
    if getattr(error, "sqlite_errorcode", 0) in _OF_WRITING:
        return (
            "cannot be written to its disk, which may be full",
            "make room, or copy the file to another disk",
        )
    return _CAUSES.get(kind)


def _is_full(folder: Path) -> bool:
    try:
        return shutil.disk_usage(folder).free < _ROOM_BYTES
    except OSError:
        return False


def _kind(error: Exception) -> int:
    """The kind of an error of SQLite's: the low byte of its code; 0 for any other error."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


_OF_WRITING = {
    sqlite3.SQLITE_IOERR_DIR_FSYNC,
    sqlite3.SQLITE_IOERR_FSYNC,
    sqlite3.SQLITE_IOERR_SHMSIZE,
    sqlite3.SQLITE_IOERR_TRUNCATE,
    sqlite3.SQLITE_IOERR_WRITE,
}

_ROOM_BYTES = 65_536
"""What the file that SQLite keeps beside a database takes, roughly."""

_PERMISSIONS = "check the permissions of the file and its folder, or name another place"
_LOCKED = (
    "is locked by another program",
    "close what holds it (an AgentFS SDK, mount or shell locks the whole file) and try again",
)
_CAUSES = {
    sqlite3.SQLITE_BUSY: _LOCKED,
    sqlite3.SQLITE_LOCKED: _LOCKED,
    sqlite3.SQLITE_PROTOCOL: _LOCKED,
    sqlite3.SQLITE_NOTADB: ("is not a database", "name another file, or move this one away"),
    sqlite3.SQLITE_IOERR: ("cannot be read from its disk", "copy the file to another disk"),
    sqlite3.SQLITE_READONLY: ("is read-only", _PERMISSIONS),
    sqlite3.SQLITE_CANTOPEN: ("cannot be opened", _PERMISSIONS),
    sqlite3.SQLITE_FULL: ("cannot be written: the disk is full", "make room and try again"),
}
