"""A journal with everything a journal can have, and what can be read of one, by SQL alone."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

from orchestrator.core.facts import RunEnded, RunStarted, TurnEnded
from orchestrator.core.frozen import digest_of
from orchestrator.store.journal import AgentFSJournal
from tests.orchestrator.store.conftest import NOON, Turn, make_record

RUNS = ("r", "s", "t")


def write_journal(path: Path, turns: int = 12) -> list[Turn]:
    """Three runs, the later ones with turns of the first reused; gives the turns of the first."""
    made = [
        Turn(f"n{number}", prompt=f"ask {number} " * 200, text=f"answer {number} " * 700, run="r")
        for number in range(turns)
    ]

    async def story() -> None:
        journal = AgentFSJournal(path)
        for slug in RUNS:
            await journal.open_run(make_record(slug))
            await journal.commit(slug, [_started(slug, resumed=False)], {digest_of(b"loose"): b"loose"})
            for turn in made[:: 1 if slug == "r" else 3]:
                await _record(journal, slug, turn)
            await journal.commit(slug, [RunEnded(ending="failed", at=NOON)], {})
        await journal.commit("r", [_started("r", resumed=True), RunEnded(ending="done", at=NOON)], {})
        await journal.close()

    asyncio.run(story())
    return made


def _started(slug: str, resumed: bool) -> RunStarted:
    digest = digest_of(b"")
    return RunStarted(run=slug, prompt=digest, squad=digest, simulated=False, resumed=resumed, at=NOON)


async def _record(journal: AgentFSJournal, slug: str, turn: Turn) -> None:
    own = Turn(turn.id.node, run=slug, prompt=turn.input.prompt, text=turn.done.message.text)
    if slug == "r":
        failed = {"ending": "failed", "answer": None, "error": "overloaded", "usage": None}
        first = own.ended.model_copy(update=failed)
        await journal.commit(slug, [own.started, first, own.acted(), own.acted(2, ok=False)], {})
        again = own.ended.model_copy(update={"attempt": 2})
        await journal.commit(slug, [again, own.node_ended()], own.bodies)
    else:
        reused = TurnEnded.model_validate({**own.ended.model_dump(), "origin": "reused"})
        await journal.commit(slug, [reused, own.node_ended()], own.bodies)


def content(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table, the header's numbers and the shape of the tables.

    Left out: times of last access, which any reader may set; how far numbers were given out, where a larger
    one leaves a gap and nothing else; the wording of definitions that come to the same shape.
    """
    db = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)
    try:
        tables = [row[0] for row in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        found = {
            table: db.execute(f"SELECT * FROM {table} NOT INDEXED").fetchall()
            for table in tables
            if table not in ("fs_inode", "sqlite_sequence")
        }
        inodes = db.execute("SELECT * FROM fs_inode").fetchall()
        found["fs_inode"] = [(*row[:6], *row[7:10], *row[11:]) for row in inodes]
        for table in tables:
            found[f"{table} columns"] = db.execute(f"PRAGMA table_xinfo({table})").fetchall()
            found[f"{table} indexes"] = [
                (*row[1:], *db.execute(f"PRAGMA index_xinfo({row[1]})").fetchall())
                for row in db.execute(f"PRAGMA index_list({table})").fetchall()
            ]
        for name in ("user_version", "application_id", "encoding"):
            found[name] = db.execute(f"PRAGMA {name}").fetchall()
        return found
    finally:
        db.close()
