"""Artifacts and trails that the AgentFS SDK wrote are inspected, condensed and read; ours are read by it."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path

import pytest

from orchestrator.core.paths import RunPaths
from orchestrator.core.settings import Flags, settle
from orchestrator.core.turn import Usage
from orchestrator.memory.condense import Condensing, condense
from orchestrator.store.agentfs.trail import Looked, entries, open_trail
from orchestrator.store.artifacts import Artifact
from tests.orchestrator.memory.conftest import BEGUN, shown
from tests.orchestrator.memory.test_condense import At

pytestmark = [
    pytest.mark.interop,
    pytest.mark.skipif(find_spec("agentfs_sdk") is None, reason="pip install agentfs-sdk==0.6.4"),
]

SDK = r"""
import asyncio, json, sys
from agentfs_sdk import AgentFS, AgentFSOptions
async def main():
    fs = await AgentFS.open(AgentFSOptions(path=sys.argv[1]))
    for path, content in json.loads(sys.argv[2]).items():
        await fs.fs.write_file(path, content)
    for folder in sys.argv[3:]:
        for name in await fs.fs.readdir(folder):
            print(json.dumps([name, await fs.fs.read_file(f"{folder}/{name}")]))
    await fs.close()
asyncio.run(main())
"""


def with_sdk(path: Path, files: Mapping[str, str], *folders: str) -> dict[str, str]:
    """Have the SDK write files, then give the files of some folders as it reads them."""
    path.parent.mkdir(exist_ok=True)
    command = [sys.executable, "-c", SDK, str(path), json.dumps(files), *folders]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    return dict(json.loads(line) for line in done.stdout.splitlines())


def artifact(number: int) -> Artifact:
    return Artifact(
        id=f"theirs-{number}",
        run="r9",
        group="guests",
        agent="guest",
        node="guest",
        role="Guest",
        type="follow-up",
        wave=0,
        tags=("topic:visit",),
        created=BEGUN + timedelta(minutes=number),
        prompt="Say something.",
        text=f"Said {number}.",
        usage=Usage(),
        model="m",
        backend="b",
        simulated=False,
    )


def test_what_the_sdk_wrote_is_inspected_and_condensed(paths: RunPaths) -> None:
    files = {f"/memory/artifacts/theirs-{n}.json": artifact(n).model_dump_json() for n in range(3)}
    with_sdk(paths.artifacts, {**files, "/memory/artifacts/odd.json": "{"})
    found = shown(paths)
    assert [one.text for one in found if not one.broken] == ["Said 2.", "Said 1.", "Said 0."]
    assert [one.found.id for one in found if one.broken] == ["odd"]
    clock = At(BEGUN + timedelta(days=10))
    for expected in (1, 0):
        done = asyncio.run(condense(paths, Condensing(), settle(Flags(), {}), clock))
        assert len(done.summaries) == expected
    assert sum(one.found.condensed_into is not None for one in shown(paths)) == 3
    assert len(with_sdk(paths.artifacts, {}, "/memory/artifacts")) == 5


def test_the_sdk_reads_what_condensing_leaves(paths: RunPaths, write: Callable[..., None]) -> None:
    write(paths.journal, "r1", [("planner", f"Plan {number}.") for number in range(4)])
    asyncio.run(condense(paths, Condensing(), settle(Flags(), {}), At(BEGUN + timedelta(days=10))))
    files = with_sdk(paths.artifacts, {}, "/memory/artifacts")
    payloads = [Artifact.model_validate_json(text) for text in files.values()]
    (summary,) = [one for one in payloads if one.type == "summary"]
    assert {f"{id}.json" for id in summary.relatedArtifacts} == set(files) - {f"{summary.id}.json"}
    (slug,) = {one.run for one in payloads} - {"r1"}
    assert list(with_sdk(paths.condensing, {}, f"/runs/{slug}/agents/{summary.node}")) == ["01-plan.json"]


def test_a_trail_of_the_sdk_is_read(paths: RunPaths) -> None:
    turn = {"at": BEGUN.isoformat(), "ending": "done", "answer": {"message": {"text": "hello"}}}
    with_sdk(paths.journal, {"/runs/theirs/agents/guest/01-plan.json": json.dumps(turn)})
    trail = open_trail(paths.journal)
    assert trail is not None
    (entry,) = entries(trail, Looked(session="theirs"))
    trail.close()
    assert (entry.node, entry.content) == ("guest", turn)
