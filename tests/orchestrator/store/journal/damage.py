"""A journal with everything a journal can have, and what can be read of one, by SQL alone."""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from orchestrator.core.errors import StoreError
from orchestrator.core.facts import Fact, RunEnded, RunStarted, TurnEnded
from orchestrator.core.frozen import Digest, digest_of
from orchestrator.core.ports import RunRecord
from orchestrator.store.journal import AgentFSJournal, JournalReader, open_journal_readonly
from tests.orchestrator.store.conftest import NOON, Turn, make_record

RUNS = ("r", "s", "t")
ENDS = ("", "-wal", "-mark")
"""How the names of a journal's files end."""


def write_journal(path: Path, turns: int = 12) -> list[Turn]:
    """Three runs, the later ones with turns of the first reused; gives the turns of the first."""
    made = [
        Turn(f"n{number}", prompt=f"ask {number} " * 200, text=f"answer {number} " * 700, run="r")
        for number in range(turns)
    ]

    async def story() -> None:
        journal = AgentFSJournal(path)
        for slug in RUNS:
            await journal.open_run(make_record(slug, squad=_squad("n", turns)))
            await journal.commit(slug, [_started(slug, resumed=False)], {digest_of(b"loose"): b"loose"})
            for turn in made[:: 1 if slug == "r" else 3]:
                await _record(journal, slug, turn)
            await journal.commit(slug, [RunEnded(ending="failed", at=NOON)], {})
        await journal.commit("r", [_started("r", resumed=True), RunEnded(ending="done", at=NOON)], {})
        await journal.close()

    asyncio.run(story())
    return made


def write_killed(path: Path, turns: int = 12) -> None:
    """The same, and a fourth run whose writer was killed: a log, and the note how far it was acknowledged."""
    living = path.with_name("living.db")
    write_journal(living, turns)

    async def story() -> None:
        journal = AgentFSJournal(living)
        await journal.open_run(make_record("u", squad=_squad("m", turns)))
        await journal.commit("u", [_started("u", resumed=False)], {})
        for number in range(turns):
            turn = Turn(f"m{number}", run="u", prompt=f"more {number} " * 200, text=f"and {number} " * 700)
            await journal.commit("u", [turn.started], {})
            await journal.commit("u", [turn.ended, turn.node_ended()], turn.bodies)
        for end in ENDS:
            shutil.copyfile(f"{living}{end}", f"{path}{end}")
        await journal.close()

    asyncio.run(story())
    living.unlink()


def _squad(letter: str, agents: int) -> str:
    named = [{"id": f"{letter}{number}", "role": "Builder"} for number in range(agents)]
    return json.dumps({"schema_version": 1, "groups": [{"id": "core", "agents": named}]})


def put(path: Path, files: dict[str, bytes]) -> None:
    """Write a journal's files, and remove those that it does not have."""
    for beside in path.parent.glob(f"{path.name}*"):
        beside.unlink()
    for end, data in files.items():
        path.with_name(path.name + end).write_bytes(data)


def taken(path: Path) -> dict[str, bytes]:
    """A journal's files, by how their names end."""
    return {end: Path(f"{path}{end}").read_bytes() for end in ENDS if Path(f"{path}{end}").exists()}


def told(path: Path) -> dict[str, tuple[RunRecord, list[Fact], dict[Digest, bytes]]]:
    """Every run: its record, its facts, and each body that these name and the file has."""
    with open_journal_readonly(path) as journal:
        found = {}
        for record in journal.runs():
            facts = [fact for _, fact in journal.facts(record.slug)]
            digests = [
                digest
                for fact in facts
                if isinstance(fact, TurnEnded) and fact.answer
                for digest in (fact.key, fact.answer)
            ]
            found[record.slug] = record, facts, dict(_bodies(journal, digests))
        return found


def _bodies(journal: JournalReader, digests: list[Digest]) -> Iterator[tuple[Digest, bytes]]:
    for digest in digests:
        with suppress(StoreError):
            yield digest, journal.body(digest)


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
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
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
