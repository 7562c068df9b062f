"""Artifacts follow the journal: one per answered turn, none twice, none for what was reused."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from agentlark.blueprint import Specialist
from orchestrator.core.errors import StoreError, StoreRefused
from orchestrator.core.facts import AgentsEngaged, AgentsJoined, Fact, InterruptAsked, RunStarted
from orchestrator.core.frozen import Digest
from orchestrator.store.agentfs.files import list_names, read_file
from orchestrator.store.artifacts import Artifact, ArtifactProjection
from orchestrator.store.artifacts.projection import Recorded
from orchestrator.store.journal import AgentFSJournal, open_journal_readonly


class Recording:
    """Builds a journal run by run and projects it when asked."""

    def __init__(self, path: Path, artifacts: Path, record: Any) -> None:
        self.path, self.artifacts, self.record = path, artifacts, record

    def write(self, run: str, *items: Any) -> None:
        async def story() -> None:
            journal = AgentFSJournal(self.path)
            if all(known.slug != run for known in journal.runs()):
                await journal.open_run(self.record(run))
            for item in items:
                facts, bodies = (item, {}) if isinstance(item, list) else ([item.ended], item.bodies)
                await journal.commit(run, facts, bodies)
            await journal.close()

        asyncio.run(story())

    def project(self) -> list[dict[str, Any]]:
        """Catch up with everything; gives all artifacts, oldest first."""
        reader, projection = open_journal_readonly(self.path), ArtifactProjection(self.artifacts)
        projection.catch_up_all(reader)
        projection.close()
        reader.close()
        return self.found()

    def found(self) -> list[dict[str, Any]]:
        db = sqlite3.connect(self.artifacts)
        names = list_names(db, "/memory/artifacts")
        found = [json.loads(read_file(db, f"/memory/artifacts/{name}")) for name in names]
        db.close()
        assert [one["id"] + ".json" for one in found] == list(names)
        assert all(Artifact.model_validate_json(json.dumps(one)) for one in found)
        return found


@pytest.fixture
def artifacts(tmp_path: Path) -> Path:
    return tmp_path / "memory" / "artifacts.agentfs.db"


@pytest.fixture
def recording(path: Path, artifacts: Path, record: Any) -> Recording:
    return Recording(path, artifacts, record)


def test_each_answered_turn_is_one_artifact_and_a_follow_up_names_its_plan(
    recording: Recording, make_turn: Any, later: Any
) -> None:
    plan = make_turn()
    follow_up = make_turn(step=2, purpose="follow-up", prompt="Go.", text="Done.", at=later(2.5))
    recording.write("r", [plan.started], plan, follow_up)
    first, second = recording.project()
    assert first["id"] == "20260301T120000123Z__r-planner-01-plan"
    assert second["id"] == "20260301T120002623Z__r-planner-02-follow-up"
    assert second["relatedArtifacts"] == [first["id"]] and first["relatedArtifacts"] == []
    assert (second["prompt"], second["text"], second["type"]) == ("Go.", "Done.", "follow-up")
    assert (second["agent"], second["role"], second["group"]) == ("planner", "Planner", "core")
    assert second["tags"] == ["run:r", "group:core", "role:Planner", "wave:0", "topic:ship-mvp-care"]
    assert (second["model"], second["backend"], second["usage"]["output"]) == ("m", "b", 5)
    assert second["created"] == "2026-03-01T12:00:02.623456Z" and second["schema_version"] == 1


def test_a_plan_and_its_follow_up_may_come_in_different_transactions(
    recording: Recording, make_turn: Any, later: Any
) -> None:
    recording.write("r", make_turn())
    (first,) = recording.project()
    recording.write("r", make_turn(step=2, purpose="follow-up", at=later(1)))
    assert recording.project()[1]["relatedArtifacts"] == [first["id"]]


def test_agents_that_joined_by_a_blueprint_say_so(recording: Recording, make_turn: Any, later: Any) -> None:
    agent = Specialist(id="tester", role="Tester", prompt="Test it.")
    tags = ("builder-implementer",)
    joined = AgentsJoined(wave=2, group="core", by="builder", agents=(agent,), tags=tags, at=later(0))
    recording.write("r", make_turn("builder"), [joined])
    recording.project()
    recording.write("r", make_turn("tester", at=later(1)), make_turn("planner@3", at=later(2)))
    _, tester, again = recording.project()
    place = ["run:r", "group:core", "role:Tester", "wave:2", "topic:ship-mvp-care"]
    expected = [*place, "dynamic-blueprint", "builder-implementer"]
    assert tester["tags"] == expected and tester["wave"] == 2
    assert (again["agent"], again["node"], again["wave"]) == ("planner", "planner@3", 3)


def test_what_was_reused_replayed_or_not_answered_leaves_no_artifact(
    recording: Recording, make_turn: Any
) -> None:
    turns = [make_turn("planner", origin=origin) for origin in ("reused", "replayed")]
    failed = make_turn("planner", ending="failed", answer=None, error="no")
    recording.write("r", *turns, [failed.ended], make_turn("builder", origin="adopted"))
    assert [artifact["agent"] for artifact in recording.project()] == ["builder"]


def test_a_follow_up_names_the_artifact_of_the_plan_that_it_reused(
    recording: Recording, make_turn: Any, later: Any
) -> None:
    recording.write("a", make_turn(run="a"))
    (plan,) = recording.project()
    recording.write("b", [make_turn(run="b", origin="reused", at=later(5)).ended])
    recording.project()
    recording.write("b", make_turn(run="b", step=2, purpose="follow-up", at=later(9)))
    assert recording.project()[1]["relatedArtifacts"] == [plan["id"]]


def test_a_simulated_turn_is_tagged(recording: Recording, make_turn: Any) -> None:
    recording.write("r", make_turn(simulated=True))
    (artifact,) = recording.project()
    assert artifact["simulated"] is True and "simulated" in artifact["tags"]


def test_two_answers_at_the_same_moment_have_two_names(recording: Recording, make_turn: Any) -> None:
    recording.write("r", make_turn(text="one"), make_turn(text="two"), make_turn(text="three"))
    ids = [artifact["id"] for artifact in recording.project()]
    stem = "20260301T120000123Z__r-planner-01-plan"
    assert ids == [f"{stem}-2", f"{stem}-3", stem]


def test_catching_up_again_writes_nothing(recording: Recording, make_turn: Any, artifacts: Path) -> None:
    recording.write("r", make_turn())
    before = recording.project()
    reader, projection = open_journal_readonly(recording.path), ArtifactProjection(artifacts)
    again = projection.catch_up(reader, "r")
    assert (again.taken, again.written) == (1, 0)
    projection.close()
    reader.close()
    assert recording.found() == before


def test_the_same_slug_in_another_journal_is_another_run(
    make_turn: Any, record: Any, artifacts: Path, later: Any
) -> None:
    async def story(number: int) -> None:
        journal = AgentFSJournal(None)
        await journal.open_run(record("r", started=later(number)))
        turn = make_turn(at=later(number + 1))
        await journal.commit("r", [turn.ended], turn.bodies)
        projection = ArtifactProjection(artifacts)
        assert projection.catch_up(journal, "r").written == 1
        projection.close()
        await journal.close()

    for number in range(3):
        asyncio.run(story(number * 10))


def test_rebuilding_gives_the_same_artifacts_and_keeps_those_of_other_runs(
    recording: Recording, make_turn: Any, artifacts: Path, later: Any
) -> None:
    follow_up = make_turn(step=2, purpose="follow-up", at=later(1))
    recording.write("r", make_turn(), follow_up)
    recording.write("other", make_turn("builder", run="other"))
    before = recording.project()
    with sqlite3.connect(artifacts) as db:
        db.execute("UPDATE fs_data SET data = '{}' WHERE ino = (SELECT min(ino) FROM artifacts)")
    db.close()
    reader, projection = open_journal_readonly(recording.path), ArtifactProjection(artifacts)
    assert projection.rebuild(reader, "r").written == 2
    projection.close()
    reader.close()
    assert recording.found() == before
    with sqlite3.connect(artifacts) as db:
        orphans = "SELECT count(*) FROM fs_inode WHERE ino > 1 AND ino NOT IN (SELECT ino FROM fs_dentry)"
        assert db.execute(orphans).fetchone() == (0,)
        assert db.execute("SELECT count(*) FROM artifact_tags").fetchone() == (3 * 5,)
    db.close()


def test_a_turn_whose_body_was_altered_is_named_and_does_not_hold_up_the_others(
    recording: Recording, make_turn: Any, artifacts: Path, later: Any
) -> None:
    recording.write("r", make_turn(text="spoil me"), make_turn("builder", at=later(1)))
    recording.path.write_bytes(recording.path.read_bytes().replace(b"spoil me", b"spoilt!!", 1))
    reader, projection = open_journal_readonly(recording.path), ArtifactProjection(artifacts)
    caught = projection.catch_up(reader, "r")
    assert caught.written == 1
    assert len(caught.unreadable) == 1 and "planner step 1 of r" in caught.unreadable[0]
    projection.close()
    reader.close()


def test_more_than_one_transaction_of_facts_leaves_none_out(recording: Recording, make_turn: Any) -> None:
    turns = [make_turn(f"n{i}", text=str(i)) for i in range(60)]
    recording.write("r", *([turn.started] * 40 for turn in turns), *turns)
    assert len(recording.project()) == 60


class Breaking:
    """A journal that breaks off in the middle of its facts."""

    def __init__(self, journal: Recorded, after: int) -> None:
        self._journal, self._after = journal, after

    def runs(self) -> Sequence[Any]:
        return self._journal.runs()

    def facts(self, run: str, after: int = 0) -> Iterator[tuple[int, Fact]]:
        for seq, fact in self._journal.facts(run, after):
            if seq > self._after:
                raise StoreError("broken off")
            yield seq, fact

    def body(self, digest: Digest) -> bytes:
        return self._journal.body(digest)


def test_broken_off_anywhere_it_goes_on_where_it_was(
    recording: Recording, make_turn: Any, artifacts: Path, later: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestrator.store.artifacts.projection.FACTS_AT_ONCE", 3)
    turns = [make_turn(f"n{i}", at=later(i)) for i in range(10)]
    recording.write("r", *turns)
    reader, projection = open_journal_readonly(recording.path), ArtifactProjection(artifacts)
    for after in range(0, 10, 2):
        with pytest.raises(StoreError, match="broken off"):
            projection.catch_up(Breaking(reader, after), "r")
    projection.close()
    reader.close()
    assert [artifact["agent"] for artifact in recording.project()] == [f"n{i}" for i in range(10)]


def test_a_run_that_the_journal_does_not_have_is_an_error(recording: Recording, artifacts: Path) -> None:
    recording.write("r")
    reader, projection = open_journal_readonly(recording.path), ArtifactProjection(artifacts)
    for ask in (projection.catch_up, projection.rebuild):
        with pytest.raises(StoreError, match="no run 'x'"):
            ask(reader, "x")
    projection.close()
    reader.close()


def test_a_journal_is_not_an_artifact_file_of_a_newer_version(artifacts: Path) -> None:
    ArtifactProjection(artifacts).close()
    with sqlite3.connect(artifacts) as db:
        db.execute("UPDATE agentlark_schema SET version = 7")
    db.close()
    with pytest.raises(StoreRefused, match="artifacts version 7"):
        ArtifactProjection(artifacts)


def test_looking_for_tags_agents_and_times_uses_indexes(artifacts: Path) -> None:
    ArtifactProjection(artifacts).close()
    queries = (
        "SELECT * FROM artifacts WHERE agent = 'a' ORDER BY created_ms DESC LIMIT 20",
        "SELECT * FROM artifacts WHERE type = 'plan' AND created_ms > 5 ORDER BY created_ms DESC LIMIT 20",
        "SELECT * FROM artifacts ORDER BY created_ms DESC LIMIT 20",
        "SELECT artifact FROM artifact_tags WHERE tag = (SELECT id FROM artifact_tag_names WHERE tag = 'x')",
    )
    with sqlite3.connect(artifacts) as db:
        for query in queries:
            plan = " ".join(row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {query}"))
            assert "INDEX" in plan or "PRIMARY KEY" in plan
            assert "TEMP B-TREE" not in plan
    db.close()


def test_seconds_are_kept_to_the_millisecond(
    recording: Recording, make_turn: Any, artifacts: Path, later: Any
) -> None:
    at = later(0) + timedelta(microseconds=500)
    recording.write("r", make_turn(at=at))
    recording.project()
    with sqlite3.connect(artifacts) as db:
        assert db.execute("SELECT created_ms FROM artifacts").fetchone() == (int(at.timestamp() * 1000),)
    db.close()


def test_a_full_disk_is_an_error_that_loses_nothing(
    recording: Recording, make_turn: Any, artifacts: Path
) -> None:
    recording.write("r", make_turn(text="x" * 300_000))
    reader, projection = open_journal_readonly(recording.path), ArtifactProjection(artifacts)
    db = projection._connections.write
    db.execute(f"PRAGMA max_page_count={db.execute('PRAGMA page_count').fetchone()[0] + 2}")
    with pytest.raises(StoreError, match=r"full.*Nothing is lost"):
        projection.catch_up(reader, "r")
    db.execute("PRAGMA max_page_count=100000")
    assert projection.catch_up(reader, "r").written == 1
    projection.close()
    reader.close()
    assert len(recording.found()) == 1


def test_a_recorded_squad_that_is_none_is_an_error(record: Any, make_turn: Any, artifacts: Path) -> None:
    async def story() -> None:
        journal = AgentFSJournal(None)
        await journal.open_run(record(squad="[]"))
        await journal.commit("r", [make_turn().started], {})
        projection = ArtifactProjection(artifacts)
        with pytest.raises(StoreError, match="the squad recorded for run r is not one"):
            projection.catch_up(journal, "r")
        projection.close()
        await journal.close()

    asyncio.run(story())


def test_nodes_that_act_again_have_their_wave_and_the_tags_of_their_engagement(
    recording: Recording, make_turn: Any, later: Any
) -> None:
    started = RunStarted(
        run="r", prompt="0" * 64, squad="0" * 64, simulated=False, relay=("core",), at=later(0)
    )
    tags = ("relay",)
    engaged = [
        AgentsEngaged(wave=wave, group="core", purpose=purpose, agents=(agent,), tags=tags, at=later(0))
        for wave, purpose, agent in ((1, "orchestration", "autonomous-orchestrator"), (2, "relay", "planner"))
    ]
    recording.write("r", [started], make_turn(), engaged, make_turn("planner@2", at=later(1)))
    recording.write("r", make_turn("autonomous-orchestrator@1", at=later(2)))
    plain, again, orchestrator = recording.project()
    assert plain["wave"] == 0 and "relay" in plain["tags"] and "autonomous" not in plain["tags"]
    assert again["wave"] == 2 and {"relay", "wave:2", "role:Planner"} <= set(again["tags"])
    assert orchestrator["agent"] == "autonomous-orchestrator" and orchestrator["group"] == "core"
    assert orchestrator["wave"] == 1 and {"autonomous", "relay"} <= set(orchestrator["tags"])


def test_an_interrupt_leaves_its_summary(recording: Recording, later: Any) -> None:
    recording.write("r", [InterruptAsked(summary="planner is done,\nbuilder runs", at=later(3))])
    (artifact,) = recording.project()
    assert (artifact["type"], artifact["text"]) == ("interrupt", "planner is done,\nbuilder runs")
    assert artifact["tags"] == ["run:r", "interrupt", "topic:ship-mvp-care"]


def test_a_run_taken_up_by_another_process_is_told_from_its_beginning(
    recording: Recording, make_turn: Any, later: Any
) -> None:
    agent = Specialist(id="tester", role="Tester", prompt="Test it.")
    joined = AgentsJoined(wave=2, group="core", by="builder", agents=(agent,), at=later(0))
    recording.write("r", [joined], make_turn("tester"))
    recording.project()
    recording.write("r", make_turn("tester", step=2, purpose="follow-up", at=later(9)))
    assert recording.project()[1]["wave"] == 2
