"""Artifacts are found by filters; whatever else is in the folder is shown for what it is."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.core.errors import StoreRefused
from orchestrator.store.agentfs.schema import ROOT_INO
from orchestrator.store.agentfs.tree import Directories, TreeBatch
from orchestrator.store.artifacts import Artifact, ArtifactProjection, Wanted, open_artifacts
from orchestrator.store.artifacts.query import sieve
from orchestrator.store.artifacts.reader import ArtifactReader, Broken
from orchestrator.store.journal import AgentFSJournal


@pytest.fixture
def artifacts(tmp_path: Path) -> Path:
    return tmp_path / "memory" / "artifacts.agentfs.db"


def project(path: Path, record: Any, *turns: Any) -> None:
    """Artifacts of turns, from a journal that is kept nowhere."""

    async def story() -> None:
        journal = AgentFSJournal(None)
        projection = ArtifactProjection(path)
        for slug in dict.fromkeys(turn.id.run for turn in turns):
            await journal.open_run(record(slug))
        for turn in turns:
            await journal.commit(turn.id.run, [turn.ended], turn.bodies)
        projection.catch_up_all(journal)
        projection.close()
        await journal.close()

    asyncio.run(story())


def add_file(path: Path, name: str, content: bytes) -> None:
    """A file as another program puts it into the folder."""
    db = sqlite3.connect(path)
    tree = TreeBatch(db, Directories())
    folder = tree.directory(tree.directory(ROOT_INO, "memory", (0, 0)), "artifacts", (0, 0))
    tree.file(folder, name, content, (1_900_000_000, 0))
    tree.flush()
    db.commit()
    db.close()


def opened(path: Path) -> ArtifactReader:
    reader = open_artifacts(path)
    assert reader is not None
    return reader


def texts(path: Path, **wanted: Any) -> list[str]:
    """The texts of the artifacts found."""
    with opened(path) as reader:
        payloads = [reader.payload(found.ino) for found in reader.find(Wanted(**wanted))]
    assert all(isinstance(payload, Artifact) for payload in payloads)
    return [payload.text for payload in payloads if isinstance(payload, Artifact)]


@pytest.fixture
def three(artifacts: Path, record: Any, make_turn: Any, later: Any) -> Path:
    project(
        artifacts,
        record,
        make_turn(text="one: 100% of “Größe”"),
        make_turn("builder", purpose="follow-up", text='two: a "quote"\nand a line', at=later(60)),
        make_turn("builder", run="other", text="three: x" * 3000, simulated=True, at=later(120)),
    )
    return artifacts


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, "three two one"),
        ({"limit": 1}, "three"),
        ({"limit": 0}, ""),
        ({"agents": ("builder",)}, "three two"),
        ({"agents": ("builder", "planner")}, "three two one"),
        ({"types": ("plan",)}, "three one"),
        ({"types": ("plan",), "agents": ("builder",)}, "three"),
        ({"tags": ("run:r",)}, "two one"),
        ({"tags": ("run:r", "role:Planner")}, "one"),
        ({"tags": ("nothing",)}, ""),
        ({"run": "other"}, "three"),
        ({"simulated": False}, "two one"),
        ({"condensed": False}, "three two one"),
        ({"condensed": True}, ""),
        ({"grep": "TWO"}, "two"),
        ({"grep": '"quote"\nand'}, "two"),
        ({"grep": "grösse"}, ""),
        ({"grep": "GRÖSSE"}, ""),
        ({"grep": "GRÖßE"}, "one"),
        ({"grep": "100%"}, "one"),
        ({"grep": "100_"}, ""),
        ({"grep": "say what"}, "three two one"),
        ({"grep": "planner"}, ""),
        ({"grep": "three", "simulated": False}, ""),
    ],
)
def test_filters_combine(three: Path, wanted: dict[str, Any], found: str) -> None:
    assert [text.partition(":")[0] for text in texts(three, **wanted)] == found.split()


def test_times_bound_what_is_found(three: Path, later: Any) -> None:
    assert len(texts(three, since=later(60))) == 2
    assert len(texts(three, until=later(60))) == 1
    assert len(texts(three, since=later(30), until=later(60) + timedelta(milliseconds=1))) == 1


def test_many_hits_and_few_are_the_same_hits(three: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few = texts(three, grep="x")
    monkeypatch.setattr("orchestrator.store.artifacts.reader.FEW", 0)
    assert texts(three, grep="x") == few
    assert len(few) == 1


@settings(max_examples=60, deadline=None)
@given(
    content=st.text(max_size=40),
    pad=st.integers(4060, 4110),
    start=st.integers(0, 40),
    size=st.integers(1, 12),
)
def test_the_sieve_lets_every_part_of_a_text_through(content: str, pad: int, start: int, size: int) -> None:
    words = content[start : start + size]
    db = sqlite3.connect(":memory:")
    db.execute(
        "CREATE TABLE fs_data (ino INTEGER, chunk_index INTEGER, data BLOB, PRIMARY KEY (ino, chunk_index))"
    )
    data = json.dumps({"text": "x" * pad + content}, ensure_ascii=False).encode()
    chunks: Sequence[bytes] = [data[at : at + 4096] for at in range(0, len(data), 4096)]
    db.executemany("INSERT INTO fs_data VALUES (7, ?, ?)", enumerate(chunks))
    if words and "\0" not in words:
        assert (7,) in db.execute(*sieve(words)).fetchall()
    db.close()


def test_files_of_other_programs_are_found_too(three: Path, make_turn: Any) -> None:
    with opened(three) as reader:
        payload = reader.payload(reader.find(Wanted(limit=1))[0].ino)
    assert isinstance(payload, Artifact)
    theirs = payload.model_copy(update={"id": "theirs", "agent": "guest", "text": "from outside"})
    add_file(three, "theirs.json", theirs.model_dump_json().encode())
    assert texts(three, agents=("guest",)) == ["from outside"]
    assert texts(three, grep="outside", tags=("run:other",)) == ["from outside"]
    assert len(texts(three)) == 4


@pytest.mark.parametrize("content", [b"{", b"", b"[]", b'{"schema_version": 9}', b"\xff\xfe"])
def test_a_broken_artifact_is_shown_as_broken_and_the_rest_is_listed(three: Path, content: bytes) -> None:
    add_file(three, "odd.json", content)
    with opened(three) as reader:
        found = reader.find(Wanted())
        assert [one.id for one in found if one.broken] == ["odd"]
        assert isinstance(reader.payload(found[0].ino), Broken)
        assert len(found) == 4
        assert len(reader.find(Wanted(agents=("builder",)))) == 2


def test_an_artifact_of_ours_that_was_altered_is_broken(three: Path) -> None:
    with sqlite3.connect(three) as db:
        db.execute("UPDATE fs_data SET data = '{' WHERE ino = (SELECT min(ino) FROM artifacts)")
    db.close()
    with opened(three) as reader:
        payloads = [reader.payload(found.ino) for found in reader.find(Wanted())]
    assert [isinstance(payload, Broken) for payload in payloads] == [False, False, True]


def test_no_file_is_no_reader(artifacts: Path) -> None:
    assert open_artifacts(artifacts) is None
    artifacts.parent.mkdir()
    artifacts.touch()
    assert open_artifacts(artifacts) is None


def test_what_is_no_artifact_file_is_refused(artifacts: Path, tmp_path: Path) -> None:
    artifacts.parent.mkdir()
    artifacts.write_bytes(b"not a database at all")
    with pytest.raises(StoreRefused, match="is not a database"):
        open_artifacts(artifacts)
    artifacts.unlink()
    with sqlite3.connect(artifacts) as db:
        db.execute("CREATE TABLE songs (title TEXT)")
    db.close()
    with pytest.raises(StoreRefused, match="of something else"):
        open_artifacts(artifacts)
    with pytest.raises(StoreRefused, match="is a folder"):
        open_artifacts(tmp_path)


def test_a_file_of_a_newer_version_is_refused_and_one_of_an_older_is_brought_up_to_date(three: Path) -> None:
    with sqlite3.connect(three) as db:
        db.execute("DROP TABLE artifact_condensed")
        db.execute("UPDATE agentlark_schema SET version = 1")
    db.close()
    assert len(texts(three, condensed=False)) == 3
    with sqlite3.connect(three) as db:
        db.execute("UPDATE agentlark_schema SET version = 99")
    db.close()
    with pytest.raises(StoreRefused, match="newer agentlark"):
        open_artifacts(three)


def test_reading_only_needs_no_leave_to_write(three: Path) -> None:
    three.chmod(0o400)
    assert len(texts(three)) == 3


def test_two_processes_that_project_the_same_run_write_nothing_twice(
    artifacts: Path, path: Path, record: Any, make_turn: Any
) -> None:
    async def story() -> None:
        journal = AgentFSJournal(path)
        await journal.open_run(record())
        one, other = ArtifactProjection(artifacts), ArtifactProjection(artifacts)
        for step in range(1, 20):
            turn = make_turn(step=step, text=str(step))
            await journal.commit("r", [turn.ended], turn.bodies)
            await asyncio.gather(*(asyncio.to_thread(each.catch_up, journal, "r") for each in (one, other)))
        one.close()
        other.close()
        await journal.close()

    asyncio.run(story())
    assert sorted(texts(artifacts), key=int) == [str(step) for step in range(1, 20)]
    with sqlite3.connect(artifacts) as db:
        assert db.execute("SELECT count(*) FROM fs_dentry WHERE name LIKE 'memory%'").fetchone() == (1,)
    db.close()
