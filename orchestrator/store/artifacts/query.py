"""Which artifacts are wanted, as a value, and the one SQL statement that finds them. Pure.

All conditions combine; each is answered through an index where it narrows much. Words in the texts are looked
for in the files' bytes, because with a full-text table the AgentFS tools could not open the file: `sieve`
lets through whatever may hold them, and `reader.py` looks again, field by field.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Wanted:
    """What artifacts must be to be found, newest first. None and empty mean that it does not matter."""

    agents: tuple[str, ...] = ()
    """Any of them."""
    types: tuple[str, ...] = ()
    """Any of them."""
    tags: tuple[str, ...] = ()
    """All of them."""
    run: str | None = None
    since: datetime | None = None
    """Made then or later."""
    until: datetime | None = None
    """Made earlier than that."""
    condensed: bool | None = None
    """Whether a summary stands for it."""
    simulated: bool | None = None
    grep: str | None = None
    """Stands in the prompt or the answer, upper and lower case alike."""
    limit: int | None = None


def statement(wanted: Wanted, inodes: Collection[int] | None = None) -> tuple[str, list[object]]:
    """The SQL that gives a row per artifact wanted, newest first, and its values; `grep` is left out.

    `inodes` are the only files that matter, if given.
    """
    conditions: list[str] = []
    values: list[object] = []

    def demand(condition: str, *given: object) -> None:
        conditions.append(condition)
        values.extend(given)

    for column, any_of in (("agent", wanted.agents), ("type", wanted.types)):
        if any_of:
            demand(f"a.{column} IN ({', '.join('?' * len(any_of))})", *any_of)
    for tag in dict.fromkeys(wanted.tags):
        demand(f"a.id IN ({_TAGGED})", tag)
    if wanted.run is not None:
        demand("a.run IN (SELECT id FROM artifact_runs WHERE slug = ?)", wanted.run)
    if wanted.since is not None:
        demand("a.created_ms >= ?", milliseconds(wanted.since))
    if wanted.until is not None:
        demand("a.created_ms < ?", milliseconds(wanted.until))
    if wanted.condensed is not None:
        demand(f"c.summary IS {'NOT ' * wanted.condensed}NULL")
    if wanted.simulated is not None:
        demand("a.simulated = ?", int(wanted.simulated))
    if inodes is not None:
        demand("a.ino IN (SELECT value FROM json_each(?))", json.dumps(sorted(inodes)))
    where = f"WHERE {' AND '.join(conditions)} " if conditions else ""
    return f"{_SELECT} {where}ORDER BY a.created_ms DESC, a.id DESC", values


def milliseconds(at: datetime) -> int:
    """A time as the tables keep it."""
    return int(at.timestamp() * 1000)


def sieve(words: str) -> tuple[str, list[object]]:
    """The SQL that gives the inodes of all files whose bytes may hold the words, and its values.

    LIKE knows the two cases of ASCII letters alone, so other letters that have two match anything here.
    """
    written = json.dumps(words, ensure_ascii=False)[1:-1]
    pattern = "".join(f"\\{char}" if char in "%_\\" else char if _is_plain(char) else "%" for char in written)
    size = len(written.encode()) - 1
    return _SIEVE, [f"%{pattern}%", -size, size, f"%{pattern}%"]


def _is_plain(char: str) -> bool:
    return char.isascii() or char == char.casefold() == char.upper()


_TAGGED = "SELECT artifact FROM artifact_tags WHERE tag = (SELECT id FROM artifact_tag_names WHERE tag = ?)"
_SIEVE = r"""SELECT ino FROM fs_data WHERE CAST(data AS TEXT) LIKE ? ESCAPE '\'
    UNION ALL SELECT e.ino FROM fs_data e CROSS JOIN fs_data d WHERE e.chunk_index > 0
    AND d.ino = e.ino AND d.chunk_index = e.chunk_index - 1
    AND CAST(substr(d.data, ?) || substr(e.data, 1, ?) AS TEXT) LIKE ? ESCAPE '\'"""
"""In one chunk of a file, or across the border of two; `CROSS` keeps the planner from scanning twice."""

_SELECT = """SELECT a.name, r.slug, a.agent, a.node, a.type, a.wave, a.created_ms, a.simulated,
    c.summary, a.ino FROM artifacts a JOIN artifact_runs r ON r.id = a.run
    LEFT JOIN artifact_condensed c ON c.name = a.name"""
