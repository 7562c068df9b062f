"""A process that is killed while it writes: `python writing_process.py JOURNAL ARTIFACTS SEED`.

It prints a line per acknowledged turn: the number of its last fact, its key, its answer's digest.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
from datetime import UTC, datetime
from pathlib import Path

from orchestrator.core.facts import NodeEnded, TurnEnded, TurnStarted
from orchestrator.core.frozen import digest_of
from orchestrator.core.ports import RunRecord
from orchestrator.core.turn import Done, Message, TurnId, TurnInput, Usage
from orchestrator.store.artifacts import ArtifactProjection, ArtifactSink
from orchestrator.store.journal import AgentFSJournal

RUN = "killed"
AT = datetime(2026, 3, 1, tzinfo=UTC)


async def write(journal_path: Path, artifact_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    journal = AgentFSJournal(journal_path)
    if not any(record.slug == RUN for record in journal.runs()):
        record = RunRecord(slug=RUN, squad="{}", prompt="p", settings={}, simulated=True, started=AT)
        await journal.open_run(record)
    projection = ArtifactProjection(artifact_path)
    projection.catch_up_all(journal)
    sink = ArtifactSink(projection, journal, RUN)
    os.write(1, b"ready\n")

    async def agent(number: int) -> None:
        for step in range(1, 100_000):
            id = TurnId(RUN, f"agent{number}-{seed}", step)
            text = "x" * rng.choice((10, 1000, 9000))
            asked = TurnInput(agent=id.node, purpose="plan", backend="b", model="m", prompt=f"{step} {text}")
            answer = Message(role="assistant", text=f"{id} {text}")
            done = Done(message=answer, usage=Usage(), simulated=True)
            key, digest = asked.key(), digest_of(done.encoded())
            head = {"id": id, "purpose": "plan", "key": key, "at": AT}
            await journal.commit(RUN, [TurnStarted(**head, backend="b", model="m", max_tokens=1)], {})
            ended = TurnEnded(**head, ending="done", answer=digest, simulated=True)
            node = NodeEnded(node=id.node, ending="done", output=digest, at=AT)
            last = await journal.commit(RUN, [ended, node], {key: asked.encoded(), digest: done.encoded()})
            sink.see(last - 1, ended)
            os.write(1, f"{last} {key} {digest}\n".encode())
            await asyncio.sleep(rng.choice((0, 0, 0.001)))

    await asyncio.gather(*(agent(number) for number in range(rng.choice((1, 4, 30)))))


if __name__ == "__main__":
    asyncio.run(write(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])))
