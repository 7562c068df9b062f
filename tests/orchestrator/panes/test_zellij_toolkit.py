"""The zellij toolkit, for real, on both versions: what it makes is there, what it cannot do is an error."""

from __future__ import annotations

import asyncio
import inspect
import re
import signal
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.panes.errors import (
    DeadlineExceeded,
    ExitUnknown,
    InvalidInput,
    LayoutIncomplete,
    LayoutRejected,
    NobodyAttached,
    PaneNotFound,
    SessionExists,
    SessionNotBound,
    SessionNotFound,
    TabNotFound,
)
from orchestrator.panes.zellij import Floating, PaneOptions, PluginOptions, ZellijClient
from orchestrator.process import Terminal, in_terminal
from tests.orchestrator.panes.conftest import PATIENCE_S, Place, until

Step = Callable[[], Awaitable[None]]
ONE = 'layout {\n    pane command="cat" name="one"\n}\n'


def test_the_four_calls_that_everybody_starts_with(zellij: ZellijClient, place: Place) -> None:
    htop = place.program("htop", "echo all is well; exec cat")
    client = with_variables(zellij, PATH=f"{htop.parent}:{place.around.environ['PATH']}")

    async def scenario() -> None:
        await client.sessions.create("demo")
        pane = await client.panes.create(direction="right", command="htop")
        reply = await client.pipes.pipe("hello from codex", name="broadcast")
        plugin = await client.plugins.launch(url="zellij:plugin:tab-bar")

        assert pane.pane_x > 0
        await until(lambda: shows(client, pane.pane_id, "all is well"))
        assert reply.output == ""
        assert (plugin.is_plugin, plugin.plugin_url) == (True, "zellij:tab-bar")
        assert plugin.pane_id in {each.pane_id for each in await client.plugins.list()}
        assert await client.version() == zellij_version(zellij)
        assert await client.plugins.info(plugin.pane_id) is not None

    asyncio.run(scenario())


def test_a_session_that_was_killed_at_birth_is_started_again(zellij: ZellijClient, place: Place) -> None:
    killed = place.folder / "killed"
    program = place.program(
        "zellij",
        f"""case "$*" in *--create-background*) if [ ! -e {killed} ]; then touch {killed}; exit 0; fi ;; esac
exec {zellij.program.path} "$@\"""",
    )
    around = replace(zellij.program.around, deadline_s=15.0)
    client = ZellijClient(program=str(program), around=around)
    created = asyncio.run(client.sessions.create("demo"))
    assert created.is_live
    assert killed.exists()


def test_a_call_is_for_the_session_it_names_or_the_bound_one(zellij: ZellijClient) -> None:
    async def scenario() -> None:
        with pytest.raises(SessionNotBound):
            await zellij.panes.list()
        await zellij.sessions.create("first", layout=ONE)
        await zellij.sessions.create("second", layout=ONE)
        await zellij.panes.rename("0", "bound to the second")
        await until(lambda: titles_are(zellij, {"bound to the second"}))
        assert (await zellij.panes.info("0", session="first")).title == "one"
        other = ZellijClient("first", program=zellij.program.path, around=zellij.program.around)
        assert (await other.panes.info("terminal_0")).title == "one"
        with pytest.raises(SessionNotFound):
            await zellij.panes.list(session="third")
        await zellij.sessions.kill("second")
        with pytest.raises(SessionNotFound):
            await zellij.panes.list()
        assert await zellij.sessions.kill_all() == ("first",)

    asyncio.run(scenario())


def test_sessions_are_renamed_cloned_killed_and_forgotten(zellij: ZellijClient, tmp_path: Path) -> None:
    async def scenario() -> None:
        await zellij.sessions.create("a", layout=ONE, cwd=tmp_path)
        with pytest.raises(SessionExists):
            await zellij.sessions.create("a")
        assert (await zellij.panes.info("0")).pane_cwd == str(tmp_path)
        await zellij.sessions.rename("b")
        assert (await zellij.sessions.info("b")).is_live
        assert not await zellij.sessions.exists("a")
        if zellij_version(zellij) == "0.44.3":
            with pytest.raises(LayoutIncomplete, match="cat"):
                await zellij.sessions.clone("c")
            await zellij.panes.create("cat", options=PaneOptions(tab_id=0))
        await zellij.layouts.save(tmp_path / "saved.kdl")
        await zellij.layouts.validate(tmp_path / "saved.kdl")
        await zellij.sessions.clone("c")
        assert {pane.terminal_command for pane in await zellij.panes.list()} == {"cat"}
        with pytest.raises(SessionExists):
            await zellij.sessions.rename("b")
        with pytest.raises(SessionExists):
            await zellij.sessions.delete("b")
        await zellij.sessions.save()
        await zellij.sessions.kill("c")
        await zellij.sessions.delete("b", force=True)
        await zellij.sessions.delete_all()
        assert await zellij.sessions.list() == ()
        for call in (zellij.sessions.kill, zellij.sessions.info, zellij.sessions.delete):
            with pytest.raises(SessionNotFound):
                await call("b")

    asyncio.run(scenario())


