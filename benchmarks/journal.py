"""What a journal takes on the disk: `python -m benchmarks.journal [--quick] [--folder DIR] [--json FILE]`.

Runs of 1,000, 10,000 and 100,000 turns are recorded as the engine does it: an intent, then the outcome with
its bodies and what follows, each awaited, by 100 agents at a time. A turn's payload is its input and its
answer, 4 KB together and random enough that nothing could be shared. The file is measured once it is closed,
its log folded into it. Beside it, bare sqlite3 with the same log and the same sync: one table of digests and
bodies, 100 turns per transaction, nothing else.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sqlite3
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import sha256
from itertools import islice
from pathlib import Path

from benchmarks.report import Goal, examine
from orchestrator.core.facts import Fact, NodeEnded, RunEnded, RunStarted, TurnEnded, TurnStarted
from orchestrator.core.frozen import digest_of
from orchestrator.core.ports import RunRecord
from orchestrator.core.turn import Done, Message, TurnId, TurnInput, Usage
from orchestrator.store.journal import AgentFSJournal

TURNS = (1_000, 10_000, 100_000)
TURN_BYTES = 4096
AGENTS = 100
"""Turns that are under way at a time."""

GOAL_RATIO = 1.7
GOAL_GROWTH = 1.05
"""What a byte of payload may take at most, and how much more in the longest run than in the shortest."""

AT = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Size:
    """A recorded run: payload and file in bytes, and the milliseconds of a turn; the same of bare sqlite3."""

    turns: int
    payload: int
    file: int
    turn_ms: float
    bare_file: int
    bare_ms: float

    @property
    def ratio(self) -> float:
        """Bytes on the disk per byte of payload."""
        return self.file / self.payload


@dataclass(frozen=True, slots=True)
class Turn:
    """A made-up turn: the facts before and after the call, and its bodies by digest."""

    before: Sequence[Fact]
    after: Sequence[Fact]
    bodies: dict[str, bytes]


def turns(count: int) -> Iterator[Turn]:
    """So many turns of 4 KB each, no two alike."""
    rng = random.Random(count)
    for number in range(count):
        node = f"agent-{number}"
        asked = TurnInput(agent=node, purpose="plan", backend="b", model="model-1", prompt=_text(rng, 1300))
        room = TURN_BYTES - len(asked.encoded()) - len(_done("").encoded())
        done = _done(_text(rng, room))
        key, body = asked.key(), done.encoded()
        answer = digest_of(body)
        head = {"id": TurnId("r", node, 1), "purpose": "plan", "key": key, "at": AT}
        started = TurnStarted(**head, backend="b", model="model-1", max_tokens=4096)
        ended = TurnEnded(**head, ending="done", answer=answer, usage=done.usage)
        node_ended = NodeEnded(node=node, ending="done", output=answer, at=AT)
        yield Turn([started], [ended, node_ended], {key: asked.encoded(), answer: body})


def _done(text: str) -> Done:
    return Done(message=Message(role="assistant", text=text), usage=Usage(input=500, output=700))


def _text(rng: random.Random, size: int) -> str:
    return rng.randbytes(size // 2).hex()


class Feed:
    """Turns as they are asked for; the time that making them takes is not the journal's."""

    def __init__(self, count: int) -> None:
        self._turns = turns(count)
        self.payload = 0
        self.seconds = 0.0

    def __iter__(self) -> Iterator[Turn]:
        while True:
            begun = time.perf_counter()
            turn = next(self._turns, None)
            if turn is None:
                return
            self.payload += sum(map(len, turn.bodies.values()))
            self.seconds += time.perf_counter() - begun
            yield turn


def measure(count: int, folder: Path) -> Size:
    """The figures of one run."""
    ours, bare = folder / f"{count}.db", folder / f"{count}.bare.db"
    feed = Feed(count)
    seconds = asyncio.run(_record(ours, feed)) - feed.seconds
    bare_s = _store(bare, Feed(count))
    size = Size(
        turns=count,
        payload=feed.payload,
        file=ours.stat().st_size,
        turn_ms=seconds * 1000 / count,
        bare_file=bare.stat().st_size,
        bare_ms=bare_s * 1000 / count,
    )
    ours.unlink()
    bare.unlink()
    return size


async def _record(path: Path, made: Feed) -> float:
    """Record a run of these turns; gives the seconds it took until the file was closed."""
    begun = time.perf_counter()
    journal = AgentFSJournal(path)
    squad = RunRecord(slug="r", squad="{}", prompt="p", settings={}, simulated=False, started=AT)
    await journal.open_run(squad)
    digest = digest_of(b"")
    await journal.commit("r", [RunStarted(run="r", prompt=digest, squad=digest, simulated=False, at=AT)], {})
    waiting = iter(made)

    async def agent() -> None:
        for turn in waiting:
            await journal.commit("r", turn.before, {})
            await journal.commit("r", turn.after, turn.bodies)

    await asyncio.gather(*(agent() for _ in range(AGENTS)))
    await journal.commit("r", [RunEnded(ending="done", at=AT)], {})
    await journal.close()
    return time.perf_counter() - begun


def _store(path: Path, made: Feed) -> float:
    """Store the bodies of these turns in bare sqlite3; gives the seconds it took."""
    begun = time.perf_counter()
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.execute("CREATE TABLE bodies (digest BLOB PRIMARY KEY, body BLOB NOT NULL)")
    waiting = iter(made)
    while batch := list(islice(waiting, AGENTS)):
        rows = [(sha256(body).digest(), body) for turn in batch for body in turn.bodies.values()]
        db.execute("BEGIN IMMEDIATE")
        db.executemany("INSERT INTO bodies VALUES (?, ?)", rows)
        db.execute("COMMIT")
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    return time.perf_counter() - begun - made.seconds


def goals(sizes: Sequence[Size]) -> list[Goal]:
    """Every goal, and where the figures stand."""
    found = [
        Goal(f"{one.turns:,} turns: bytes per byte of payload", GOAL_RATIO, one.ratio, "x") for one in sizes
    ]
    growth = sizes[-1].ratio / sizes[0].ratio
    return [*found, Goal("the longest run's bytes to the shortest's", GOAL_GROWTH, growth, "x")]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print a table in Markdown and the goals; 1 when one was missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.journal", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="1,000 and 10,000 turns only")
    parser.add_argument("--folder", type=Path, help="where to write; a temporary folder by default")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures as JSON, too")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        machine = examine(Path(folder))
        print(f"{machine.line()}\n", flush=True)
        sizes = [measure(count, Path(folder)) for count in (TURNS[:2] if options.quick else TURNS)]
    print("| turns | payload MB | file MB | x payload | bare sqlite3, x payload | ms per turn | x bare |")
    print("|--:|--:|--:|--:|--:|--:|--:|")
    for one in sizes:
        print(
            f"| {one.turns:,} | {one.payload / 1e6:.1f} | {one.file / 1e6:.1f} | {one.ratio:.2f} |"
            f" {one.bare_file / one.payload:.2f} | {one.turn_ms:.3f} | {one.turn_ms / one.bare_ms:.1f} |"
        )
    print()
    found = goals(sizes)
    for goal in found:
        print(goal.line())
    if options.json:
        figures = {
            "machine": machine._asdict(),
            "sizes": [asdict(one) for one in sizes],
            "goals": [goal.to_json() for goal in found],
        }
        options.json.write_text(json.dumps(figures, indent=2) + "\n")
    return 0 if all(goal.is_met for goal in found) else 1


if __name__ == "__main__":
    raise SystemExit(main())
