# ruff: noqa: S608  # the statements are made of this package's own texts
"""What can still be told of a damaged journal: nothing that is not verified, and what is missing by name.

Everything that is kept twice is looked for in both places. From the first fact of a run on that is lost, or
whose answer is, the turns of agents that were there by then are told and nothing that followed from them: the
run counts as cut off there, and whoever resumes it walks through its recorded turns again, without a call,
and sends only what is lost.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from orchestrator.core.facts import (
    FACT,
    AgentsEngaged,
    AgentsJoined,
    Fact,
    RunEnded,
    RunStarted,
    TurnEnded,
    TurnStarted,
)
from orchestrator.core.frozen import Digest, digest_of
from orchestrator.core.ports import RunRecord
from orchestrator.store.agentfs.connection import PAGE_SIZE
from orchestrator.store.agentfs.files import find_ino, list_names, read_ino
from orchestrator.store.journal import tables
from orchestrator.store.journal.examine import HEADER
from orchestrator.store.journal.turnfile import parts, turn_name
from orchestrator.store.journal.watermark import Acknowledged

MISSING_IN_A_ROW = 1000
"""So many facts missing one after another mean that there are no more."""

_Row = tuple[Any, ...]


def readable_copy(damaged: Path, copy: Path) -> sqlite3.Connection:
    """A connection to a copy of a damaged file with its log, with our header and new indexes.

    Raises OSError, and sqlite3.Error when SQLite can make nothing of it.
    """
    for end in ("", "-wal"):
        if (source := damaged.with_name(damaged.name + end)).exists():
            shutil.copyfile(source, copy.with_name(copy.name + end))
            copy.with_name(copy.name + end).chmod(0o600)
    _complete(copy)
    db = sqlite3.connect(copy, isolation_level=None)
    db.text_factory = lambda data: data.decode("utf-8", "replace")
    for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'index'").fetchall():
        _rows(db, f'REINDEX "{name}"')
    return db


def _complete(path: Path) -> None:
    """Give a file the header that ours have, and empty pages where it is shorter than it says."""
    with path.open("r+b") as file:
        size = PAGE_SIZE * int.from_bytes(file.read(32)[28:])
        if size:
            file.seek(0)
            file.write(HEADER)
            file.truncate(max(size, path.stat().st_size // PAGE_SIZE * PAGE_SIZE))


class Salvage:
    """The runs, facts and bodies of a damaged journal that are as they were recorded, a `replay.Source`.

    `lost` names what is not, as it is come upon; `cut` are the runs that count as cut off.
    """

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self.lost: list[str] = []
        self.cut: set[str] = set()

    def records(self) -> list[RunRecord]:
        """The runs whose record, prompt and squad can be told, oldest first."""
        return [record for record, _ in self._runs.values()]

    def facts(self, run: str) -> Iterator[tuple[int, Fact]]:
        """A run's facts up to the first that is lost, then turns of the same nodes; numbered as they were."""
        record, id = self._runs[run]
        facts = self._facts(id)
        groups = json.loads(record.squad).get("groups", ())
        nodes = {agent["id"] for group in groups for agent in group["agents"]}
        last = facts[-1] if facts else None
        is_finished = all(facts) and isinstance(last, RunEnded) and last.ending == "done"
        for seq, fact in enumerate(facts, 1):
            is_lost = fact is None or (not is_finished and self._lacks_answer(run, fact))
            if is_lost:
                self.cut.add(run)
            if fact is None:
                continue
            if not is_lost and (run not in self.cut or _is_turn_of(fact, nodes)):
                nodes |= _entering(fact)
                yield seq, fact
            elif isinstance(fact, TurnEnded) and fact.answer:
                self.lost.append(f"{run}: the answer of {_turn(fact)}")
        self.lost += [f"{run}: {which}" for which in _gaps(facts)]

    def bodies(self, run: str, seq: int, fact: TurnEnded) -> Mapping[Digest, bytes]:
        """Those of a turn's input and answer that are as they were recorded."""
        found = self._bodies(run, fact)
        if fact.key not in found and self._had_prompt(fact):
            self.lost.append(f"{run}: the prompt of {_turn(fact)}")
        if fact.answer and fact.answer not in found:
            self.lost.append(f"{run}: the answer of {_turn(fact)}")
        return found

    def loose(self, run: str) -> Mapping[Digest, bytes]:
        """The bodies that are kept with a run beside its turns."""
        folder = f"/runs/{run}/bodies"
        try:
            names = list_names(self._db, folder) if find_ino(self._db, folder) else ()
        except (sqlite3.Error, TypeError):
            names = ()
        bodies = {name: self._body(name, f"{folder}/{name}") for name in names}
        self.lost += [f"{run}: the body {digest}" for digest, body in bodies.items() if body is None]
        return {digest: body for digest, body in bodies.items() if body is not None}

    def compare(self, noted: Acknowledged) -> None:
        """Name what was acknowledged last and is in no log any more."""
        known = self._runs.get(noted.run)
        last = len(self._facts(known[1])) if known else 0
        if known is None:
            self.lost.append(f"{noted.run}: the whole run")
        elif last < noted.seq:
            self.lost.append(f"{noted.run}: what was recorded last, facts {last + 1} to {noted.seq}")
            self.cut.add(noted.run)

    @cached_property
    def _runs(self) -> dict[str, tuple[RunRecord, int]]:
        """By slug, the record of a run and the number of its row."""
        rows = {row[0]: row[1:] for row in _rows(self._db, tables.RUNS.replace("SELECT", "SELECT id,"))}
        ids = [row[0] for row in _rows(self._db, "SELECT DISTINCT CAST(run AS INTEGER) FROM journal_facts")]
        found: dict[str, tuple[RunRecord, int]] = {}
        for id in sorted({*rows, *filter(None, ids)}):
            record = self._record(id, rows.get(id))
            if record is None:
                self.lost.append(f"{self._slug(id) or f'run {id}'}: the whole run; its record is lost")
            elif record.slug not in found:
                found[record.slug] = record, id
        return found

    def _record(self, id: int, row: _Row | None) -> RunRecord | None:
        """The record as its row has it, or where that is altered as its file does."""
        if row is not None and tables.run_crc(*row[:4]) == row[4]:
            slug, text, prompt, squad = row[0], row[1], row[2].hex(), row[3].hex()
            return self._whole(slug, json.loads(text), prompt, squad)
        slug = self._slug(id) or (row[0] if row else "")
        try:
            kept = json.loads(self._content(f"/runs/{slug}/run.json") or b"")
            return self._whole(slug, kept["record"], kept["prompt"], kept["squad"])
        except (ValueError, KeyError, TypeError):
            return None

    def _whole(self, slug: str, record: dict[str, Any], prompt: Digest, squad: Digest) -> RunRecord | None:
        texts = self._body(prompt, f"/runs/{slug}/prompt.md"), self._body(squad, f"/runs/{slug}/squad.json")
        if texts[0] is None or texts[1] is None:
            return None
        try:
            given = {"prompt": texts[0].decode(), "squad": texts[1].decode()}
            return RunRecord.model_validate({**record, **given})
        except ValidationError:
            return None

    def _slug(self, id: int) -> str | None:
        """The slug that a run's first fact gives it."""
        first = self._fact(id, 1)
        return first.run if isinstance(first, RunStarted) else None

    def _facts(self, id: int) -> list[Fact | None]:
        """All facts that a run had, None for one that is lost."""
        facts: list[Fact | None] = []
        missing = 0
        while missing < MISSING_IN_A_ROW:
            facts.append(self._fact(id, len(facts) + 1))
            missing = 0 if facts[-1] else missing + 1
        ends = [len(facts) - missing]
        for table in ("journal_facts", "journal_turns"):
            query = f"SELECT max(CAST(seq AS INTEGER)) FROM {table} WHERE run = ? AND seq <= ?"
            ends += [row[0] or 0 for row in _rows(self._db, query, id, len(facts))]
        return facts[: max(ends)]

    def _fact(self, id: int, seq: int) -> Fact | None:
        query = "SELECT CAST(fact AS TEXT), crc FROM journal_facts WHERE run = ? AND seq = ?"
        for text, crc in _rows(self._db, query, id, seq):
            if text and tables.fact_crc(seq, text) == crc:
                return FACT.validate_json(text)
        return None

    def _lacks_answer(self, run: str, fact: Fact) -> bool:
        if not isinstance(fact, TurnEnded) or fact.answer is None:
            return False
        return fact.answer not in self._bodies(run, fact)

    def _had_prompt(self, fact: TurnEnded) -> bool:
        query = "SELECT 1 FROM journal_turns WHERE key = ? AND key_size > 0"
        return bool(fact.answer or _rows(self._db, query, tables.blob(fact.key)))

    def _bodies(self, run: str, fact: TurnEnded) -> dict[Digest, bytes]:
        """Input and answer of a turn, from wherever its key or its name leads to."""
        found: dict[Digest, bytes] = {}
        for asked, given in self._copies(run, fact):
            found |= {digest_of(body): body for body in (asked, given) if body}
        return {digest: found[digest] for digest in (fact.key, fact.answer) if digest in found}

    def _copies(self, run: str, fact: TurnEnded) -> Iterator[tuple[bytes, bytes]]:
        query = "SELECT ino FROM journal_turns WHERE key = ?"
        inos = [row[0] for row in _rows(self._db, query, tables.blob(fact.key))]
        inos.append(self._ino(f"/runs/{run}/agents/{fact.id.node}/{turn_name(fact)}"))
        for ino in dict.fromkeys(inos):
            yield parts(self._content_of(ino) or b"")

    def _body(self, digest: Digest, path: str) -> bytes | None:
        query = "SELECT ino FROM journal_bodies WHERE hex(digest) = upper(?)"  # there are few
        inos = [row[0] for row in _rows(self._db, query, digest)]
        found = (self._content_of(ino) for ino in (*inos, self._ino(path)))
        return next((body for body in found if body is not None and digest_of(body) == digest), None)

    def _content(self, path: str) -> bytes | None:
        return self._content_of(self._ino(path))

    def _ino(self, path: str) -> int | None:
        try:
            return find_ino(self._db, path)
        except sqlite3.Error:
            return None

    def _content_of(self, ino: int | None) -> bytes | None:
        """The content of a file; None when there is none, or it cannot be read."""
        try:
            return None if ino is None else read_ino(self._db, ino)
        except (sqlite3.Error, TypeError):
            return None


