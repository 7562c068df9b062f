"""The memory commands as a user meets them: tables at any width, filters, bad input, other people's files."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from orchestrator.core.paths import RunPaths
from orchestrator.store.artifacts import Artifact
from orchestrator.store.artifacts.payload import schema
from tests.doubles.libsql_server import LibsqlServer
from tests.orchestrator.cli.conftest import Command
from tests.orchestrator.memory.conftest import write_run

EVIL = "\x1b[31mred\x1b[0m and \x07 and \x9b2J\nsecond line"


@pytest.fixture
def full(tmp_path: Path) -> Path:
    write_run(RunPaths(tmp_path).journal, "r1", [("planner", f"Plan {number}.") for number in range(3)])
    write_run(RunPaths(tmp_path).journal, "r2", [("builder", EVIL), ("builder", "宽字符 " * 40)])
    return tmp_path


def test_the_table_shows_the_newest_first_and_fits(agentlark: Command, full: Path) -> None:
    for width in (20, 30, 40, 63, 64, 80, 200):
        done = agentlark("memory:inspect", COLUMNS=str(width), NO_COLOR="1")
        assert done.returncode == 0, done.stderr
        assert all(_cells(line) <= width for line in done.stdout.splitlines())
        assert "\x1b" not in done.stdout and "planner" in done.stdout
    lines = agentlark("memory:inspect", COLUMNS="100").stdout.splitlines()
    assert [line.split()[2] for line in lines[1:]] == ["planner", "builder", "planner", "builder", "planner"]


def _cells(line: str) -> int:
    from rich.cells import cell_len

    return cell_len(line)


def test_whole_texts_and_their_escapes_made_visible(agentlark: Command, full: Path) -> None:
    done = agentlark("memory:inspect", "--session", "r2", "--grep", "second LINE", "--content")
    assert r"\x1b[31mred" in done.stdout and "\nsecond line\n" in done.stdout
    assert not {"\x1b", "\x07", "\x9b"} & set(done.stdout)
    assert "Plan" not in done.stdout


def test_json_is_one_payload_per_line(agentlark: Command, full: Path) -> None:
    done = agentlark("memory", "inspect", "--json", "--agent", "planner", "--limit", "2")
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one["text"] for one in found] == ["Plan 2.", "Plan 1."]
    for one in found:
        assert one.pop("condensedInto") is None
        Artifact.model_validate_json(json.dumps(one))


def test_the_schema_of_an_artifact_is_printed(agentlark: Command) -> None:
    printed = json.loads(agentlark("schema", "--artifact").stdout)
    assert printed == json.loads(json.dumps(schema()))
    assert printed["properties"]["schema_version"]["const"] == 1


def test_condense_and_back(agentlark: Command, full: Path) -> None:
    ahead = agentlark("memory:condense", "--dry-run")
    assert "3 artifacts would be condensed" in ahead.stderr
    done = agentlark("memory:condense")
    assert done.returncode == 0 and "1 summary of 3 artifacts" in done.stderr
    assert "summaries by: extractive" in done.stderr
    assert "nothing to condense" in agentlark("memory:condense").stderr
    shown = agentlark("memory:inspect", "--type", "summary", "--content").stdout
    assert "EXTRACTIVE" in shown and "tags     " in shown and shown.count("related  ") == 3
    marked = agentlark("memory:inspect", "--condensed", "--json").stdout.splitlines()
    assert len({json.loads(line)["condensedInto"] for line in marked}) == 1 and len(marked) == 3
    assert "3 artifacts written" not in agentlark("memory:rebuild").stderr
    assert len(agentlark("memory:inspect", "--condensed", "--json").stdout.splitlines()) == 3
    assert "taken back" in agentlark("memory", "condense", "--undo").stderr
    assert agentlark("memory:inspect", "--condensed", "--json").stdout == ""


def test_a_chosen_backend_says_what_it_is(agentlark: Command, full: Path) -> None:
    done = agentlark("memory:condense", "--backend", "rehearsal", "--json")
    (summary,) = [json.loads(line) for line in done.stdout.splitlines()]
    assert summary["backend"] == "rehearsal" and len(summary["artifacts"]) == 3 and summary["failure"] is None
    assert not (full / "logs").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("memory:condense", "--days", "-1"), "--days -1"),
        (("memory:condense", "--min-group-size", "1"), "--min-group-size 1"),
        (("memory:condense", "--backend", "nobody"), "nobody"),
        (("memory:condense", "--backend", "anthropic"), "ANTHROPIC_API_KEY"),
        (("memory:inspect", "--since", "yesterday"), "--since yesterday"),
        (("memory:inspect", "--until", "2026-13-01"), "--until 2026-13-01"),
        (("memory:inspect", "--limit", "-1"), "--limit"),
        (("memory:inspect", "--project-root", "nowhere"), "there is no such folder"),
        (("memory:inspect", "--memory-dir", ""), "--memory-dir is empty"),
        (("memory:rebuild", "--project-root", "."), "there is no journal"),
        (("agentfs:read", "--path", "."), "is a folder"),
        (("agentfs:snapshot", "out.db"), "yet"),
    ],
)
def test_bad_input_ends_with_two_a_cause_and_a_remedy(
    agentlark: Command, tmp_path: Path, arguments: tuple[str, ...], says: str
) -> None:
    if "--backend" in arguments:
        write_run(RunPaths(tmp_path).journal, "r1", [("planner", f"Plan {number}.") for number in range(3)])
    done = agentlark(*arguments)
    assert done.returncode == 2, done.stderr
    assert says in done.stderr and "Traceback" not in done.stderr


def test_an_empty_store_is_no_mistake(agentlark: Command, tmp_path: Path) -> None:
    for arguments in (
        ("memory:inspect",),
        ("memory:condense",),
        ("memory:condense", "--undo"),
        ("agentfs:read",),
    ):
        done = agentlark(*arguments)
        assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert not (tmp_path / ".agentfs").exists()


@pytest.mark.parametrize("kind", ["text", "songs", "folder", "no folder", "newer"])
def test_what_is_no_memory_is_refused_and_left_alone(agentlark: Command, full: Path, kind: str) -> None:
    path = full / "memory" / "artifacts.agentfs.db"
    if kind == "newer":
        assert agentlark("memory:inspect").returncode == 0
        db = sqlite3.connect(path)
        db.execute("UPDATE agentlark_schema SET version = 99")
        db.commit()
        db.close()
    elif kind == "folder":
        path.mkdir(parents=True)
    elif kind == "no folder":
        path.parent.write_text("in the way")
    else:
        path.parent.mkdir()
        db = sqlite3.connect(path)
        db.execute("CREATE TABLE songs (title TEXT)")
        db.commit()
        db.close()
        if kind == "text":
            path.write_text("just some text")
    before = path.read_bytes() if path.is_file() else b""
    runs = agentlark("runs", "ls").stdout
    refusing = ("memory:inspect",), ("memory:condense",), ("memory:rebuild",), ("run", "--builtin", "-p", "x")
    for arguments in refusing:
        done = agentlark(*arguments)
        assert done.returncode == 2, done.stderr
        assert "help:" in done.stderr and "Traceback" not in done.stderr
    assert before == (path.read_bytes() if path.is_file() else b"")
    assert agentlark("runs", "ls").stdout == runs, "a run that was refused is recorded"


def test_a_broken_artifact_is_listed_as_broken_beside_the_rest(agentlark: Command, full: Path) -> None:
    whole = agentlark("memory:inspect", "--limit", "0", "--json").stdout.splitlines()
    db = sqlite3.connect(full / "memory" / "artifacts.agentfs.db")
    db.execute("UPDATE fs_data SET data = '{\"id\":' WHERE ino = (SELECT ino FROM artifacts WHERE id = 1)")
    db.commit()
    db.close()
    lines = [
        json.loads(line) for line in agentlark("memory:inspect", "--limit", "0", "--json").stdout.splitlines()
    ]
    assert len(lines) == len(whole)
    (broken,) = [line for line in lines if "broken" in line]
    assert broken["id"] == json.loads(whole[-1])["id"] and "Invalid JSON" in broken["broken"]
    table = agentlark("memory:inspect", "--limit", "0")
    assert table.returncode == 0 and "broken: Invalid JSON" in table.stdout
    assert "Invalid JSON" in agentlark("memory:inspect", "--limit", "0", "--content").stdout


def test_a_store_that_another_program_holds_is_said(agentlark: Command, full: Path) -> None:
    assert agentlark("memory:inspect").returncode == 0
    path = full / "memory" / "artifacts.agentfs.db"
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA locking_mode=EXCLUSIVE")
    db.execute("BEGIN EXCLUSIVE")
    db.execute("UPDATE fs_config SET value = value")
    done = agentlark("memory:inspect")
    db.close()
    assert done.returncode == 2 and "locked by another program" in done.stderr


def test_other_places_are_named_by_flags_and_environment(
    agentlark: Command, full: Path, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    assert agentlark("run", "-q", "--prompt", "x", "--memory-dir", "elsewhere").returncode == 0
    assert (tmp_path / "elsewhere" / "artifacts.agentfs.db").exists()
    env = {"CODEX_MEMORY_DIR": "elsewhere"}
    assert "r1" in agentlark("memory:inspect", "--json", "--session", "r1", **env).stdout
    named = agentlark("memory:inspect", "--json", "--project-root", "elsewhere", **env)
    assert named.stdout == ""


def test_without_a_trail_artifacts_are_kept(agentlark: Command, tmp_path: Path) -> None:
    done = agentlark("run", "--prompt", "x", "--no-agentfs", "--agentfs-session", "s")
    assert done.returncode == 2
    done = agentlark("run", "--prompt", "x", "--no-agentfs")
    assert done.returncode == 0 and "none kept" in done.stderr
    assert not (tmp_path / ".agentfs" / "agent-db.db").exists()
    assert len(agentlark("memory:inspect", "--json", "--limit", "0").stdout.splitlines()) >= 6
    assert agentlark("resume").returncode == 2


def test_a_session_that_is_taken_gets_a_suffix(agentlark: Command, tmp_path: Path) -> None:
    for _ in range(2):
        agentlark("run", "-q", "--prompt", "x", "--agentfs-id", "mine", AGENTFS_SESSION="same")
    done = agentlark("agentfs:read", "--path", ".agentfs/mine.db", "--json", "--limit", "0", "--events")
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert {one["session"] for one in found} == {"same", "same-2"}
    assert {one["kind"] for one in found} >= {"turn"}
    table = agentlark(
        "agentfs", "read", "--session", "same", "--agent", "planner", AGENTFS_ID="mine", COLUMNS="90"
    )
    assert len(table.stdout.splitlines()) == 3
    assert agentlark("agentfs:snapshot", "out.db", AGENTFS_ID="mine").returncode == 0
    assert agentlark("agentfs:snapshot", "out.db", AGENTFS_ID="mine").returncode == 2
    assert agentlark("agentfs:read", "--path", "out.db", "--session", "same-3").returncode == 2


@pytest.mark.parametrize("scheme", ["http", "ws"])
def test_a_run_is_mirrored_and_its_token_is_nowhere(agentlark: Command, tmp_path: Path, scheme: str) -> None:
    token = "tok-7f3b9a1c55"
    with LibsqlServer(token) as server:
        env = {"LIBSQL_AUTH_TOKEN": token, "AGENTFS_PATH": server.url(scheme)}
        done = agentlark("run", "--prompt", f"keep {token} to yourself", **env)
        assert done.returncode == 0, done.stderr
        local = sqlite3.connect(tmp_path / ".agentfs" / "agent-db.db")
        for table in ("fs_dentry", "fs_data", "journal_facts", "journal_runs"):
            rows = local.execute(f"SELECT * FROM {table}").fetchall()
            assert rows and sorted(rows, key=repr) == server.table(table)
        local.close()
        assert "warning" not in done.stderr
    assert token not in done.stdout + done.stderr
    assert not any(token.encode() in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


def test_a_mirror_that_cannot_be_reached_is_said_and_fails_nothing(agentlark: Command) -> None:
    done = agentlark("run", "--prompt", "x", "--agentfs-path", "http://127.0.0.1:9/")
    assert done.returncode == 0
    assert "mirror: http://127.0.0.1:9/ is behind by" in done.stderr and "nothing is lost" in done.stderr
