"""What a squad's session looks like."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from agentlark.compiler import compile_file
from agentlark.model import Squad
from orchestrator.core.settings import Asked
from orchestrator.launch.view import View, session_of, shown_agents
from orchestrator.panes.inputs import session_name

VIEW = View(Path("/work here"), ("/opt/agentlark",))


def squad(folder: Path, agents: int) -> Squad:
    listed = ", ".join(f'agent(id = "a{n}", role = "{"Builder" if n == 0 else "R"}")' for n in range(agents))
    path = folder / "agents.lark"
    path.write_text(f"agents = [{listed}]\n")
    return compile_file(path).squad


def test_the_orchestrator_has_a_log_after_the_configured_agents_when_there_is_one(tmp_path: Path) -> None:
    assert shown_agents(squad(tmp_path, 2), Asked()) == ("a0", "a1")
    assert shown_agents(squad(tmp_path, 2), Asked(autonomous=True)) == ("a0", "a1", "autonomous-orchestrator")
    assert shown_agents(squad(tmp_path, 2), Asked(relay=True)) == ("a0", "a1", "autonomous-orchestrator")


def test_every_pane_runs_the_follower_and_eleven_agents_take_three_tabs(tmp_path: Path) -> None:
    agents = shown_agents(squad(tmp_path, 11), Asked(autonomous=True))
    tabs = {tab.name: [pane.name for pane in tab.panes()] for tab in VIEW.layout(agents).tabs}
    assert tabs == {
        "core-logs": ["a0", "a1", "a2", "a3"],
        "spawned-agents": ["timeline", "a4", "a5", "a6", "a7"],
        "agent-logs-1": ["a8", "a9", "a10", "autonomous-orchestrator"],
    }
    assert VIEW.pane("a4").argv == ("/opt/agentlark", "logs", "-f", "a4")


def test_control_s_interrupts_and_everything_starts_in_the_folder() -> None:
    layout = VIEW.layout(["a"], bars=False)
    assert layout.interrupt == ("/opt/agentlark", "interrupt")
    assert layout.cwd == Path("/work here")
    assert not layout.bars


def test_a_session_is_named_readably_after_its_folder() -> None:
    assert session_of(Path("/home/me/My Shop!")).startswith("agentlark-my-shop-")
    assert session_of(Path("/a/shop")) != session_of(Path("/b/shop"))


@given(st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=300))
def test_a_folder_of_any_name_gives_a_name_that_a_session_can_have(name: str) -> None:
    assert session_name(session_of(Path("/tmp") / name)).isascii()
    assert len(session_of(Path("/tmp") / name)) <= 40
