"""Which artifacts are wanted, as a value, and the one SQL statement that finds them. Pure.

All conditions combine; each is answered through an index where it narrows much. Words in the texts are not
among them: there is no full-text table (the AgentFS tools could not open the file), so `reader.py` reads on.
"""

from __future__ import annotations

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


def statement(wanted: Wanted) -> tuple[str, list[object]]:
    """The SQL that gives a row per artifact wanted, `grep` left out, newest first, and its values."""
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
    where = f"WHERE {' AND '.join(conditions)} " if conditions else ""
    return f"{_SELECT} {where}ORDER BY a.created_ms DESC, a.id DESC", values


def milliseconds(at: datetime) -> int:
    """A time as the tables keep it."""
    return int(at.timestamp() * 1000)


_TAGGED = "SELECT artifact FROM artifact_tags WHERE tag = (SELECT id FROM artifact_tag_names WHERE tag = ?)"
_SELECT = """SELECT a.name, r.slug, a.agent, a.node, a.type, a.wave, a.created_ms, a.simulated,
    c.summary, a.ino FROM artifacts a JOIN artifact_runs r ON r.id = a.run
    LEFT JOIN artifact_condensed c ON c.name = a.name"""
