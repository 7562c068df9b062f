"""The real AgentFS SDKs read what we write, and what they write we read."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from orchestrator.core.errors import StoreRefused
from orchestrator.core.facts import TurnEnded
from orchestrator.core.paths import RunPaths
from orchestrator.store.agentfs import connection
from orchestrator.store.agentfs.files import kv_get, list_names, read_file
from orchestrator.store.artifacts import ArtifactProjection
from orchestrator.store.journal import AgentFSJournal, open_journal_readonly
from orchestrator.store.journal.examine import damages
from orchestrator.store.journal.gc import Keeping, collect
from orchestrator.store.journal.repair import mend
from orchestrator.store.journal.turnfile import turn_name
from tests.orchestrator.cli.conftest import environment
from tests.orchestrator.cli.going import COMMAND, holds_soon, started
from tests.orchestrator.store.journal.damage import write_journal

pytestmark = pytest.mark.interop

PYTHON = r"""
import asyncio, json, sys
from agentfs_sdk import AgentFS, AgentFSOptions
async def main():
    fs = await AgentFS.open(AgentFSOptions(path=sys.argv[1]))
    out = {}
    for what, argument in json.loads(sys.argv[2]):
        if what == "ls": out[argument] = await fs.fs.readdir(argument)
        if what == "cat": out[argument] = await fs.fs.read_file(argument)
        if what == "kv": out[argument] = await fs.kv.get(argument)
        if what == "tools":
            calls = await fs.tools.get_recent(0)
            out[what] = [[call.name, call.status, call.parameters["title"]] for call in calls]
        if what == "stats":
            out[what] = [[one.name, one.total_calls, one.failed] for one in await fs.tools.get_stats()]
        if what == "write": await fs.fs.write_file(argument, "written by the SDK")
        if what == "set": await fs.kv.set(argument, {"by": "the SDK"})
        if what == "hold":
            print("held", flush=True)
            sys.stdin.read()
    print(json.dumps(out))
    await fs.close()
