"""The audit trail as it lies in the file tree: turns and actions, newest first.

It reads `/runs/<session>/agents/<node>/<turn>.json` and `/runs/<session>/events/<event>.json`, whoever wrote
them, so that a file of an AgentFS SDK with the same layout is read like one of ours. Newest means recorded
last: directory entries are numbered as they are made. A file that holds something else is shown as broken.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from heapq import merge
from itertools import islice
from pathlib import Path
from typing import Literal, NamedTuple

from pydantic import JsonValue

from orchestrator.core.errors import StoreRefused
from orchestrator.store.agentfs.connection import Connections, open_tree
from orchestrator.store.agentfs.files import find_ino, read_ino
from orchestrator.store.agentfs.schema import Statements

_TURNS = """SELECT f.id, r.name, n.name, f.name, f.ino FROM fs_dentry r
    JOIN fs_dentry a ON a.parent_ino = r.ino AND a.name = 'agents'
    JOIN fs_dentry n ON n.parent_ino = a.ino JOIN fs_dentry f ON f.parent_ino = n.ino
    WHERE r.parent_ino = ?1 AND ?2 IN ('', r.name)
    AND (?3 IN ('', n.name) OR substr(n.name, 1, length(?3) + 1) = ?3 || '@') ORDER BY f.id DESC"""
_EVENTS = """SELECT f.id, r.name, '', f.name, f.ino FROM fs_dentry r
    JOIN fs_dentry a ON a.parent_ino = r.ino AND a.name = 'events'
    JOIN fs_dentry f ON f.parent_ino = a.ino
    WHERE r.parent_ino = ?1 AND ?2 IN ('', r.name) ORDER BY f.id DESC"""


@dataclass(frozen=True, slots=True)
class Looked:
    """What is looked for: of one session, of one agent (later engagements too), with or without actions."""

    session: str | None = None
    agent: str | None = None
    events: bool = False
    limit: int | None = None


class Entry(NamedTuple):
    """A file of the trail: a turn's, or an action's."""

    kind: Literal["turn", "event"]
    session: str
    node: str
    name: str
    """The name of its file."""
    content: dict[str, JsonValue] | None
    """The JSON object in it; None when there is none."""


def open_trail(path: Path) -> Connections | None:
    """The file with a trail, for reading beside whoever writes; None when there is no such file.

    Raises StoreRefused when it is no AgentFS file that we can read.
    """
    return open_tree(path)


def entries(connections: Connections, looked: Looked) -> list[Entry]:
    """The turns, and where wanted the actions, newest first. Raises StoreRefused for no such session."""
    with connections.reading() as db:
        runs = find_ino(db, "/runs")
        if runs is None:
            return []
        _refuse_unknown(db, runs, looked.session, connections.name)
        found = _entries(db, runs, looked)
        return list(islice(found, looked.limit))


def _refuse_unknown(db: Statements, runs: int, session: str | None, name: str) -> None:
    query = "SELECT name FROM fs_dentry WHERE parent_ino = ? ORDER BY id DESC"
    known = [row[0] for row in db.execute(query, (runs,)).fetchall()]
    if session is not None and session not in known:
        raise StoreRefused(
            f"there is no session {session!r} in {name}",
            f"the last ones are {', '.join(known[:5]) or 'none'}",
        )


def _entries(db: Statements, runs: int, looked: Looked) -> Iterator[Entry]:
    which = (runs, looked.session or "", looked.agent or "")
    turns = (("turn", *row) for row in db.execute(_TURNS, which).fetchall())
    events = (("event", *row) for row in db.execute(_EVENTS, which[:2]).fetchall()) if looked.events else ()
    for kind, _, session, node, name, ino in merge(turns, events, key=lambda row: -row[1]):
        content = _object(read_ino(db, ino))
        if kind == "turn":
            yield Entry("turn", session, node, name, content)
        else:
            actor = _actor(content)
            if looked.agent in (None, actor.partition("@")[0], actor):
                yield Entry("event", session, actor, name, content)


def _object(content: bytes) -> dict[str, JsonValue] | None:
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _actor(content: dict[str, JsonValue] | None) -> str:
    """The node that acted, as an event's fact says."""
    fact = content.get("fact") if content else None
    id = fact.get("id") if isinstance(fact, dict) else None
    return str(id[1]) if isinstance(id, list) and len(id) > 1 else ""
