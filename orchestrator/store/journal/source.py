"""A sound journal as what is told anew: everything verified as it is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from orchestrator.core.facts import Fact, TurnEnded
from orchestrator.core.frozen import Digest
from orchestrator.core.ports import RunRecord
from orchestrator.store.agentfs.connection import Connections
from orchestrator.store.agentfs.files import find_ino, list_names
from orchestrator.store.journal.reader import JournalReader

_SIZES = """SELECT seq, key_size, answer_size FROM journal_turns
    WHERE run = (SELECT id FROM journal_runs WHERE slug = ?)"""


class JournalSource:
    """The runs of a journal for which `keeps` says so. Raises StoreError at whatever is altered."""

    def __init__(self, connections: Connections, keeps: Callable[[str], bool] = lambda slug: True) -> None:
        self._connections = connections
        self._reader = JournalReader(connections)
        self._keeps = keeps
        self._sizes: dict[str, dict[int, tuple[int, int]]] = {}

    def records(self) -> list[RunRecord]:
        """The runs that are kept, oldest first."""
        return [record for record in self._reader.runs() if self._keeps(record.slug)]

    def facts(self, run: str) -> Iterator[tuple[int, Fact]]:
        """A run's facts with their numbers."""
        return self._reader.facts(run)

    def bodies(self, run: str, seq: int, fact: TurnEnded) -> Mapping[Digest, bytes]:
        """Those of a turn's input and answer that its file has."""
        if run not in self._sizes:
            with self._connections.reading() as db:
                rows = db.execute(_SIZES, (run,)).fetchall()
            self._sizes = {run: {seq: (asked, given) for seq, asked, given in rows}}
        asked, given = self._sizes[run].get(seq, (0, 0))
        wanted = [(fact.key, asked), (fact.answer, given)]
        return {digest: self._reader.body(digest) for digest, size in wanted if digest and size}

    def loose(self, run: str) -> Mapping[Digest, bytes]:
        """The bodies that are kept with a run beside its turns."""
        folder = f"/runs/{run}/bodies"
        with self._connections.reading() as db:
            names = list_names(db, folder) if find_ino(db, folder) else ()
        return {name: self._reader.body(name) for name in names}