asyncio.run(main())
"""

NODE = r"""
import { AgentFS } from 'agentfs-sdk';
const fs = await AgentFS.open({ path: process.argv[2] });
const out = {};
for (const [what, argument] of JSON.parse(process.argv[3])) {
  if (what === 'ls') out[argument] = await fs.fs.readdir(argument);
  if (what === 'cat') out[argument] = await fs.fs.readFile(argument, 'utf8');
  if (what === 'kv') out[argument] = await fs.kv.get(argument);
  if (what === 'tools') {
    const calls = await fs.tools.getRecent(0);
    out[what] = calls.map((call) => [call.name, call.status, call.parameters.title]);
  }
  if (what === 'stats') {
    out[what] = (await fs.tools.getStats()).map((one) => [one.name, one.total_calls, one.failed]);
  }
  if (what === 'write') await fs.fs.writeFile(argument, 'written by the SDK');
  if (what === 'set') await fs.kv.set(argument, { by: 'the SDK' });
  if (what === 'hold') {
    console.log('held');
    for await (const _ of process.stdin);
  }
}
console.log(JSON.stringify(out));
await fs.close();
"""

Command = Callable[[Path, list[tuple[str, str]]], list[str]]


def _node_modules() -> Path:
    given = os.environ.get("AGENTLARK_NODE_MODULES")
    return Path(given) if given else Path.home() / ".cache" / "agentlark" / "node" / "node_modules"


@pytest.fixture(params=["python", "node"])
def sdk(request: pytest.FixtureRequest, tmp_path: Path) -> Command:
    """The command line that has an SDK do things with a file and print what it found."""
    if request.param == "python":
        if find_spec("agentfs_sdk") is None:
            pytest.skip("agentfs-sdk is not installed: pip install agentfs-sdk==0.6.4")
        program = [sys.executable, "-c", PYTHON]
    else:
        modules = _node_modules()
        if shutil.which("node") is None or not (modules / "agentfs-sdk").is_dir():
            pytest.skip(
                f"no agentfs-sdk in {modules}: npm install --prefix {modules.parent} agentfs-sdk@0.6.4"
            )
        (tmp_path / "node_modules").symlink_to(modules)
        script = tmp_path / "sdk.mjs"
        script.write_text(NODE)
        program = ["node", str(script)]
    return lambda path, tasks: [*program, str(path), json.dumps(tasks)]


def _do(sdk: Command, path: Path, *tasks: tuple[str, str]) -> dict[str, Any]:
    done = subprocess.run(sdk(path, list(tasks)), capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _write_run(path: Path, record: Any, turn: Any) -> None:
    async def story() -> None:
        journal = AgentFSJournal(path)
        await journal.open_run(record())
        await journal.commit("r", [turn.started, turn.acted(), turn.acted(2, ok=False)], {})
        await journal.commit("r", [turn.ended], turn.bodies)
        await journal.close()

    asyncio.run(story())


def test_an_sdk_lists_and_reads_turns_entries_and_tool_calls(
    sdk: Command, path: Path, record: Any, make_turn: Any
) -> None:
    turn = make_turn(text="“Straße” 🚀\n" * 2000)
    _write_run(path, record, turn)
    file = "/runs/r/agents/planner/01-plan.json"
    asked = [("ls", "/runs/r/agents/planner"), ("cat", file), ("kv", "agentlark:last-run")]
    found = _do(sdk, path, *asked, ("tools", ""), ("stats", ""))
    assert found["/runs/r/agents/planner"] == ["01-plan.json"]
    assert json.loads(found[file])["answer"]["message"]["text"] == turn.done.message.text
    assert found["agentlark:last-run"] == "r"
    assert sorted(found["tools"]) == [
        ["command_execution", "error", "make test"],
        ["command_execution", "success", "make test"],
    ]
    assert found["stats"] == [["command_execution", 2, 1]]


def _look(sdk: Command, path: Path) -> dict[str, Any]:
    """What an SDK finds of a rehearsed run of the built-in squad."""
    folder = "/runs/r/agents/planner"
    first = [
        ("ls", folder),
        ("kv", "agentlark:last-run"),
        ("kv", "agentlark:run:r"),
        ("tools", ""),
        ("stats", ""),
    ]
    found = _do(sdk, path, *first)
    cats = [("cat", f"{folder}/{name}") for name in found[folder]]
    return {**found, "turns": [json.loads(text) for text in _do(sdk, path, *cats).values()]}


def test_an_sdk_reads_a_snapshot_of_a_run_that_goes_and_the_file_of_one_that_ended(
    sdk: Command, tmp_path: Path
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    options = ("--builtin", "--prompt", "Ship it", "--backend", "rehearsal", "--agentfs-session", "r")
    with started(folder, *options, "--rehearsal-delay", "0.8", "--json") as run:
        assert holds_soon(lambda: _is_recorded(folder, "planner", "02-follow-up.json"))
        command = [*COMMAND, "agentfs:snapshot", "live.db"]
        subprocess.run(command, cwd=folder, env=environment(), check=True, capture_output=True, timeout=60)
        live = _look(sdk, folder / "live.db")
        assert run.poll() is None
        assert run.wait(60) == 0
    ended = _look(sdk, folder / ".agentfs" / "agent-db.db")
    assert live["turns"] == ended["turns"] and len(live["turns"]) == 2
    assert [turn["purpose"] for turn in live["turns"]] == ["plan", "follow-up"]
    assert all("SIMULATED" in turn["answer"]["message"]["text"] for turn in live["turns"])
    assert live["agentlark:last-run"] == ended["agentlark:last-run"] == "r"
    assert "ending" not in live["agentlark:run:r"] and ended["agentlark:run:r"]["ending"] == "done"
    assert 0 < len(live["tools"]) < len(ended["tools"])
    assert sum(calls for _, calls, _ in ended["stats"]) == len(ended["tools"])


def _is_recorded(folder: Path, agent: str, name: str) -> bool:
    path = folder / ".agentfs" / "agent-db.db"
    if not path.exists():
        return False
    try:
        with open_journal_readonly(path) as journal:
            facts = [fact for run in journal.slugs() for _, fact in journal.facts(run)]
    except StoreRefused:  # it is being made
        return False
    return any(
        isinstance(fact, TurnEnded) and (fact.id.node, turn_name(fact)) == (agent, name) for fact in facts
    )


def test_an_sdk_reads_what_was_collected_and_what_was_mended(sdk: Command, tmp_path: Path) -> None:
    paths = RunPaths(tmp_path)
    write_journal(paths.journal)
    collect(paths, Keeping(runs=0), datetime.now(UTC))
    folder = "/runs/s/agents/n0"
    collected = _do(sdk, paths.journal, ("ls", "/runs"), ("ls", folder), ("cat", f"{folder}/01-plan.json"))
    assert sorted(collected["/runs"]) == ["s", "t"]
    with sqlite3.connect(paths.journal) as db:
        db.execute("UPDATE kv_store SET value = 'null'")
    db.close()
    assert mend(paths.journal) is not None
    assert _do(sdk, paths.journal, ("cat", f"{folder}/01-plan.json"), ("kv", "agentlark:last-run")) == {
        f"{folder}/01-plan.json": collected[f"{folder}/01-plan.json"],
        "agentlark:last-run": "t",
    }


def test_a_journal_is_sound_after_an_sdk_had_it(
    sdk: Command, path: Path, record: Any, make_turn: Any
) -> None:
    turn, again = make_turn(), make_turn(step=2, purpose="follow-up")
    _write_run(path, record, turn)
    _do(sdk, path, ("write", "/runs/r/notes.txt"), ("set", "theirs"))

    async def story() -> None:
        journal = AgentFSJournal(path)
        assert await journal.find(turn.key, None) == turn.recorded
        assert await journal.commit("r", [again.ended], again.bodies) == 5
        await journal.close()

    asyncio.run(story())
    assert damages(path) == []
    with sqlite3.connect(path) as db:
        assert read_file(db, "/runs/r/notes.txt") == b"written by the SDK"
        assert kv_get(db, "theirs") == {"by": "the SDK"}
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    db.close()


def test_a_file_begun_by_an_sdk_takes_a_journal(
    sdk: Command, path: Path, record: Any, make_turn: Any
) -> None:
    path.parent.mkdir()
    _do(sdk, path, ("write", "/theirs/note.txt"))
    _write_run(path, record, make_turn())
    found = _do(sdk, path, ("ls", "/"), ("cat", "/theirs/note.txt"))
    assert sorted(found["/"]) == ["runs", "theirs"]
    assert found["/theirs/note.txt"] == "written by the SDK"


def test_a_file_that_an_sdk_holds_is_refused_with_the_remedy(
    sdk: Command, path: Path, record: Any, make_turn: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    _write_run(path, record, make_turn())
    monkeypatch.setattr(connection, "PROBE_S", 0.05)
    pipe = subprocess.PIPE
    with subprocess.Popen(sdk(path, [("hold", "")]), stdin=pipe, stdout=pipe, text=True) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == "held\n"
        for opening in (AgentFSJournal, open_journal_readonly):
            with pytest.raises(StoreRefused, match="locked by another program"):
                opening(path)
        holder.communicate("")
    open_journal_readonly(path).close()


def test_an_sdk_reads_artifacts(
    sdk: Command, path: Path, record: Any, make_turn: Any, tmp_path: Path
) -> None:
    turn = make_turn()
    _write_run(path, record, turn)
    artifacts = tmp_path / "memory" / "artifacts.agentfs.db"
    reader, projection = open_journal_readonly(path), ArtifactProjection(artifacts)
    projection.catch_up_all(reader)
    projection.close()
    reader.close()
    name = _do(sdk, artifacts, ("ls", "/memory/artifacts"))["/memory/artifacts"][0]
    assert name == "20260301T120000123Z__r-planner-01-plan.json"
    file = f"/memory/artifacts/{name}"
    assert json.loads(_do(sdk, artifacts, ("cat", file))[file])["text"] == turn.done.message.text
    with sqlite3.connect(artifacts) as db:
        assert list_names(db, "/memory/artifacts") == (name,)
    db.close()
