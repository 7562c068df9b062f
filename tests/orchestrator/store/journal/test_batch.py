"""The trail that the journal leaves in its AgentFS file: which files and rows stand for what."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orchestrator.core.facts import RunEnded
from orchestrator.store.agentfs.files import find_ino, kv_get, list_names, read_file
from orchestrator.store.journal import AgentFSJournal

Write = Callable[..., sqlite3.Connection]


@pytest.fixture
def written(path: Path, record: Any, request: pytest.FixtureRequest) -> Write:
    """Commit turns (or facts) to a run, each in its own transaction, close, and open the file."""

    def write(*items: Any, runs: tuple[str, ...] = ("r",)) -> sqlite3.Connection:
        async def story() -> None:
            journal = AgentFSJournal(path)
            for run in runs:
                await journal.open_run(record(run))
            for item in items:
                if isinstance(item, tuple):
                    await journal.commit(*item)
                else:
                    await journal.commit(item.id.run, [item.ended], item.bodies)
            await journal.close()

        asyncio.run(story())
        db = sqlite3.connect(path)
        request.addfinalizer(db.close)
        return db

    return write


def test_each_turn_is_one_file_with_question_and_answer(written: Write, make_turn: Any) -> None:
    plan, follow_up = make_turn(), make_turn(step=2, purpose="follow-up", prompt="Go on.", text="Done.")
    db = written(plan, follow_up)
    assert list_names(db, "/runs/r/agents/planner") == ("01-plan.json", "02-follow-up.json")
    content = json.loads(read_file(db, "/runs/r/agents/planner/02-follow-up.json"))
    assert content["input"]["prompt"] == "Go on."
    assert content["answer"]["message"]["text"] == "Done."
    assert content["answer"]["usage"]["output"] == 5
    assert (content["run"], content["node"], content["step"], content["ending"]) == (
        "r",
        "planner",
        2,
        "done",
    )
    assert content["schema_version"] == 1


def test_an_attempt_that_brought_no_answer_has_a_name_of_its_own(written: Write, make_turn: Any) -> None:
    fields = {"ending": "failed", "answer": None, "error": 'status "503"\n', "paid": "unknown"}
    failed = make_turn(**fields)
    db = written(("r", [failed.ended], {failed.key: failed.input.encoded()}), make_turn(attempt=2))
    assert list_names(db, "/runs/r/agents/planner") == ("01-plan.attempt-1.json", "01-plan.json")
    content = json.loads(read_file(db, "/runs/r/agents/planner/01-plan.attempt-1.json"))
    assert content["answer"] is None and content["error"] == 'status "503"\n' and content["paid"] == "unknown"


def test_a_name_that_is_taken_gets_a_suffix_in_one_transaction_and_in_several(
    written: Write, make_turn: Any
) -> None:
    turns = [make_turn(text=str(number)) for number in range(4)]
    together = ("r", [turn.ended for turn in turns[:2]], turns[0].bodies | turns[1].bodies)
    db = written(together, turns[2], turns[3])
    names = ("01-plan.json", "01-plan~2.json", "01-plan~3.json", "01-plan~4.json")
    assert list_names(db, "/runs/r/agents/planner") == names
    texts = [json.loads(read_file(db, f"/runs/r/agents/planner/{name}")) for name in names]
    assert [text["answer"]["message"]["text"] for text in texts] == ["0", "1", "2", "3"]


def test_a_node_that_acts_again_has_a_folder_of_its_own(written: Write, make_turn: Any) -> None:
    db = written(make_turn("planner"), make_turn("planner@2"))
    assert list_names(db, "/runs/r/agents") == ("planner", "planner@2")


def test_a_reused_turn_is_a_second_entry_of_the_same_file(written: Write, make_turn: Any) -> None:
    first, again = make_turn(run="a"), make_turn(run="b", origin="reused")
    db = written(first, ("b", [again.ended], {}), runs=("a", "b"))
    inos = {find_ino(db, f"/runs/{run}/agents/planner/01-plan.json") for run in ("a", "b")}
    assert len(inos) == 1
    assert db.execute("SELECT nlink FROM fs_inode WHERE ino = ?", tuple(inos)).fetchone() == (2,)
    assert db.execute(
        "SELECT count(*) FROM journal_turns WHERE key = ?", (bytes.fromhex(first.key),)
    ).fetchone() == (2,)


def test_a_run_has_its_record_its_prompt_and_its_squad_beside_its_agents(written: Write, record: Any) -> None:
    db = written(runs=("a", "b"))
    assert list_names(db, "/runs/a") == ("agents", "prompt.md", "run.json", "squad.json")
    assert read_file(db, "/runs/a/prompt.md").decode() == record().prompt
    assert json.loads(read_file(db, "/runs/b/run.json"))["record"]["settings"] == {"jobs": "4"}
    assert find_ino(db, "/runs/a/squad.json") == find_ino(db, "/runs/b/squad.json")


def test_actions_are_event_files_and_tool_calls(written: Write, make_turn: Any) -> None:
    turn = make_turn()
    ran = turn.acted(1, duration_ms=2500)
    failed = turn.acted(2, action="file_change", title="a.py", ok=False)
    db = written(("r", [turn.started, ran, failed], {}))
    assert list_names(db, "/runs/r/events") == ("000002-command_execution.json", "000003-file_change.json")
    event = json.loads(read_file(db, "/runs/r/events/000002-command_execution.json"))
    assert event["seq"] == 2 and event["fact"]["detail"] == {"exit_code": 0}
    rows = db.execute(
        "SELECT name, parameters, result, error, status, completed_at - started_at FROM tool_calls"
    )
    first, second = rows.fetchall()
    assert (first[0], first[3:]) == ("command_execution", (None, "success", 3))
    parameters = json.loads(first[1])
    assert parameters["title"] == "make test" and parameters["detail"] == {"exit_code": 0}
    assert parameters["event"] == "/runs/r/events/000002-command_execution.json"
    assert second[2:5] == (None, "a.py", "error")


def test_key_value_entries_name_the_last_run_and_how_each_ended(written: Write, later: Any) -> None:
    db = written(("b", [RunEnded(ending="done", at=later(9))], {}), runs=("a", "b"))
    assert kv_get(db, "agentlark:last-run") == "b"
    ended = kv_get(db, "agentlark:run:b")
    assert isinstance(ended, dict) and ended["ending"] == "done" and "started" in ended
    assert kv_get(db, "agentlark:run:none") is None


def test_a_body_of_no_turn_is_a_file_of_its_own_stored_once(written: Write, make_turn: Any) -> None:
    turn = make_turn()
    loose = {turn.key: turn.input.encoded()}
    db = written(("r", [turn.started], loose), ("r", [turn.started], loose))
    assert list_names(db, "/runs/r/bodies") == (turn.key,)
    assert read_file(db, f"/runs/r/bodies/{turn.key}") == turn.input.encoded()


def test_the_file_tree_is_sound(written: Write, make_turn: Any) -> None:
    turns = [make_turn(f"n{i}", step, text="x" * i * 900) for i in range(12) for step in (1, 2)]
    db = written(*turns, make_turn("n1", origin="reused", text="x" * 900))
    checks = {
        "entries of nothing": "SELECT count(*) FROM fs_dentry WHERE ino NOT IN (SELECT ino FROM fs_inode)",
        "orphans": "SELECT count(*) FROM fs_inode WHERE ino > 1 AND ino NOT IN (SELECT ino FROM fs_dentry)",
        "wrong sizes": """SELECT count(*) FROM fs_inode i WHERE size <> (
            SELECT coalesce(sum(length(data)), 0) FROM fs_data d WHERE d.ino = i.ino)""",
        "wrong links": """SELECT count(*) FROM fs_inode i WHERE ino > 1 AND nlink <> (
            SELECT count(*) FROM fs_dentry d WHERE d.ino = i.ino)""",
        "short chunks": """SELECT count(*) FROM fs_data d WHERE length(data) <> 4096 AND chunk_index < (
            SELECT max(chunk_index) FROM fs_data e WHERE e.ino = d.ino)""",
    }
    assert {name: db.execute(query).fetchone()[0] for name, query in checks.items()} == dict.fromkeys(
        checks, 0
    )


def test_the_file_has_nothing_that_the_sdks_cannot_open(written: Write) -> None:
    db = written()
    schema = " ".join(str(sql) for (sql,) in db.execute("SELECT sql FROM sqlite_schema")).upper()
    assert not any(word in schema for word in ("CHECK", "GENERATED", "TRIGGER", "FTS5", "VIRTUAL"))


def test_odd_numbers_in_an_action_are_still_json(written: Write, make_turn: Any) -> None:
    turn = make_turn()
    db = written(("r", [turn.acted(detail={"ratio": float("nan"), "text": "\u0000\u2028</script>"})], {}))
    (parameters,) = db.execute("SELECT parameters FROM tool_calls").fetchone()
    assert json.loads(parameters, parse_constant=pytest.fail)["detail"]["ratio"] == "NaN"