def test_a_layout_that_zellij_cannot_read_makes_no_session(zellij: ZellijClient, tmp_path: Path) -> None:
    async def scenario() -> None:
        with pytest.raises(LayoutRejected, match=r"Zellij configuration|Failed to"):
            await zellij.sessions.create("a", layout='layout { pane command="$UNDEFINED_HERE"; }')
        with pytest.raises(InvalidInput, match="is no file"):
            await zellij.sessions.create("a", layout=tmp_path / "missing.kdl")
        with pytest.raises(InvalidInput, match="is no folder"):
            await zellij.sessions.create("a", cwd=tmp_path / "missing")
        assert await zellij.sessions.list() == ()

    asyncio.run(scenario())


def test_tabs_are_made_named_moved_and_closed_when_nobody_is_attached(zellij: ZellijClient) -> None:
    async def scenario() -> None:
        await zellij.sessions.create("demo", layout=ONE)
        plain = await zellij.tabs.create("cat", name='2 "é" $x')
        by_layout = await zellij.tabs.create(layout='layout {\n pane command="cat"\n pane command="cat"\n}')
        assert (plain.name, plain.position, by_layout.position) == ('2 "é" $x', 1, 2)
        assert len(await zellij.tabs.panes(by_layout.tab_id)) == 2
        (pane,) = await zellij.tabs.panes(plain.tab_id)
        await zellij.panes.type_text(pane.pane_id, "it works\n")
        await until(lambda: shows(zellij, pane.pane_id, "it works"))
        await zellij.tabs.rename(by_layout.tab_id, "-third")
        await zellij.tabs.move(by_layout.tab_id, "left")
        await until(lambda: names_are(zellij, ("Tab #1", "-third", '2 "é" $x')))
        await zellij.tabs.toggle_sync(plain.tab_id)
        await zellij.tabs.close(plain.tab_id)
        assert len(await zellij.tabs.list()) == 2
        assert await zellij.sessions.clients() == ()
        for call in (zellij.tabs.close, zellij.tabs.info, zellij.tabs.undo_rename, zellij.tabs.toggle_sync):
            with pytest.raises(TabNotFound):
                await call(plain.tab_id)

    asyncio.run(scenario())


def test_what_concerns_who_is_looking_needs_somebody(zellij: ZellijClient) -> None:
    async def scenario() -> None:
        await zellij.sessions.create("demo", layout=ONE)
        for call in (
            zellij.tabs.next(),
            zellij.tabs.go_to(1),
            zellij.tabs.current(),
            zellij.panes.focus_next(),
            zellij.panes.move_focus("left"),
            zellij.panes.toggle_frames(),
            zellij.sessions.switch_mode("locked"),
        ):
            with pytest.raises(NobodyAttached):
                await call
        second = await zellij.tabs.create("cat", name="second")
        async with in_terminal(zellij.program.child(zellij.sessions.attach_command("demo")[1:])):
            await until(lambda: attended(zellij))
            steps: list[tuple[Step, str]] = [
                (lambda: zellij.tabs.go_to_name("second"), "second"),
                (lambda: zellij.tabs.previous(), "Tab #1"),
                (lambda: zellij.tabs.next(), "second"),
                (lambda: zellij.tabs.go_to(1), "Tab #1"),
                (lambda: zellij.tabs.go_to_id(second.tab_id), "second"),
            ]
            for going, name in steps:
                await going()
                await until(lambda name=name: current_is(zellij, name))  # type: ignore[misc]  # a default
            for lost in (zellij.tabs.go_to(3), zellij.tabs.go_to_id(99), zellij.tabs.go_to_name("third")):
                with pytest.raises(TabNotFound):
                    await lost
        assert await zellij.sessions.exists("demo")

    asyncio.run(scenario())


