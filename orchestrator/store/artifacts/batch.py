"""One transaction of the projection: artifacts turned into files and rows, and how far the run is taken."""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.core.facts import TurnEnded
from orchestrator.store.agentfs.schema import ROOT_INO, Statements
from orchestrator.store.agentfs.tree import Directories, Moment, TreeBatch, moment
from orchestrator.store.artifacts import tables
from orchestrator.store.artifacts.payload import Artifact

_TAKEN_NAME = "SELECT 1 FROM fs_dentry WHERE parent_ino = ? AND name = ?"


def artifact_folder(tree: TreeBatch, at: Moment) -> int:
    """The inode of `/memory/artifacts`, made if it is not there."""
    return tree.directory(tree.directory(ROOT_INO, "memory", at), "artifacts", at)


class ArtifactBatch:
    """Gathers the artifacts of one run; `flush` writes them and the number of the last fact taken."""

    def __init__(self, db: Statements, run: int) -> None:
        self._db = db
        self._run = run
        self._tree = TreeBatch(db, Directories())  # kept no longer: other processes may write too
        self._next = int(db.execute(tables.LAST_ID).fetchone()[0]) + 1
        self._names: set[str] = set()
        self._plans: dict[str, str] = {}
        self._rows: list[tuple[object, ...]] = []
        self._tags: list[tuple[str, int]] = []
        self._marks: list[tuple[str, str]] = []

    def plan_of(self, node: str) -> str | None:
        """The id of the newest plan artifact of a node in this run."""
        if node in self._plans:
            return self._plans[node]
        row = self._db.execute(tables.PLAN, (self._run, node)).fetchone()
        return str(row[0]) if row else None

    def note_reused(self, fact: TurnEnded) -> None:
        """Let a node whose plan was reused point to the artifact that the plan left when it was made."""
        if fact.purpose == "plan" and fact.answer:
            agent = fact.id.node.partition("@")[0]
            row = self._db.execute(tables.REUSED_PLAN, (bytes.fromhex(fact.answer), agent)).fetchone()
            if row:
                self._plans[fact.id.node] = str(row[0])

    def add(self, seq: int, artifact: Artifact, answer: bytes = b"") -> None:
        """Gather the artifact of a fact, of an answer if it has one (its digest).

        Should another have its id already, it takes the fact's number as a suffix.
        """
        at = moment(artifact.created)
        folder = artifact_folder(self._tree, at)
        if self._is_taken(folder, artifact.id):
            artifact = artifact.model_copy(update={"id": f"{artifact.id}-{seq}"})
        name = artifact.id
        ino = self._tree.file(folder, f"{name}.json", artifact.model_dump_json().encode() + b"\n", at)
        id = self._next
        self._next += 1
        self._names.add(name)
        if artifact.type == "plan":
            self._plans[artifact.node] = name
        created_ms = at[0] * 1000 + at[1] // 1_000_000
        who = (artifact.agent, artifact.node, artifact.type, artifact.wave)
        self._rows.append((id, self._run, seq, name, ino, *who, created_ms, artifact.simulated, answer))
        self._tags += [(tag, id) for tag in artifact.tags]
        if artifact.type == "summary":
            self._marks += [(source, name) for source in artifact.relatedArtifacts]

    def flush(self, taken: int) -> None:
        """Write everything gathered, in the current transaction; the run is taken up to that fact then."""
        self._tree.flush()
        if self._rows:
            self._db.executemany(tables.INSERT, self._rows)
            ids = self._tag_ids({tag for tag, _ in self._tags})
            self._db.executemany(tables.INSERT_TAG, [(ids[tag], id) for tag, id in self._tags])
        if self._marks:
            self._db.executemany(tables.INSERT_MARK, self._marks)
        if self._plans:
            plans = [(self._run, node, name) for node, name in self._plans.items()]
            self._db.executemany(tables.INSERT_PLAN, plans)
        self._db.execute(tables.TAKEN, (taken, self._run))

    def _is_taken(self, folder: int, name: str) -> bool:
        if name in self._names:
            return True
        return self._db.execute(_TAKEN_NAME, (folder, f"{name}.json")).fetchone() is not None

    def _tag_ids(self, tags: set[str]) -> dict[str, int]:
        wanted: Sequence[tuple[str]] = [(tag,) for tag in sorted(tags)]
        self._db.executemany("INSERT OR IGNORE INTO artifact_tag_names (tag) VALUES (?)", wanted)
        query = "SELECT id FROM artifact_tag_names WHERE tag = ?"
        return {tag: int(self._db.execute(query, (tag,)).fetchone()[0]) for (tag,) in wanted}
