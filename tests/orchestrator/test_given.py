"""Files and memory that agents are given, in whole runs of a folder: who is asked again, and who is not."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from agentlark.compiler import compile_file
from agentlark.model import Squad
from orchestrator.core.facts import Notice, TurnEnded, TurnStarted
from orchestrator.core.settings import Flags
from orchestrator.core.turn import TurnInput
from orchestrator.run.foresight import Forecast
from orchestrator.run.given import MEMORY
from orchestrator.run.handle import RunResult
from orchestrator.wiring.foresight import foresee
from orchestrator.wiring.reading import open_reader
from orchestrator.wiring.runs import RunOptions, resume, start

READERS = """
agents = [
    agent(id = "reader", role = "Researcher", inputs = ["docs/**/*.md"]),
    agent(id = "below", role = "Reviewer", depends_on = ["reader"]),
    agent(id = "other", role = "Researcher", inputs = ["src/*.py"]),
    agent(id = "alone", role = "Planner"),
]
"""
HEIRS = """
agents = [
    agent(id = "planner", role = "Planner"),
    agent(id = "heir", role = "Reviewer", memory = ["agent:planner", "tag:role:Builder"], memory_limit = 900),
]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / ".git").mkdir()
    write(tmp_path, "docs/a.md", "Alpha says {{ task }} and {% if %}.\n")
    write(tmp_path, "docs/deep/b.md", "Beta.\n")
    write(tmp_path, "src/main.py", "print()\n")
    return tmp_path


def write(folder: Path, path: str, text: str) -> None:
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_text(text, encoding="utf-8")


def squad_of(folder: Path, text: str) -> Squad:
    write(folder, "agents.lark", text)
    return compile_file(folder / "agents.lark").squad


def options(folder: Path, **flags: object) -> RunOptions:
    return RunOptions(folder=folder, flags=Flags(**flags), environ={})  # type: ignore[arg-type]  # passed on


def run(squad: Squad, folder: Path, **env: str) -> RunResult:
    async def go() -> RunResult:
        chosen = RunOptions(folder=folder, flags=Flags(backend="rehearsal"), environ=env)
        async with start(squad, "Ship it", chosen) as going:
            return await going.result()

    return asyncio.run(go())


def sent(folder: Path, slug: str | None = None) -> dict[str, int]:
    """How many turns each agent was sent in a run."""
    with open_reader(folder, environ={}) as journal:
        found: dict[str, int] = {}
        for _, fact in journal.facts(slug or journal.slugs()[-1]):
            if isinstance(fact, TurnStarted):
                found[fact.id.node] = found.get(fact.id.node, 0) + 1
        return found


def asked(folder: Path, node: str, step: int = 1) -> TurnInput:
    """A turn of the last run."""
    with open_reader(folder, environ={}) as journal:
        for _, fact in journal.facts(journal.slugs()[-1]):
            if isinstance(fact, TurnEnded) and (fact.id.node, fact.id.step) == (node, step):
                return TurnInput.model_validate_json(journal.body(fact.key))
    raise AssertionError(f"{node} was not asked")


def foreseen(squad: Squad, folder: Path) -> dict[str, str]:
    """What is foreseen of each agent, and why."""
    return {node.id: f"{node.prospect} {node.reason}".strip() for node in forecast(squad, folder).nodes}


def forecast(squad: Squad, folder: Path) -> Forecast:
    return asyncio.run(foresee(squad, "Ship it", options(folder, backend="rehearsal")))


def test_files_stand_in_the_prompt_as_they_are_and_in_the_keys_of_all_turns(folder: Path) -> None:
    run(squad_of(folder, READERS), folder)
    plan, follow_up = asked(folder, "reader"), asked(folder, "reader", step=2)
    assert '<file path="docs/a.md">\nAlpha says {{ task }} and {% if %}.\n</file>' in plan.prompt
    assert '<file path="docs/deep/b.md">\nBeta.\n</file>' in plan.prompt
    assert "src/main.py" not in plan.prompt
    assert list(plan.inputs) == ["docs/a.md", "docs/deep/b.md"]
    assert follow_up.inputs == plan.inputs
    assert "Alpha" not in follow_up.prompt
    assert asked(folder, "alone").inputs == {}
    assert str(folder) not in plan.prompt