def test_the_focus_of_somebody_who_looks_is_moved(zellij: ZellijClient) -> None:
    sizes = ["sh", "-c", "while read x; do stty size; done"]

    async def scenario() -> None:
        await zellij.sessions.create("demo", layout=ONE)
        right = await zellij.panes.create(sizes, direction="right")
        async with in_terminal(zellij.program.child(["attach", "demo"])) as terminal:
            await until(lambda: focus_is(zellij, right.pane_id))
            steps: list[tuple[Step, str]] = [
                (lambda: zellij.panes.focus_next(), "terminal_0"),
                (lambda: zellij.panes.focus_previous(), right.pane_id),
                (lambda: zellij.panes.move_focus("left"), "terminal_0"),
                (lambda: zellij.panes.move_focus("right", or_tab=True), right.pane_id),
            ]
            for moving, pane in steps:
                await moving()
                await until(lambda pane=pane: focus_is(zellij, pane))  # type: ignore[misc]  # a default
            await until(lambda: echoes(zellij, terminal, b"k", right.pane_id, "k"))
            await zellij.panes.focus("0")
            await until(lambda: focus_is(zellij, "terminal_0"))
            await zellij.panes.send_keys(right.pane_id, "Enter")
            await until(lambda: shows(zellij, right.pane_id, " "))
            size = (await zellij.panes.read(right.pane_id))[-1]
            await zellij.panes.toggle_frames()
            await until(lambda: tells_another(zellij, right.pane_id, size))

    asyncio.run(scenario())


def test_somebody_who_has_pressed_a_key_is_taken_to_another_session(zellij: ZellijClient) -> None:
    async def scenario() -> None:
        await zellij.sessions.create("other", layout=ONE)
        await zellij.sessions.create("demo", layout=ONE)
        async with in_terminal(zellij.program.child(["attach", "demo"])) as terminal:
            await until(lambda: attended(zellij))
            with pytest.raises(NobodyAttached, match="nobody has come"):
                await zellij.sessions.switch("other")
            await until(lambda: echoes(zellij, terminal, b"k", "0", "k"))
            await zellij.sessions.switch_mode("locked")
            await until(lambda: echoes(zellij, terminal, b"\x14", "0", "^T"))  # else it is zellij's own key
            await zellij.sessions.switch("other")
            assert not await attended(zellij)
        with pytest.raises(SessionNotFound):
            await zellij.sessions.switch("third")

    asyncio.run(scenario())


def test_panes_are_arranged(zellij: ZellijClient) -> None:
    async def scenario() -> None:
        await zellij.sessions.create("demo", layout=ONE)
        right = await zellij.panes.create("cat", direction="right", name="right")
        await zellij.panes.move("0", "right")
        assert (await zellij.panes.info("0")).pane_x > 0
        await zellij.panes.move_backwards("0")
        assert (await zellij.panes.info("0")).pane_x == 0
        stacked = await zellij.panes.create("cat", options=PaneOptions(stacked=True, tab_id=0))
        place = Floating(x="10%", y="2", width="20", height="10", pinned=True)
        floating = await zellij.panes.create("cat", options=PaneOptions(floating=place))
        assert (floating.is_floating, floating.pane_columns, floating.pane_rows) == (True, 20, 10)
        await zellij.panes.place(floating.pane_id, Floating(width="30"))
        assert (await zellij.panes.info(floating.pane_id)).pane_columns == 30
        with pytest.raises(InvalidInput, match="does not float"):
            await zellij.panes.place(right.pane_id, place)
        await zellij.panes.show_floating(0, False)
        await zellij.panes.show_floating(0, False)
        assert not (await zellij.tabs.info(0)).are_floating_panes_visible
        before = (await zellij.panes.info("0")).pane_columns
        await zellij.panes.resize("0", "increase", "right")
        assert (await zellij.panes.info("0")).pane_columns != before
        await zellij.panes.toggle_fullscreen("0")
        await until(lambda: is_fullscreen(zellij, "0"))
        await zellij.panes.toggle_fullscreen("0")
        assert not (await zellij.tabs.info(0)).is_fullscreen_active
        await zellij.panes.stack([right.pane_id, stacked.pane_id])
        await zellij.panes.scroll("0", "top")
        await zellij.panes.clear("0")
        await zellij.panes.set_borderless("0", True)
        await zellij.panes.set_colors("0", background="#003000")
        dumped = await zellij.layouts.dump()
        assert "borderless=true" in dumped
        assert 'default_bg="#003000"' in dumped
        await zellij.panes.set_colors("0")
        await zellij.panes.set_borderless("0", False)
        assert "#003000" not in await zellij.layouts.dump()
        await zellij.panes.toggle_pinned(floating.pane_id)
        await zellij.panes.toggle_floating(floating.pane_id)
        assert not (await zellij.panes.info(floating.pane_id)).is_floating
        await zellij.panes.close(floating.pane_id)
        await until(lambda: has_panes(zellij, 3))
        await zellij.panes.rename("0", "other")
        assert (await zellij.panes.info("0")).title == "other"
        await zellij.panes.undo_rename("0")
        assert (await zellij.panes.info("0")).title != "other"
        for call in (
            zellij.panes.clear,
            zellij.panes.toggle_pinned,
            zellij.panes.undo_rename,
            zellij.panes.move,
        ):
            with pytest.raises(PaneNotFound):
                await call("terminal_99")

    asyncio.run(scenario())