def _entering(fact: Fact) -> set[str]:
    """The nodes that there are from a fact on."""
    if isinstance(fact, AgentsJoined):
        return {agent.id for agent in fact.agents}
    return {f"{name}@{fact.wave}" for name in fact.agents} if isinstance(fact, AgentsEngaged) else set()


def _is_turn_of(fact: Fact, nodes: set[str]) -> bool:
    return isinstance(fact, TurnStarted | TurnEnded) and fact.id.node in nodes


def _gaps(facts: Sequence[Fact | None]) -> Iterator[str]:
    """What is missing, in words: `fact 7`, `facts 9 to 12`."""
    for is_missing, each in groupby(enumerate(facts, 1), lambda numbered: numbered[1] is None):
        if is_missing:
            numbers = [number for number, _ in each]
            first, last = numbers[0], numbers[-1]
            yield f"fact {first}" if first == last else f"facts {first} to {last}"


def _turn(fact: TurnEnded) -> str:
    return f"{fact.id.node}, step {fact.id.step}"


def _rows(db: sqlite3.Connection, query: str, *values: object) -> list[_Row]:
    """The rows up to the first that cannot be read."""
    rows: list[_Row] = []
    with suppress(sqlite3.Error):
        for row in db.execute(query, values):
            rows.append(row)  # what came before an error stays
    return rows
