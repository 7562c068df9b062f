"""The Python API as its users hold it: start, follow, resume, and what is refused before money is spent."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

import agentlark
import orchestrator
from agentlark.compiler import compile_file
from agentlark.model import Squad
from orchestrator.backends.loopback import LoopbackServer
from orchestrator.core.facts import RunEnded
from orchestrator.core.settings import Flags
from orchestrator.run.handle import RunResult
from orchestrator.wiring.reading import open_reader
from orchestrator.wiring.runs import RunOptions, resume, start

ROOT = Path(__file__).parents[2]


def squad_of(folder: Path, text: str) -> Squad:
    path = folder / "agents.lark"
    path.write_text(text, encoding="utf-8")
    return compile_file(path).squad


PAIR = """
agents = [
    agent(id = "planner", role = "Planner"),
    agent(id = "builder", role = "Builder", depends_on = ["planner"], blueprint = False),
]
"""


def options(folder: Path, flags: Flags | None = None, **env: str) -> RunOptions:
    return RunOptions(folder=folder, flags=flags or Flags(), environ=env)


async def finished(squad: Squad, chosen: RunOptions, prompt: str = "Ship it") -> RunResult:
    async with start(squad, prompt, chosen) as run:
        return await run.result()


def test_every_exported_name_is_there() -> None:
    for package in (agentlark, orchestrator):
        for name in package.__all__:
            assert getattr(package, name) is not None


def test_a_run_is_followed_from_its_first_fact_and_gives_its_answers(tmp_path: Path) -> None:
    async def follow() -> tuple[list[int], object, RunResult]:
        async with start(squad_of(tmp_path, PAIR), "Ship it", options(tmp_path)) as run:
            numbers, last = [], None
            async for number, item in run.events():
                if number is not None:
                    numbers.append(number)
                    last = item
            return numbers, last, await run.result()

    numbers, last, result = asyncio.run(follow())
    assert numbers == list(range(1, len(numbers) + 1))
    assert isinstance(last, RunEnded)
    assert list(result.answers) == ["planner", "builder"]
    assert result.answer == result.answers["builder"]
    assert result.simulated
    assert result.turns == 4
    assert result.silent == ()


def test_leaving_the_context_early_stops_the_run_and_leaves_it_resumable(tmp_path: Path) -> None:
    async def leave() -> str:
        chosen = options(tmp_path, Flags(rehearsal_delay_s=30))
        async with start(squad_of(tmp_path, PAIR), "Ship it", chosen) as run:
            return run.head.run

    async def again(slug: str) -> RunResult:
        async with resume(slug, options(tmp_path)) as run:
            assert run.head.run == slug
            run.stop_now()
            return await run.result()

    slug = asyncio.run(leave())
    assert asyncio.run(again(slug)).ending.ending == "stopped"
    with open_reader(tmp_path) as journal:
        assert [record.slug for record in journal.runs()] == [slug]


@pytest.mark.parametrize(
    ("name", "prompt", "agents"),
    [
        ("configs/agents.lark", "Ship it", 3),
        ("configs/agents.smoke.lark", None, 3),
        ("examples/agents.lark", "Ship it", 6),
        ("examples/agents.simple.lark", "Ship it", 3),
    ],
)
def test_every_shipped_configuration_runs(name: str, prompt: str | None, agents: int, tmp_path: Path) -> None:
    squad = compile_file(ROOT / name).squad
    assert prompt or squad.prompt
    result = asyncio.run(finished(squad, options(tmp_path), prompt or squad.prompt or ""))
    assert result.ending.ending == "done"
    assert {agent.id for agent in squad.agents()} <= set(result.answers)
    assert len(squad.agents()) == agents
    gives_blueprint = any(agent.blueprint for agent in squad.agents())
    assert (len(result.answers) > agents) is gives_blueprint


def test_two_runs_in_the_same_second_get_slugs_of_their_own(tmp_path: Path) -> None:
    squad = squad_of(tmp_path, PAIR)
    slugs = [asyncio.run(finished(squad, options(tmp_path))).run for _ in range(3)]
    assert len(set(slugs)) == 3


@pytest.mark.parametrize(
    ("flags", "env", "says"),
    [
        (Flags(backend="anthropic"), {}, "ANTHROPIC_API_KEY is not set"),
        (Flags(backend="nothing"), {}, "there is no backend 'nothing'"),
        (Flags(base_url="http://user:secret@127.0.0.1"), {}, "holds credentials"),
        (Flags(backend="anthropic", base_url="no address"), {"ANTHROPIC_API_KEY": "k" * 20}, "no address"),
        (Flags(jobs=-1), {}, "--jobs -1"),
    ],
)
def test_what_cannot_work_is_refused_before_a_run_is_recorded(
    flags: Flags, env: dict[str, str], says: str, tmp_path: Path
) -> None:
    squad = squad_of(tmp_path, PAIR)
    with pytest.raises(orchestrator.UserError, match=says):
        asyncio.run(finished(squad, options(tmp_path, flags, **env)))
    if (tmp_path / ".agentfs").exists():
        with open_reader(tmp_path) as journal:
            assert list(journal.runs()) == []


def test_a_squad_built_by_hand_is_checked_like_a_file(tmp_path: Path) -> None:
    squad = squad_of(tmp_path, PAIR)
    (group,) = squad.groups
    first, second = group.agents
    circle = group.model_copy(
        update={"agents": (first.model_copy(update={"depends_on": ("builder",)}), second)}
    )
    with pytest.raises(agentlark.ConfigError, match="wait for each other"):
        asyncio.run(finished(squad.model_copy(update={"groups": (circle,)}), options(tmp_path)))


def test_simulated_and_real_answers_are_never_mixed(tmp_path: Path) -> None:
    text = PAIR.replace('role = "Planner"', 'role = "Planner", backend = "rehearsal"')
    with pytest.raises(orchestrator.UserError, match="cannot be mixed"):
        asyncio.run(finished(squad_of(tmp_path, text), options(tmp_path, ANTHROPIC_API_KEY="k" * 20)))


def test_tools_that_the_backend_has_not_are_refused(tmp_path: Path) -> None:
    text = PAIR.replace('role = "Planner"', 'role = "Planner", tools = ["shell"]')
    with pytest.raises(orchestrator.UserError, match="planner is to use tools"):
        asyncio.run(finished(squad_of(tmp_path, text), options(tmp_path, ANTHROPIC_API_KEY="k" * 20)))


def test_a_flag_beats_every_field_so_a_rehearsal_never_pays(tmp_path: Path) -> None:
    text = PAIR.replace('role = "Planner"', 'role = "Planner", backend = "anthropic", model = "claude-x"')
    chosen = options(tmp_path, Flags(backend="rehearsal"), ANTHROPIC_API_KEY="k" * 20)
    assert asyncio.run(finished(squad_of(tmp_path, text), chosen)).simulated


def test_the_anthropic_backend_carries_a_squad_against_the_loopback_server(tmp_path: Path) -> None:
    async def run() -> tuple[RunResult, list[str]]:
        async with LoopbackServer() as server:
            chosen = options(tmp_path, ANTHROPIC_API_KEY="k" * 20, ANTHROPIC_BASE_URL=server.base_url)
            result = await finished(squad_of(tmp_path, PAIR), chosen)
            return result, [exchange.asked.prompt for exchange in server.exchanges]

    result, bodies = asyncio.run(run())
    assert result.ending.ending == "done"
    assert not result.simulated
    assert len(bodies) == 4
    assert "Ship it" in bodies[0]
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert b"k" * 20 not in path.read_bytes()


def test_a_run_of_another_backend_kind_is_not_resumed_as_this_one(tmp_path: Path) -> None:
    async def leave() -> None:
        chosen = options(tmp_path, Flags(rehearsal_delay_s=30))
        async with start(squad_of(tmp_path, PAIR), "Ship it", chosen):
            pass

    async def again() -> None:
        env = {"ANTHROPIC_API_KEY": "k" * 20}
        async with resume(None, options(tmp_path, Flags(backend="anthropic"), **env)):
            pass

    asyncio.run(leave())
    with pytest.raises(orchestrator.UserError, match="cannot go on otherwise"):
        asyncio.run(again())


def test_the_documented_program_runs(tmp_path: Path) -> None:
    (tmp_path / "agents.lark").write_text(PAIR)
    done = subprocess.run(
        [sys.executable, "-P", str(ROOT / "examples" / "library.py"), "agents.lark", "Ship it"],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "run-ended" in done.stdout
    page = (ROOT / "docs" / "tutorial.md").read_text()
    program = (ROOT / "examples" / "library.py").read_text()
    assert program[program.index("async def main") : program.index("    squad")].split("(")[0] in page