def test_a_command_runs_to_its_end_in_a_pane(zellij: ZellijClient, tmp_path: Path) -> None:
    async def scenario() -> None:
        await zellij.sessions.create("demo", layout=ONE)
        touch = ["sh", "-c", "pwd > here; exit 7"]
        assert await zellij.panes.run(touch, deadline_s=PATIENCE_S, options=PaneOptions(cwd=tmp_path)) == 7
        assert await zellij.panes.run("true", deadline_s=PATIENCE_S, options=PaneOptions(tab_id=0)) == 0
        killed = ["sh", "-c", "kill -9 $$"]
        assert await zellij.panes.run(killed, deadline_s=PATIENCE_S, options=PaneOptions(tab_id=0)) == 128 + 9
        with pytest.raises(DeadlineExceeded):
            await zellij.panes.run(["sleep", "1000"], deadline_s=1)
        suspended = await zellij.panes.create("true", options=PaneOptions(start_suspended=True, tab_id=0))
        await zellij.panes.send_keys(suspended.pane_id, "Enter")
        assert await zellij.panes.wait_for_exit(suspended.pane_id, PATIENCE_S) == 0

    asyncio.run(scenario())
    assert (tmp_path / "here").read_text() == f"{tmp_path}\n"


def test_a_command_of_the_start_layout_that_ends_at_once_is_not_waited_for_in_vain(
    zellij: ZellijClient,
) -> None:
    layout = 'layout {\n pane command="sh" {\n args "-c" "exit 7"\n }\n pane command="cat"\n}\n'

    async def scenario() -> int | None:
        await zellij.sessions.create("demo", layout=layout)
        try:
            return await zellij.panes.wait_for_exit("0", PATIENCE_S)
        except ExitUnknown:
            return None

    assert asyncio.run(scenario()) in (7, None)


def test_text_is_submitted_saved_and_read_in_colour(zellij: ZellijClient, tmp_path: Path) -> None:
    async def scenario() -> None:
        await zellij.sessions.create("demo", layout=ONE)
        await zellij.panes.submit("0", "-n submitted")
        await until(lambda: shows(zellij, "0", "-n submitted\n-n submitted"))
        red = await zellij.panes.create(
            ["sh", "-c", "printf '\\033[31mred'; exec cat"], options=PaneOptions(tab_id=0)
        )
        await until(lambda: shows(zellij, red.pane_id, "red"))
        assert "\x1b[31m" in "".join(await zellij.panes.read(red.pane_id, ansi=True))
        await zellij.panes.write("0", b"by bytes\n")
        await until(lambda: shows(zellij, "0", "by bytes\nby bytes"))
        await zellij.panes.save("0", tmp_path / "saved.txt")
        with pytest.raises(InvalidInput, match="at once"):
            await zellij.panes.paste("0", "x" * 200_000)
        with pytest.raises(InvalidInput, match="NUL"):
            await zellij.panes.type_text("0", "a\0b")

    asyncio.run(scenario())
    assert "by bytes\nby bytes\n" in (tmp_path / "saved.txt").read_text()


