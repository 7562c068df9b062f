"""A journal in memory that keeps the order of everything it was asked, and fails when told to."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence

from orchestrator.core.errors import StoreError
from orchestrator.core.facts import Fact, TurnEnded
from orchestrator.core.frozen import Digest, digest_of
from orchestrator.core.ports import RunRecord
from orchestrator.core.turn import Answer, Done


class MemoryJournal:
    """The Journal port for one run. `trace` is shared with a Performer to see what came first.

    `earlier` is the journal of another run, whose answers are found too.
    """

    def __init__(self, trace: list[str] | None = None, earlier: MemoryJournal | None = None) -> None:
        self.earlier = earlier
        self.commits: list[list[Fact]] = []
        self.bodies: dict[Digest, bytes] = {}
        self.trace: list[str] = [] if trace is None else trace
        self.fails_on: str | None = None
        """The kind of fact that cannot be recorded; once it came, nothing can."""
        self.commit_s = 0.0
        self.finds = 0
        self._broken = False
        self._waiting: list[tuple[asyncio.Future[int], int, list[str]]] = []

    @property
    def all_facts(self) -> list[Fact]:
        return [fact for commit in self.commits for fact in commit]

    async def open_run(self, record: RunRecord) -> str:
        return record.slug

    def commit(self, run: str, facts: Sequence[Fact], bodies: Mapping[Digest, bytes]) -> asyncio.Future[int]:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[int] = loop.create_future()
        if self._broken or any(fact.kind == self.fails_on for fact in facts):
            self._broken = True
            loop.call_later(self.commit_s, future.set_exception, StoreError("the disk is full"))
            return future
        for digest, body in bodies.items():
            assert digest_of(body) == digest
        # Whoever is cancelled while waiting finds the entry recorded, as with the real journal.
        self.commits.append(list(facts))
        self.bodies.update(bodies)
        traces = [f"commit {fact.kind} {_who(fact)}".rstrip() for fact in facts]
        self._waiting.append((future, len(self.all_facts), traces))
        if len(self._waiting) == 1:
            loop.call_later(self.commit_s, self._flush)
        return future

    def _flush(self) -> None:
        """Answer everybody who waits, in the order in which they came."""
        waiting, self._waiting = self._waiting, []
        for future, last, traces in waiting:
            self.trace += traces
            if not future.done():
                future.set_result(last)

    async def find(self, key: Digest, run: str | None) -> Answer | None:
        self.finds += 1
        for fact in reversed(self.all_facts):
            if isinstance(fact, TurnEnded) and fact.key == key and fact.answer is not None:
                return Answer(Done.model_validate_json(self.body(fact.answer)), fact.answer)
        return await self.earlier.find(key, None) if self.earlier and run is None else None

    def runs(self) -> Sequence[RunRecord]:
        return []

    def facts(self, run: str, after: int = 0) -> Iterable[tuple[int, Fact]]:
        return [(seq, fact) for seq, fact in enumerate(self.all_facts, start=1) if seq > after]

    def body(self, digest: Digest) -> bytes:
        if digest not in self.bodies and self.earlier is not None:
            return self.earlier.body(digest)
        if digest not in self.bodies:
            raise StoreError(f"no body {digest}")
        return self.bodies[digest]

    async def close(self) -> None:
        return None


def _who(fact: Fact) -> str:
    if hasattr(fact, "id"):
        return f"{fact.id.node}/{fact.id.step}"
    return getattr(fact, "node", "")
