"""Where the record of runs and their artifacts go: what flags and environment ask for, and what holds.

Flags beat the environment. Relative paths are taken from the invocation folder, so that runs elsewhere never
share a database by accident.

| flag | environment | meaning |
|---|---|---|
| `--agentfs-id ID` | `AGENTFS_ID` | the journal is `.agentfs/ID.db` |
| `--agentfs-path PATH` | `AGENTFS_PATH` | the journal is this file; a libSQL URL is a mirror of it instead |
| `--agentfs-session SLUG` | `AGENTFS_SESSION` | the run's slug, with a suffix if it is taken |
| `--no-agentfs` | | no trail: artifacts only |
| `--memory-dir DIR` | `CODEX_MEMORY_DIR` | the folder of artifacts |
| | `LIBSQL_AUTH_TOKEN` | the token for the mirror |
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from agentlark.diagnostics import visible
from orchestrator.core.errors import UserError
from orchestrator.core.paths import RunPaths

TOKEN_VARIABLE = "LIBSQL_AUTH_TOKEN"  # noqa: S105  # its name, not a token

_URL = re.compile(r"(https?|wss?|libsql)://", re.IGNORECASE)
_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")
_SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True, slots=True)
class PlaceFlags:
    """What a caller asks for; None means not asked for."""

    agentfs_id: str | None = None
    agentfs_path: str | None = None
    agentfs_session: str | None = None
    no_agentfs: bool = False
    memory_dir: str | None = None


@dataclass(frozen=True, slots=True)
class Remote:
    """A libSQL database that mirrors the journal."""

    url: str
    token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Places:
    """What holds."""

    paths: RunPaths
    session: str | None = None
    """The slug that a new run is to have, if it is free."""
    remote: Remote | None = None


def settle_places(folder: Path, flags: PlaceFlags, env: Mapping[str, str]) -> Places:
    """What holds in a folder, given flags and environment. Raises UserError for what cannot be meant."""
    session = _session(flags.agentfs_session, env)
    memory = flags.memory_dir if flags.memory_dir is not None else _given(env, "CODEX_MEMORY_DIR")
    if memory is not None and not memory.strip():
        raise UserError("--memory-dir is empty", "leave it out, or name a folder (an unset shell variable?)")
    memory_folder = None if memory is None else folder / memory
    if flags.no_agentfs:
        given = (flags.agentfs_id, flags.agentfs_path, flags.agentfs_session)
        if any(value is not None for value in given):
            raise UserError(
                "--no-agentfs keeps no trail, and --agentfs-id, -path and -session say where to keep it",
                "give the one or the others",
            )
        return Places(RunPaths(folder, memory_folder=memory_folder, keeps_trail=False))
    audit, remote = _journal(folder, flags, env)
    return Places(RunPaths(folder, audit, memory_folder), session, remote=remote)


def _journal(folder: Path, flags: PlaceFlags, env: Mapping[str, str]) -> tuple[Path | None, Remote | None]:
    """The journal's file, None for the default one, and what mirrors it."""
    if flags.agentfs_id is not None and flags.agentfs_path is not None and not _is_url(flags.agentfs_path):
        raise UserError("--agentfs-id and --agentfs-path both name the journal", "give one of them")
    path, id = flags.agentfs_path, flags.agentfs_id
    origins = ("--agentfs-path", "--agentfs-id")
    if path is None and id is None:
        path, id = _given(env, "AGENTFS_PATH"), _given(env, "AGENTFS_ID")
        origins = ("AGENTFS_PATH", "AGENTFS_ID")
    if path is not None and _is_url(path):
        remote = Remote(_checked_url(path, origins[0]), _given(env, TOKEN_VARIABLE))
        return (_file_of(folder, id, origins[1]) if id is not None else None), remote
    if path is not None:
        if not path.strip():
            raise UserError(
                f"{origins[0]} is empty", "leave it out, or name a file (an unset shell variable?)"
            )
        return folder / path, None
    return (_file_of(folder, id, origins[1]) if id is not None else None), None


def _file_of(folder: Path, id: str, origin: str) -> Path:
    if not _ID.fullmatch(id):
        raise UserError(f"{origin} '{visible(id)}' cannot name a file", "use letters, digits, '-' and '_'")
    return folder / ".agentfs" / f"{id}.db"


def _session(flag: str | None, env: Mapping[str, str]) -> str | None:
    origin = "AGENTFS_SESSION" if flag is None else "--agentfs-session"
    slug = _given(env, "AGENTFS_SESSION") if flag is None else flag
    if slug is not None and not _SLUG.fullmatch(slug):
        raise UserError(
            f"{origin} '{visible(slug)}' cannot be a run's slug",
            "use letters, digits, '.', '-' and '_', a letter or digit first",
        )
    return slug


def _is_url(path: str) -> bool:
    return _URL.match(path) is not None


def _checked_url(url: str, origin: str) -> str:
    """The URL, unless it carries credentials or parts that libsql-client does not know."""
    parts = urlsplit(url)
    if "@" in parts.netloc or "authtoken" in parts.query.lower():
        raise UserError(f"the address from {origin} holds credentials", f"give the token in {TOKEN_VARIABLE}")
    if not parts.hostname or parts.fragment:
        raise UserError(
            f"{origin} {visible(url)} is no address of a database", "write https://host/ or ws://host/"
        )
    return url


def _given(env: Mapping[str, str], name: str) -> str | None:
    return env.get(name) or None