def test_files_and_scrollbacks_are_opened_in_the_users_editor(zellij: ZellijClient, place: Place) -> None:
    # It waits for Enter: what a program says at once in a pane that replaces another, 0.44.3 may lose.
    editor = place.program("editor", 'read go; echo "opened $*"; head -c 20 "$1"; exec cat')
    client = with_variables(zellij, EDITOR=str(editor))

    async def scenario() -> None:
        await client.sessions.create("demo", layout=ONE)
        (place.folder / "note.txt").write_text("noted\n")
        file = place.folder / "note.txt"
        pane = await client.panes.edit(file, options=PaneOptions(tab_id=0))
        await client.panes.send_keys(pane.pane_id, "Enter")
        await until(lambda: shows(client, pane.pane_id, "note.txt"))
        await until(lambda: shows(client, pane.pane_id, "noted"))
        await client.panes.submit("0", "remember me")
        await until(lambda: shows(client, "0", "remember me\nremember me"))
        await client.panes.edit_scrollback("0")
        await until(lambda: has_panes(client, 3))
        (scrollback,) = {each.pane_id for each in await client.panes.list()} - {"terminal_0", pane.pane_id}
        await client.panes.send_keys(scrollback, "Enter")
        await until(lambda: shows(client, scrollback, "remember me"))

    asyncio.run(scenario())


def test_a_tab_changes_between_zellijs_arrangements_and_gets_its_name_back(zellij: ZellijClient) -> None:
    async def scenario() -> None:
        await zellij.sessions.create("demo")
        await zellij.panes.create("cat", options=PaneOptions(tab_id=0))
        await zellij.tabs.swap_layout(0)
        first = (await zellij.tabs.info(0)).active_swap_layout_name
        await zellij.tabs.swap_layout(0)
        assert (await zellij.tabs.info(0)).active_swap_layout_name != first
        await zellij.tabs.swap_layout(0, "previous")
        assert (await zellij.tabs.info(0)).active_swap_layout_name == first
        (before,) = await zellij.tabs.names()
        await zellij.tabs.rename(0, "other")
        await zellij.tabs.undo_rename(0)
        assert await zellij.tabs.names() == (before,)

    asyncio.run(scenario())


def test_a_new_tab_runs_the_command_also_where_the_layout_fills_new_tabs(zellij: ZellijClient) -> None:
    command = ["sh", "-c", "echo first line; exec cat"]

    async def scenario() -> None:
        await zellij.sessions.create("demo", layout=ONE)
        filled = await zellij.tabs.create(command, name="filled")
        await zellij.sessions.create("bare")
        bare = await zellij.tabs.create(command, name="bare")
        for tab, session, titles in ((filled, "demo", 2), (bare, "bare", 1)):
            panes = await zellij.tabs.panes(tab.tab_id, session=session)
            assert len(panes) == titles
            (ours,) = [pane for pane in panes if pane.terminal_command == " ".join(command)]
            client = ZellijClient(session, program=zellij.program.path, around=zellij.program.around)
            await until(lambda c=client, p=ours: shows(c, p.pane_id, "first line"))  # type: ignore[misc]

    asyncio.run(scenario())


def test_layouts_are_found_loaded_and_applied(zellij: ZellijClient, place: Place) -> None:
    folder = place.folder / "conf" / "layouts"
    folder.mkdir(parents=True)
    (folder / "mine.kdl").write_text(ONE)

    async def scenario() -> None:
        assert {"default", "compact", "mine"} <= set(await zellij.layouts.list())
        assert await zellij.layouts.folder() == folder
        assert await zellij.layouts.load("mine") == ONE
        assert "layout" in await zellij.layouts.load("compact")
        with pytest.raises(InvalidInput, match="no layout 'nosuch'"):
            await zellij.layouts.load("nosuch")
        await zellij.sessions.create("demo", layout=ONE)
        two = 'layout {\n pane command="cat" name="x"\n pane command="cat" name="y"\n}\n'
        await zellij.layouts.apply(two)
        await until(lambda: has_panes(zellij, 2))
        with pytest.raises(LayoutRejected):
            await zellij.layouts.apply("layout { nonsense; }")
        assert 'command="cat"' in await zellij.layouts.dump()

    asyncio.run(scenario())


