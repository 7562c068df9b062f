"""Flags beat the environment, relative places are the folder's, and nothing contradictory is guessed at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from orchestrator.core.errors import UserError
from orchestrator.core.places import PlaceFlags, Places, Remote, settle_places

FOLDER = Path("/work")


def settled(env: dict[str, str] | None = None, **flags: Any) -> Places:
    return settle_places(FOLDER, PlaceFlags(**flags), env or {})


@pytest.mark.parametrize(
    ("env", "flags", "journal"),
    [
        ({}, {}, ".agentfs/agent-db.db"),
        ({"AGENTFS_ID": "a"}, {}, ".agentfs/a.db"),
        ({"AGENTFS_ID": "a"}, {"agentfs_id": "b"}, ".agentfs/b.db"),
        ({"AGENTFS_PATH": "x/y.db"}, {}, "x/y.db"),
        ({"AGENTFS_PATH": "/tmp/y.db"}, {}, "/tmp/y.db"),
        ({"AGENTFS_PATH": "x.db", "AGENTFS_ID": "a"}, {}, "x.db"),
        ({"AGENTFS_PATH": "x.db"}, {"agentfs_id": "b"}, ".agentfs/b.db"),
        ({"AGENTFS_ID": "a"}, {"agentfs_path": "z.db"}, "z.db"),
        ({"AGENTFS_PATH": ""}, {}, ".agentfs/agent-db.db"),
        ({"AGENTFS_PATH": "https://h/"}, {}, ".agentfs/agent-db.db"),
        ({}, {"agentfs_path": "ws://h:1/", "agentfs_id": "b"}, ".agentfs/b.db"),
    ],
)
def test_where_the_journal_is(env: dict[str, str], flags: dict[str, str], journal: str) -> None:
    assert settled(env, **flags).paths.journal == FOLDER / journal


def test_where_artifacts_are() -> None:
    assert settled().paths.artifacts == FOLDER / "memory" / "artifacts.agentfs.db"
    env = {"CODEX_MEMORY_DIR": "env"}
    assert settled(env).paths.memory == FOLDER / "env"
    assert settled(env, memory_dir="/flag").paths.memory == Path("/flag")


def test_a_session_names_the_run() -> None:
    env = {"AGENTFS_SESSION": "from-env"}
    assert settled().session is None
    assert settled(env).session == "from-env"
    assert settled(env, agentfs_session="run-20241220").session == "run-20241220"


def test_a_url_is_a_mirror_and_its_token_comes_from_the_environment() -> None:
    env = {"LIBSQL_AUTH_TOKEN": "very-secret", "AGENTFS_PATH": "libsql://db.example/"}
    remote = settled(env).remote
    assert remote == Remote("libsql://db.example/", "very-secret")
    assert "very-secret" not in repr(remote)
    assert settled({}, agentfs_path="http://127.0.0.1:8080").remote == Remote("http://127.0.0.1:8080")
    assert settled(env, agentfs_path="here.db").remote is None


def test_without_a_trail_artifacts_stay() -> None:
    places = settled({"AGENTFS_PATH": "https://h/", "AGENTFS_ID": "x"}, no_agentfs=True, memory_dir="m")
    assert not places.paths.keeps_trail and places.remote is None
    assert places.paths.artifacts == FOLDER / "m" / "artifacts.agentfs.db"


@pytest.mark.parametrize(
    ("env", "flags", "says"),
    [
        ({}, {"agentfs_id": "a", "agentfs_path": "b.db"}, "both name the journal"),
        ({}, {"agentfs_id": "../a"}, "--agentfs-id"),
        ({"AGENTFS_ID": "a b"}, {}, "AGENTFS_ID"),
        ({}, {"agentfs_id": ""}, "cannot name a file"),
        ({}, {"agentfs_path": " "}, "--agentfs-path is empty"),
        ({}, {"memory_dir": ""}, "--memory-dir is empty"),
        ({}, {"agentfs_session": "a/b"}, "--agentfs-session"),
        ({"AGENTFS_SESSION": "\x1b[31m"}, {}, r"AGENTFS_SESSION '\\x1b"),
        ({}, {"agentfs_path": "https://user:pw@h/"}, "credentials"),
        ({}, {"agentfs_path": "https://h/?authToken=x"}, "LIBSQL_AUTH_TOKEN"),
        ({}, {"agentfs_path": "https:///x"}, "no address"),
        ({}, {"no_agentfs": True, "agentfs_session": "s"}, "--no-agentfs"),
    ],
)
def test_what_cannot_be_meant_is_refused(env: dict[str, str], flags: dict[str, Any], says: str) -> None:
    with pytest.raises(UserError, match=says):
        settled(env, **flags)
