"""Launching for real: a client in a terminal, zellij or tmux, a run in the background."""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import signal
from dataclasses import replace
from itertools import chain
from pathlib import Path

from orchestrator.panes.errors import SessionNotFound
from orchestrator.panes.zellij import ZellijClient
from orchestrator.process import Terminal, in_terminal
from orchestrator.store.folder_lock import holder_of
from tests.orchestrator.cli.going import COMMAND, holds_soon
from tests.orchestrator.launch.desk import SLOW, Desk
from tests.orchestrator.panes.conftest import until

SPECIALISTS = {"implementer", "tester", "documenter"}


def going(desk: Desk) -> str | None:
    holder = holder_of(desk.folder / ".agentfs" / "run.lock")
    return holder.run if holder else None


def test_every_agents_log_is_alive_with_nothing_to_type(desk: Desk) -> None:
    with desk.terminal("launch", "--in", desk.kind, "--prompt", "Ship it", *SLOW) as screen:
        screen.expect("plan of planner; no model was asked")
        assert desk.panes()["core-logs"] == ["planner", "builder"]
        assert holds_soon(lambda: set(desk.panes()["spawned-agents"]) >= {"timeline", *SPECIALISTS})
        assert desk.tab_in_view() == "core-logs"
        assert holds_soon(lambda: "plan of implementer" in desk.text_of("implementer"))
        assert holds_soon(lambda: "builder: blueprint accepted" in desk.text_of("timeline"))


def test_control_s_leads_to_the_core_logs_and_ends_the_run_after_its_turn(desk: Desk) -> None:
    with desk.terminal("launch", "--in", desk.kind, "--prompt", "Ship it", *SLOW) as screen:
        screen.expect("plan of planner; no model was asked")
        desk.go_to_second_tab(screen)
        screen.type("\x13")
        assert holds_soon(lambda: desk.tab_in_view() == "core-logs")
        assert holds_soon(lambda: "turns in flight end, nothing new starts" in desk.text_of("interrupt"))
        assert "interrupt" in desk.panes()["core-logs"]
        assert holds_soon(lambda: "run interrupted" in desk.log("timeline"))
        assert "not started" in desk.log("interrupt")
        assert "plan done" in desk.log("planner")
        assert "builder: plan started" not in desk.log("timeline")
        desk.go_to_second_tab(screen)


def test_a_session_that_nobody_sees_gets_its_panes_too_and_stop_leaves_nothing(desk: Desk) -> None:
    opened = desk.launched("--backend", "rehearsal", "--rehearsal-delay", "0.3")
    assert holds_soon(lambda: set(desk.panes()["spawned-agents"]) >= {"timeline", *SPECIALISTS})
    assert holds_soon(lambda: "documenter is done" in desk.text_of("documenter"))
    stopped = desk.run("stop")
    assert f"the session {opened.name} is closed" in stopped.stderr
    assert not desk.lives()
    assert holds_soon(lambda: not desk.place.processes())
    assert "nothing runs in this folder" in desk.run("stop").stderr


def test_detaching_leaves_everything_going_and_attach_shows_it_again(desk: Desk) -> None:
    with desk.terminal("launch", "--in", desk.kind, "--prompt", "Ship it", *SLOW) as screen:
        screen.expect("plan of planner; no model was asked")
        desk.detach(screen)
        assert screen.ended() == 0
        screen.expect("goes on")
    assert desk.lives()
    run = going(desk)
    assert run is not None
    with desk.terminal("attach") as screen:
        screen.expect("planner")
        assert desk.tab_in_view() == "core-logs"
    assert run in desk.run("status").stdout


def test_losing_the_terminal_leaves_everything_going(desk: Desk) -> None:
    with desk.terminal("launch", "--in", desk.kind, "--prompt", "Ship it", *SLOW) as screen:
        screen.expect("plan of planner; no model was asked")
        os.killpg(screen.process.pid, signal.SIGHUP)
        screen.ended()
    assert holds_soon(lambda: "builder: plan started" in desk.log("timeline"))
    assert desk.lives()
    assert "interrupted" not in desk.log("timeline")


def test_control_q_ends_the_session_and_interrupts_the_run(zellij_desk: Desk) -> None:
    desk = zellij_desk
    with desk.terminal("launch", "--prompt", "Ship it", *SLOW) as screen:
        screen.expect("plan of planner; no model was asked")
        screen.type("\x11")
        screen.expect("to go on with it: agentlark resume")
        assert screen.ended() in (0, 3)
    assert not desk.lives()
    assert holds_soon(lambda: "run interrupted" in desk.log("timeline"))
    assert holds_soon(lambda: not desk.place.processes())


def test_control_q_is_noticed_by_the_run_too_however_somebody_attached(zellij_desk: Desk) -> None:
    desk = zellij_desk
    opened = desk.launched(*SLOW[:-1], "6")
    name = opened.name
    assert holds_soon(lambda: "planner: plan started" in desk.log("timeline"))
    desk.ask(lambda session: session.kill())
    assert name not in desk.run("status").stdout or "ended" in desk.run("status").stdout
    assert holds_soon(lambda: "was interrupted" in desk.log("timeline"))