@pytest.mark.parametrize(
    ("path", "text", "why"),
    [
        ("docs/a.md", "Alpha, changed.\n", "docs/a.md changed"),
        ("docs/c.md", "", "docs/c.md is new"),
        ("docs/deep/b.md", None, "docs/deep/b.md is gone"),
    ],
)
def test_a_file_that_changed_has_its_readers_asked_again_and_who_depends_on_them(
    folder: Path, path: str, text: str | None, why: str
) -> None:
    squad = squad_of(folder, READERS)
    run(squad, folder)
    assert set(foreseen(squad, folder).values()) == {"reused"}
    write(folder, path, text) if text is not None else (folder / path).unlink()
    assert foreseen(squad, folder) == {
        "reader": f"run {why}",
        "below": "maybe only if reader is answered otherwise",
        "other": "reused",
        "alone": "reused",
    }
    run(squad, folder)
    assert set(sent(folder)) == {"reader", "below"}
    assert run(squad, folder).turns == 0


def test_what_the_run_writes_and_what_nobody_declared_changes_nothing(folder: Path) -> None:
    squad = squad_of(folder, 'agents = [agent(id = "reader", role = "Planner", inputs = ["**"])]')
    run(squad, folder)
    assert list(asked(folder, "reader").inputs) == [
        "agents.lark",
        "docs/a.md",
        "docs/deep/b.md",
        "src/main.py",
    ]
    write(folder, ".hidden/x.md", "x")
    write(folder, "logs/x.log", "x")
    assert run(squad, folder).turns == 0


def test_a_run_in_a_folder_below_reads_from_the_root_of_the_project(folder: Path) -> None:
    squad = squad_of(folder, READERS)
    below = folder / "work"
    below.mkdir()
    run(squad, below)
    assert list(asked(below, "reader").inputs) == ["docs/a.md", "docs/deep/b.md"]


def test_a_secret_in_a_file_is_in_no_prompt_and_in_no_key(folder: Path) -> None:
    squad = squad_of(folder, READERS)
    write(folder, "docs/a.md", "the key is hunter2hunter2\n")
    run(squad, folder, MY_API_KEY="hunter2hunter2")
    assert "the key is [redacted]\n" in asked(folder, "reader").prompt
    write(folder, "docs/a.md", "the key is [redacted]\n")
    assert run(squad, folder).turns == 0


def test_what_is_not_read_is_said(folder: Path) -> None:
    (folder / "docs" / "image.md").write_bytes(b"\0\1")
    write(folder, "docs/z.md", "long\n" * 30_000)
    squad = squad_of(folder, READERS.replace('"src/*.py"', '"nothing"'))

    async def notices() -> list[str]:
        async with start(squad, "Ship it", options(folder, backend="rehearsal")) as going:
            return [item.text async for _, item in going.events() if isinstance(item, Notice)]

    assert sorted(asyncio.run(notices())) == [
        "other: inputs: 'nothing' matches no file",
        "reader: inputs: not read (it is not text): docs/image.md",
        "reader: inputs: too long, and cut: docs/z.md",
    ]
    assert '<file path="docs/z.md" cut="true">' in asked(folder, "reader").prompt