def test_plugins_are_launched_told_and_known_by_short_names(zellij: ZellijClient, place: Place) -> None:
    async def scenario() -> None:
        await zellij.sessions.create("demo", layout=ONE)
        strider = await zellij.plugins.launch_or_focus("strider", options=PluginOptions(floating=True))
        assert (strider.is_floating, strider.plugin_url) == (True, "zellij:strider")
        assert (await zellij.plugins.launch_or_focus("strider")).pane_id == strider.pane_id
        await zellij.plugins.start_or_reload("zellij:strider")
        assert "tab-bar" in {alias.name for alias in await zellij.plugins.aliases()}
        with pytest.raises(PaneNotFound, match="is no plugin"):
            await zellij.plugins.info("0")
        with pytest.raises(InvalidInput, match="no plugin's URL"):
            await zellij.plugins.launch("nonsense://x")
        with pytest.raises(InvalidInput, match="needs a name or a plugin"):
            await zellij.pipes.pipe("x")
        assert (await zellij.pipes.broadcast("x", "nobody-listens")).output == ""
        (place.folder / "lines").write_text("one\ntwo\n")
        assert (await zellij.pipes.from_file(place.folder / "lines", name="nobody-listens")).output == ""
        assert (await zellij.pipes.to_plugin("tab-bar", "x")).output == ""
        assert "zellij:tab-bar" in {plugin.plugin_url for plugin in await zellij.plugins.list()}

    asyncio.run(scenario())


def test_a_message_that_a_plugin_keeps_is_given_up_at_the_deadline(zellij: ZellijClient) -> None:
    async def scenario() -> None:
        await zellij.sessions.create("demo", layout=ONE)
        with pytest.raises(DeadlineExceeded):
            await zellij.pipes.pipe("x", plugin="strider", deadline_s=1.5)
        assert await zellij.sessions.exists("demo")

    asyncio.run(scenario())


def test_a_server_that_dies_during_a_call_is_told_as_such(zellij: ZellijClient, place: Place) -> None:
    async def scenario() -> None:
        await zellij.sessions.create("demo", layout=ONE)
        running = asyncio.create_task(
            zellij.panes.run(["sleep", "1000"], deadline_s=8, options=PaneOptions(tab_id=0))
        )
        await until(lambda: has_panes(zellij, 2))
        await asyncio.to_thread(place.signal_servers, signal.SIGKILL)
        with pytest.raises(SessionNotFound):
            await running
        with pytest.raises(SessionNotFound):
            await zellij.panes.list()

    asyncio.run(scenario())


def test_every_method_of_the_toolkit_is_tried_here() -> None:
    client = ZellijClient("demo", program="zellij")
    tried = set(
        re.findall(r"(?:zellij|client|other)\.(\w+\.\w+)", Path(__file__).read_text(encoding="utf-8"))
    )
    watched = {"panes.watch"}  # in test_zellij_layout.py
    for room in ("sessions", "tabs", "panes", "pipes", "plugins", "layouts"):
        methods = inspect.getmembers(getattr(client, room), inspect.isroutine)
        offered = {f"{room}.{name}" for name, _ in methods if not name.startswith("_")}
        assert offered - tried - watched == set()


async def shows(client: ZellijClient, pane: str, text: str) -> bool:
    return text in "\n".join(await client.panes.read(pane))


async def attended(client: ZellijClient) -> bool:
    return bool(await client.sessions.clients())


async def has_panes(client: ZellijClient, count: int) -> bool:
    return len(await client.panes.list()) == count


async def titles_are(client: ZellijClient, titles: set[str]) -> bool:
    return {pane.title for pane in await client.panes.list()} == titles


async def current_is(client: ZellijClient, name: str) -> bool:
    return (await client.tabs.current()).name == name


async def is_fullscreen(client: ZellijClient, pane: str) -> bool:
    return (await client.panes.info(pane)).is_fullscreen


async def focus_is(client: ZellijClient, pane: str) -> bool:
    return [each.pane_id for each in await client.sessions.clients()] == [pane]


async def tells_another(client: ZellijClient, pane: str, size: str) -> bool:
    """Let a pane that tells its size do so, and see whether it has told another one by now."""
    await client.panes.send_keys(pane, "Enter")
    return any(" " in line and line != size for line in await client.panes.read(pane))


async def echoes(client: ZellijClient, terminal: Terminal, key: bytes, pane: str, text: str) -> bool:
    """Press a key, and see whether a pane shows it by now."""
    terminal.press(key)
    return await shows(client, pane, text)


def with_variables(client: ZellijClient, **variables: str) -> ZellijClient:
    """The same zellij, with more variables in its environment."""
    around = client.program.around
    given = replace(around, environ={**around.environ, **variables})
    return ZellijClient(program=client.program.path, around=given)


def zellij_version(client: ZellijClient) -> str:
    return Path(client.program.path).parents[1].name


async def names_are(client: ZellijClient, names: tuple[str, ...]) -> bool:
    return await client.tabs.names() == names
