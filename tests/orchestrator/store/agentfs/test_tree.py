"""Directories, files and links of an AgentFS file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest

from orchestrator.core.errors import StoreError, StoreRefused
from orchestrator.store.agentfs.files import (
    ToolCall,
    add_tool_calls,
    find_ino,
    kv_get,
    kv_set,
    list_names,
    read_file,
    read_part,
)
from orchestrator.store.agentfs.schema import ROOT_INO, Part, create_tables
from orchestrator.store.agentfs.tree import Directories, TreeBatch, checked_name

AT = (1_700_000_000, 5)


@pytest.fixture
def db() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    create_tables(connection, Part("test", 1, ()), 1)
    yield connection
    connection.close()


@pytest.mark.parametrize("size", [0, 1, 4095, 4096, 4097, 12288, 50_001])
def test_a_file_comes_back_whole_and_in_parts(db: sqlite3.Connection, size: int) -> None:
    content = bytes(i * 7 % 251 for i in range(size))
    tree = TreeBatch(db, Directories())
    ino = tree.file(tree.directory(ROOT_INO, "d", AT), "f", content, AT)
    tree.flush()
    assert read_file(db, "/d/f") == content
    for start, length in ((0, 1), (4090, 20), (4096, 1), (size // 2, size // 3 + 1)):
        assert read_part(db, ino, start, length, 4096) == content[start : start + length]


def test_a_directory_is_made_once(db: sqlite3.Connection) -> None:
    known = Directories()
    first = TreeBatch(db, known)
    made = [first.directory(ROOT_INO, "d", AT) for _ in range(2)]
    first.flush()
    made += [TreeBatch(db, known).directory(ROOT_INO, "d", AT)]
    made += [TreeBatch(db, Directories()).directory(ROOT_INO, "d", AT)]
    assert set(made) == {find_ino(db, "/d")}


def test_a_file_in_the_way_of_a_directory_is_an_error(db: sqlite3.Connection) -> None:
    tree = TreeBatch(db, Directories())
    tree.file(ROOT_INO, "runs", b"", AT)
    tree.flush()
    with pytest.raises(StoreError, match="in the way"):
        TreeBatch(db, Directories()).directory(ROOT_INO, "runs", AT)


def test_a_taken_name_gets_a_suffix_before_its_extension(db: sqlite3.Connection) -> None:
    for _ in range(2):
        tree = TreeBatch(db, Directories())
        for name in ("a.b.json", ".hidden", "plain", "a.b.json"):
            tree.file(ROOT_INO, name, name.encode(), AT)
        tree.flush()
    expected = ".hidden .hidden~2 a.b.json a.b~2.json a.b~3.json a.b~4.json plain plain~2"
    assert " ".join(list_names(db, "/")) == expected


def test_a_link_counts_and_a_changed_directory_has_a_new_time(db: sqlite3.Connection) -> None:
    tree = TreeBatch(db, Directories())
    folder = tree.directory(ROOT_INO, "d", AT)
    ino = tree.file(folder, "one", b"x", AT)
    tree.flush()
    later = TreeBatch(db, Directories())
    later.link(folder, "two", ino, (AT[0] + 60, 7))
    later.flush()
    assert read_file(db, "/d/two") == b"x"
    assert db.execute("SELECT nlink FROM fs_inode WHERE ino = ?", (ino,)).fetchone() == (2,)
    times = db.execute("SELECT mtime, mtime_nsec FROM fs_inode WHERE ino = ?", (folder,)).fetchone()
    assert times == (AT[0] + 60, 7)


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/", "a\0", "\udc80"])
def test_a_name_that_no_file_can_have_is_refused(name: str) -> None:
    with pytest.raises(StoreRefused):
        checked_name(name)


@pytest.mark.parametrize("name", ["...", "planner@2", "a b", "é", "\u202e", "'; --", "x" * 300, "\n"])
def test_an_odd_name_is_a_name(db: sqlite3.Connection, name: str) -> None:
    tree = TreeBatch(db, Directories())
    tree.file(ROOT_INO, name, b"x", AT)
    tree.flush()
    assert list_names(db, "/") == (name,)


def test_reading_what_is_not_there_is_an_error(db: sqlite3.Connection) -> None:
    for reading in (read_file, list_names):
        with pytest.raises(StoreError, match="there is no /x"):
            reading(db, "/x/y"[:2])


def test_key_value_entries_are_json_and_the_last_stands(db: sqlite3.Connection) -> None:
    kv_set(db, [("k", {"a": [1, None]}, 5), ("s", "é", 5)])
    kv_set(db, [("k", 2, 9)])
    assert kv_get(db, "k") == 2 and kv_get(db, "s") == "é"
    row = db.execute("SELECT created_at, updated_at FROM kv_store WHERE key = 'k'").fetchone()
    assert row == (5, 9)


def test_tool_calls_say_whether_they_worked(db: sqlite3.Connection) -> None:
    add_tool_calls(db, [ToolCall("t", "{}", "1", None, 1, 2, 900), ToolCall("t", "{}", None, "no", 1, 1, 0)])
    assert [row[0] for row in db.execute("SELECT status FROM tool_calls ORDER BY id")] == ["success", "error"]