def test_control_q_leaves_a_run_going_that_is_to_go_on(zellij_desk: Desk) -> None:
    desk = zellij_desk
    with desk.terminal("launch", "--keep-running", "--prompt", "Ship it", *SLOW) as screen:
        screen.expect("plan of planner; no model was asked")
        screen.type("\x11")
        screen.expect("goes on without a session")
        assert screen.ended() == 0
    assert holds_soon(lambda: "builder: done" in desk.log("timeline"))
    assert "interrupted" not in desk.log("timeline")


def test_inside_zellij_the_launch_takes_the_user_to_a_new_session(zellij_desk: Desk) -> None:
    desk = zellij_desk
    around = desk.place.around  # makes its folders
    # Without these zellij asks for a configuration, or shows tips, and they get the keys.
    config = Path(around.environ["ZELLIJ_CONFIG_DIR"], "config.kdl")
    config.write_text("show_startup_tips false\nshow_release_notes false\n")
    layout = Path(around.cwd, "mine.kdl")
    layout.write_text("layout {\n    pane\n}\n")

    async def launched_inside() -> str:
        outer = desk.zellij(f"--new-session-with-layout={layout}", "--session", "mine")
        async with in_terminal(outer) as terminal:
            await _drawn(terminal)
            mine = ZellijClient("mine", program=desk.program, around=around)
            await until(lambda: _is_attached(mine))
            words = f"cd {shlex.quote(str(desk.folder))} && {shlex.join([*COMMAND, 'launch', *SLOW])}"
            terminal.press(words.encode() + b"\r")
            opened = await asyncio.to_thread(desk.opened)
            ours = ZellijClient(opened.name, program=desk.program, around=desk.place.around)
            await until(lambda: _is_attached(ours))
            assert not await _is_attached(mine)
            tab = (await ours.tabs.current()).name
        await mine.sessions.delete("mine", force=True)
        return tab

    assert asyncio.run(launched_inside()) == "core-logs"


async def _drawn(terminal: Terminal) -> None:
    """Return when zellij shows something; a session that is asked about before that may end of it."""

    async def is_drawn() -> bool:
        return terminal.drawn != b""

    await until(is_drawn)


async def _is_attached(client: ZellijClient) -> bool:
    try:
        return bool(await client.sessions.clients())
    except SessionNotFound:
        return False


def test_the_layout_that_was_written_can_be_opened_by_hand(zellij_desk: Desk) -> None:
    desk = zellij_desk
    desk.launched("--backend", "rehearsal")
    desk.close()

    async def opened_by_hand() -> str:
        layout = f"--new-session-with-layout={desk.folder / 'zellij.kdl'}"
        async with in_terminal(desk.zellij(layout, "--session", "hand")) as terminal:
            await _drawn(terminal)
            hand = ZellijClient("hand", program=desk.program, around=desk.place.around)
            await until(lambda: _is_attached(hand))
            assert await hand.tabs.names() == ("core-logs", "spawned-agents")
            builder = next(pane for pane in await hand.panes.list() if pane.title == "builder")

            async def shows_all() -> bool:
                return "builder is done" in "\n".join(await hand.panes.read(builder.pane_id, scrollback=True))

            await until(shows_all)
        await hand.sessions.delete("hand", force=True)
        return "done"

    assert asyncio.run(opened_by_hand()) == "done"


def test_a_terminal_of_twenty_columns_will_do(desk: Desk) -> None:
    arguments = ("launch", "--in", desk.kind, "--prompt", "Ship it", *SLOW)
    with desk.terminal(*arguments, columns=20, rows=10) as screen:
        assert holds_soon(desk.is_attached)
        assert holds_soon(lambda: "plan of planner" in desk.text_of("planner").replace("\n", " "))
        desk.detach(screen)
        assert screen.ended() == 0
    assert holds_soon(lambda: {*chain(*desk.panes().values())} >= SPECIALISTS)


def test_a_session_can_have_any_name_that_its_multiplexer_takes(desk: Desk) -> None:
    name = 'it\'s "nightly" $HOME ünï 🙂'
    done = desk.run("launch", "--in", desk.kind, "--no-attach", "--prompt", "x", "--session", name, *SLOW)
    if desk.kind == "tmux":
        assert done.returncode == 2
        assert "tmux takes no" in done.stderr
        return
    assert done.returncode == 0, done.stderr
    assert desk.opened().name == name
    assert desk.lives()
    assert done.stdout == f"{name}\n"


def test_a_folder_can_have_any_name(desk: Desk) -> None:
    folder = desk.folder / '-it\'s "nightly"\n$HOME ~ #{x} ünï 🙂'
    shutil.copytree(desk.folder / "configs", folder / "configs")
    there = replace(desk, folder=folder)
    try:
        there.launched("--backend", "rehearsal")
        assert holds_soon(lambda: "planner is done" in there.text_of("planner"))
    finally:
        there.close()
    assert "run done" in there.log("timeline")
