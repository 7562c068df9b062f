"""One transaction of the journal: what callers want recorded, turned into rows and files.

Everything is gathered first and written by `flush` with one statement per table. A commit that cannot be
recorded as asked (an unknown run, a body that does not match its digest) is refused before any of it is
gathered, so that it harms nobody else in the transaction.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import JsonValue
from pydantic_core import PydanticSerializationError

from orchestrator.core.errors import StoreError
from orchestrator.core.facts import Acted, Fact, RunEnded, TurnEnded
from orchestrator.core.frozen import Digest, digest_of
from orchestrator.core.ports import RunRecord
from orchestrator.store.agentfs.files import ToolCall, add_tool_calls, kv_get, kv_set
from orchestrator.store.agentfs.schema import ROOT_INO, Statements
from orchestrator.store.agentfs.tree import Directories, Moment, TreeBatch, checked_name, moment
from orchestrator.store.journal import tables, turnfile


@dataclass(frozen=True, slots=True)
class RunPlace:
    """Where a run is kept: its row and its folders, and when it was started."""

    id: int
    started: Moment
    folder: int
    agents: int


@dataclass(slots=True)
class Known:
    """What the writer remembers between transactions, of runs and of directories."""

    runs: dict[str, RunPlace] = field(default_factory=dict)
    directories: Directories = field(default_factory=Directories)


class JournalBatch:
    """Rows and files of one transaction; the numbers it gives out hold once the transaction is committed."""

    def __init__(self, db: Statements, known: Known) -> None:
        self._db = db
        self._known = known
        self._tree = TreeBatch(db, known.directories)
        self._last: dict[str, int] = {}
        self._facts: list[tuple[int, int, str, int]] = []
        self._turns: list[tuple[object, ...]] = []
        self._bodies: dict[bytes, tuple[int, int]] = {}
        self._calls: list[ToolCall] = []
        self._kv: dict[str, tuple[JsonValue, Moment]] = {}

    def open_run(self, record: RunRecord) -> str:
        """Record a new run under its slug, or the first free one of `slug-2`, `slug-3` and so on."""
        wanted = checked_name(record.slug)
        at = moment(record.started)
        runs = self._tree.directory(ROOT_INO, "runs", at)
        slug = self._free_slug(wanted, self._known.directories.children(self._db, runs))
        folder = self._tree.directory(runs, slug, at)
        short = record.model_copy(update={"slug": slug}).model_dump_json(exclude={"squad", "prompt"})
        prompt, squad = record.prompt.encode(), record.squad.encode()
        digests = digest_of(prompt), digest_of(squad)
        kept = (slug, short, tables.blob(digests[0]), tables.blob(digests[1]))
        row = self._db.execute(tables.INSERT_RUN, (*kept, tables.run_crc(*kept))).fetchone()
        self._known.runs[slug] = RunPlace(row[0], at, folder, self._tree.directory(folder, "agents", at))
        self._tree.file(folder, "run.json", _run_file(short, digests), at)
        self._keep(folder, "prompt.md", digests[0], prompt, at)
        self._keep(folder, "squad.json", digests[1], squad, at)
        begun: JsonValue = {"started": record.started.isoformat(), "simulated": record.simulated}
        self._kv["agentlark:last-run"] = slug, at
        self._kv[f"agentlark:run:{slug}"] = begun, at
        return slug

    def commit(self, run: str, facts: Sequence[Fact], bodies: Mapping[Digest, bytes]) -> int:
        """Record facts and bodies of a run; gives the number of its last fact."""
        place = self._place(run)
        _verify(bodies)
        texts = [_fact_json(fact) for fact in facts]
        folders = [self._folder(place, fact) for fact in facts]
        # Nothing is refused below this line.
        seq = self._last_seq(run, place)
        for fact, text, folder in zip(facts, texts, folders, strict=True):
            seq += 1
            self._facts.append((place.id, seq, text, tables.fact_crc(seq, text)))
            if isinstance(fact, TurnEnded):
                self._turn(place, seq, fact, folder, bodies)
            elif isinstance(fact, Acted):
                self._action(seq, fact, folder, text)
            elif isinstance(fact, RunEnded):
                self._ended(run, fact)
        self._last[run] = seq
        if bodies:
            self._keep_loose(place, facts, bodies)
        return seq

    def flush(self) -> None:
        """Write everything gathered, in the current transaction."""
        db = self._db
        self._tree.flush()
        if self._facts:
            db.executemany(tables.INSERT_FACT, self._facts)
        if self._turns:
            db.executemany(tables.INSERT_TURN, self._turns)
        if self._bodies:
            rows = [(digest, ino, size) for digest, (ino, size) in self._bodies.items()]
            db.executemany(tables.INSERT_BODY, rows)
        if self._calls:
            add_tool_calls(db, self._calls)
        if self._kv:
            kv_set(db, [(key, value, at[0]) for key, (value, at) in self._kv.items()])

    def _folder(self, place: RunPlace, fact: Fact) -> int:
        """The folder that a fact's file goes into, 0 for a fact that leaves none."""
        if isinstance(fact, TurnEnded):
            return self._tree.directory(place.agents, fact.id.node, moment(fact.at))
        return self._tree.directory(place.folder, "events", moment(fact.at)) if isinstance(fact, Acted) else 0

    def _turn(
        self, place: RunPlace, seq: int, fact: TurnEnded, folder: int, bodies: Mapping[Digest, bytes]
    ) -> None:
        at = moment(fact.at)
        name = turnfile.turn_name(fact)
        key, answer = tables.blob(fact.key), tables.blob(fact.answer) if fact.answer else None
        if fact.origin == "reused" and answer:
            row = self._db.execute(tables.RECORDED_TURN, (key, answer)).fetchone()
            if row:
                ino, *slices = row
                self._tree.link(folder, name, ino, at)
                self._turns.append((place.id, seq, fact.origin, key, answer, ino, *slices))
                return
        given = bodies.get(fact.answer, b"") if fact.answer else b""
        content, slices_now = turnfile.turn_file(fact, bodies.get(fact.key, b""), given)
        ino = self._tree.file(folder, name, content, at)
        self._turns.append((place.id, seq, fact.origin, key, answer, ino, *slices_now))

    def _action(self, seq: int, fact: Acted, folder: int, text: str) -> None:
        name = turnfile.event_name(seq, fact)
        self._tree.file(folder, name, turnfile.event_file(seq, text), moment(fact.at))
        self._calls.append(turnfile.tool_call(fact, f"/runs/{fact.id.run}/events/{name}"))

    def _ended(self, run: str, fact: RunEnded) -> None:
        key = f"agentlark:run:{run}"
        known = self._kv[key][0] if key in self._kv else kv_get(self._db, key)
        ended: dict[str, JsonValue] = {"ending": fact.ending, "ended": fact.at.isoformat()}
        self._kv[key] = {**known, **ended} if isinstance(known, dict) else ended, moment(fact.at)

    def _keep_loose(self, place: RunPlace, facts: Sequence[Fact], bodies: Mapping[Digest, bytes]) -> None:
        """Store the bodies that are in no turn's file, unless they are recorded already."""
        ended = [fact for fact in facts if isinstance(fact, TurnEnded)]
        stored = {fact.key for fact in ended} | {fact.answer for fact in ended}
        for digest, body in bodies.items():
            if digest not in stored and not self._is_recorded(digest):
                folder = self._tree.directory(place.folder, "bodies", place.started)
                self._keep(folder, digest, digest, body, place.started)

    def _keep(self, folder: int, name: str, digest: Digest, body: bytes, at: Moment) -> None:
        """Store a body that belongs to no turn as a file, or link the one that has it already."""
        key = tables.blob(digest)
        row = (
            self._bodies.get(key)
            or self._db.execute("SELECT ino, size FROM journal_bodies WHERE digest = ?", (key,)).fetchone()
        )
        if row:
            self._tree.link(folder, name, row[0], at)
        else:
            self._bodies[key] = (self._tree.file(folder, name, body, at), len(body))

    def _is_recorded(self, digest: Digest) -> bool:
        key = tables.blob(digest)
        return key in self._bodies or self._db.execute(tables.PLACES, (key,)).fetchone() is not None

    def _free_slug(self, wanted: str, taken: Mapping[str, int]) -> str:
        slug, number = wanted, 1
        while slug in taken or self._run_id(slug) is not None:
            number += 1
            slug = f"{wanted}-{number}"
        return slug

    def _place(self, run: str) -> RunPlace:
        place = self._known.runs.get(run)
        if place is None:
            row = self._db.execute("SELECT id, record FROM journal_runs WHERE slug = ?", (run,)).fetchone()
            if row is None:
                raise StoreError(f"there is no run {run!r} in this journal, so nothing of it can be recorded")
            at = moment(datetime.fromisoformat(json.loads(row[1])["started"]))
            runs = self._tree.directory(ROOT_INO, "runs", at)
            folder = self._tree.directory(runs, run, at)
            place = RunPlace(row[0], at, folder, self._tree.directory(folder, "agents", at))
            self._known.runs[run] = place
        return place

    def _run_id(self, slug: str) -> int | None:
        row = self._db.execute("SELECT id FROM journal_runs WHERE slug = ?", (slug,)).fetchone()
        return int(row[0]) if row else None

    def _last_seq(self, run: str, place: RunPlace) -> int:
        last = self._last.get(run)
        if last is None:
            row = self._db.execute("SELECT max(seq) FROM journal_facts WHERE run = ?", (place.id,)).fetchone()
            last = int(row[0] or 0)
        return last


def _verify(bodies: Mapping[Digest, bytes]) -> None:
    for digest, body in bodies.items():
        if digest_of(body) != digest:
            raise StoreError(f"a body handed in under {digest} has another digest; it is not recorded")


def _fact_json(fact: Fact) -> str:
    try:
        return fact.model_dump_json()
    except PydanticSerializationError as error:
        raise StoreError(f"a fact of kind {fact.kind} cannot be written as JSON: {error}") from error


def _run_file(record: str, digests: tuple[Digest, Digest]) -> bytes:
    prompt, squad = digests
    return f'{{"schema_version":1,"record":{record},\n"prompt":"{prompt}","squad":"{squad}"}}\n'.encode()