def test_too_many_files_fail_the_agent_before_anything_is_sent(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    squad = squad_of(folder, READERS)
    monkeypatch.setattr("agentlark.inputs.MAX_ENTRIES", 2)
    result = run(squad, folder)
    assert result.ended["reader"].ending == "failed"
    assert "more than 2 files and folders; name the folder" in (result.ended["reader"].reason or "")
    assert "reader" not in sent(folder)
    assert result.ended["alone"].ending == "done"


async def interrupted(squad: Squad, folder: Path) -> str:
    """A run that was stopped while its first turns were on their way."""
    async with start(squad, "Ship it", options(folder, backend="rehearsal", rehearsal_delay_s=30.0)) as run:
        async for _, item in run.events():
            if isinstance(item, TurnStarted):
                break
        return run.head.run


async def resumed(folder: Path) -> RunResult:
    async with resume(None, options(folder, backend="rehearsal", rehearsal_delay_s=0.001)) as run:
        return await run.result()


def test_a_resumed_run_reads_files_anew_for_what_it_has_not_recorded(folder: Path) -> None:
    squad = squad_of(folder, READERS)
    asyncio.run(interrupted(squad, folder))
    write(folder, "docs/a.md", "Alpha, changed.\n")
    assert asyncio.run(resumed(folder)).ending.ending == "done"
    assert "Alpha, changed." in asked(folder, "reader").prompt


def test_memory_is_the_newest_artifacts_of_earlier_runs_and_never_the_run_s_own(folder: Path) -> None:
    squad = squad_of(folder, HEIRS)
    run(squad, folder)
    assert asked(folder, "heir").memory == ()
    assert "Remembered" not in asked(folder, "heir").prompt
    assert foreseen(squad, folder) == {
        "planner": "reused",
        "heir": "run its memory changed: a follow-up of planner is new, a plan of planner is new",
    }
    run(squad, folder)
    assert sent(folder) == {"heir": 2}
    plan = asked(folder, "heir")
    assert [(each.agent, each.type) for each in plan.memory] == [
        ("planner", "follow-up"),
        ("planner", "plan"),
    ]
    assert "# Remembered from earlier runs\n\n## planner, follow-up\nSIMULATED" in plan.prompt
    assert asked(folder, "heir", step=2).memory == plan.memory
    assert run(squad, folder).turns == 0, "nothing of what it remembers is new"


def test_memory_in_a_prompt_names_no_time_no_run_and_no_folder(folder: Path) -> None:
    squad = squad_of(folder, HEIRS)
    slug = run(squad, folder).run
    run(squad, folder)
    prompt = asked(folder, "heir").prompt
    assert slug not in prompt
    assert str(folder) not in prompt
    assert "2026" not in prompt


def test_memory_keeps_to_its_limit(folder: Path) -> None:
    squad = squad_of(folder, HEIRS.replace("900", "300"))
    run(squad, folder)
    run(squad, folder)
    remembered = asked(folder, "heir").prompt.partition("# Remembered")[2]
    assert "[…]" in remembered
    assert len(remembered) < 400


def test_a_resumed_run_remembers_what_it_did_when_it_started(folder: Path) -> None:
    squad = squad_of(folder, HEIRS)
    run(squad, folder)
    slug = asyncio.run(interrupted(squad, folder))
    with open_reader(folder, environ={}) as journal:
        record = journal.run(slug)
        assert record is not None
        assert MEMORY in record.settings
    for path in (folder / "memory").glob("artifacts*"):
        path.unlink()
    assert asyncio.run(resumed(folder)).ending.ending == "done"
    assert [each.agent for each in asked(folder, "heir").memory] == ["planner", "planner"]


def test_what_was_rehearsed_reaches_no_real_backend(folder: Path) -> None:
    squad = squad_of(folder, HEIRS)
    run(squad, folder)

    async def real() -> Forecast:
        chosen = RunOptions(
            folder=folder, flags=Flags(backend="anthropic"), environ={"ANTHROPIC_API_KEY": "x" * 20}
        )
        return await foresee(squad, "Ship it", chosen)

    (plan, *_) = asyncio.run(real()).misses["heir"]
    assert plan.order.input.memory == ()
    assert "SIMULATED" not in plan.order.input.prompt


def test_foreseeing_reads_and_writes_nothing(folder: Path) -> None:
    squad = squad_of(folder, READERS)
    run(squad, folder)
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}
    write(folder, "docs/a.md", "Alpha, changed.\n")
    before[folder / "docs/a.md"] = (folder / "docs/a.md").stat().st_mtime_ns
    foreseen(squad, folder)
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()} == before
