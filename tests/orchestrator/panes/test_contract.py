"""What every multiplexer does the same, for real: zellij in both versions, and tmux."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.panes.errors import (
    DeadlineExceeded,
    InvalidInput,
    MultiplexerError,
    PaneNotFound,
    SessionExists,
    SessionNotFound,
    TabNotFound,
)
from orchestrator.panes.growth import add_log_pane
from orchestrator.panes.multiplexer import Multiplexer, Pane, PaneChanged, PaneClosed, Session
from orchestrator.panes.plans import Layout, PanePlan, TabPlan, arrange
from orchestrator.process import Child, Terminal, in_terminal
from tests.orchestrator.panes.conftest import PATIENCE_S, Make, Place, until

ECHO = PanePlan(name="echo", argv=("cat",))
RAW = (
    "import sys, termios, tty\n"
    "tty.setraw(0)\n"
    "print('ready\\r', flush=True)\n"
    "while data := sys.stdin.buffer.raw.read(4096): print(data.hex(), end='\\r\\n', flush=True)\n"
)
HEX = PanePlan(name="hex", argv=(sys.executable, "-u", "-c", RAW))


def tabs(*panes: PanePlan, more: tuple[TabPlan, ...] = ()) -> Layout:
    return Layout(tabs=(TabPlan(name="first", rows=(panes,)), *more))


@asynccontextmanager
async def session_of(multiplexer: Multiplexer, layout: Layout) -> AsyncIterator[Session]:
    session = await multiplexer.create("demo", layout)
    try:
        yield session
    finally:
        await session.kill()


async def by_title(session: Session) -> dict[str, Pane]:
    return {pane.title: pane for pane in await session.panes()}


async def shows(session: Session, pane: str, *wanted: str) -> None:
    async def all_there() -> bool:
        text = "\n".join(await session.read(pane))
        return all(each in text for each in wanted)

    await until(all_there)


async def heard(session: Session, pane: str) -> bytes:
    """The bytes that a pane running `HEX` was sent."""
    lines = await session.read(pane, scrollback=True)
    return bytes.fromhex("".join(line for line in lines if line != "ready"))


def test_a_session_has_the_tabs_and_panes_of_its_layout(multiplexer: Multiplexer) -> None:
    async def scenario() -> None:
        logs = [PanePlan(name=f"agent-{n}", argv=("sh", "-c", f"echo log {n}; exec cat")) for n in range(11)]
        timeline = PanePlan(name="timeline", argv=("sh", "-c", "echo timeline; exec cat"))
        async with session_of(multiplexer, Layout(tabs=arrange(logs, timeline))) as session:
            assert await multiplexer.sessions() == ("demo",)
            shown = [(tab.name, tab.position, tab.panes) for tab in await session.tabs()]
            assert shown == [("core-logs", 1, 4), ("spawned-agents", 2, 5), ("agent-logs-1", 3, 3)]
            names = {tab.id: tab.name for tab in await session.tabs()}
            where = {pane.title: names[pane.tab] for pane in await session.panes()}
            assert where == {
                **{f"agent-{n}": "core-logs" for n in range(4)},
                "timeline": "spawned-agents",
                **{f"agent-{n}": "spawned-agents" for n in range(4, 8)},
                **{f"agent-{n}": "agent-logs-1" for n in range(8, 11)},
            }
            for title, pane in (await by_title(session)).items():
                await shows(session, pane.id, title.replace("agent-", "log "))
        assert await multiplexer.sessions() == ()

    asyncio.run(scenario())


@pytest.mark.parametrize("later", [False, True])
def test_a_pane_gets_its_arguments_and_its_folder_as_they_are(
    multiplexer: Multiplexer, tmp_path: Path, later: bool
) -> None:
    odd = ["$HOME", "~", 'a "b" \\', "# ${x};", "-é 漢字", "x\ty", "a\nb", ";", "#{pane_id}", "", "\u202e"]
    folder = tmp_path / "it's $HOME; #{x} 漢"
    folder.mkdir()
    file = tmp_path / "$file;"
    program = "import json, os, sys; json.dump([os.getcwd(), *sys.argv[1:]], open(sys.argv[1], 'w'))"
    plan = PanePlan(name="x", argv=(sys.executable, "-c", program, str(file), *odd), cwd=folder)

    async def scenario() -> None:
        async with session_of(multiplexer, tabs(ECHO if later else plan)) as session:
            if later:
                await session.new_pane((await session.tabs())[0].id, plan)
            await until(lambda: asyncio.to_thread(has_json, file))

    asyncio.run(scenario())
    assert json.loads(file.read_text()) == [str(folder), str(file), *odd]


def has_json(file: Path) -> bool:
    return file.exists() and file.read_text().endswith("]")


def test_a_lone_program_with_spaces_in_its_path_is_not_split(
    multiplexer: Multiplexer, tmp_path: Path
) -> None:
    program = tmp_path / "my program;"
    program.write_text("#!/bin/sh\necho it runs\nexec cat\n")
    program.chmod(0o755)

    async def scenario() -> None:
        async with session_of(multiplexer, tabs(PanePlan(name="x", argv=(str(program),)))) as session:
            await shows(session, (await session.panes())[0].id, "it runs")

    asyncio.run(scenario())


def test_text_is_typed_and_pasted_as_it_is(multiplexer: Multiplexer) -> None:
    texts = [
        "-n hello",
        'say "hi" $HOME `id`',
        "Enter",
        "C-c;",
        ";",
        "é漢字🙂",
        "#{pane_id}",
        "two\nlines",
        "%1",
    ]

    async def scenario() -> None:
        async with session_of(multiplexer, tabs(HEX)) as session:
            pane = (await session.panes())[0].id
            await shows(session, pane, "ready")
            for text in texts:
                await session.type_text(pane, text)
            await session.paste(pane, "pasted;\n$x")
            wanted = "".join((*texts, "pasted;\n$x")).encode()

            async def arrived() -> bool:
                return len(await heard(session, pane)) >= len(wanted)

            await until(arrived)
            assert await heard(session, pane) == wanted

    asyncio.run(scenario())


def test_a_paste_is_bracketed_if_the_program_asked_for_that(multiplexer: Multiplexer) -> None:
    asking = HEX.model_copy(update={"argv": (*HEX.argv[:-1], f"print('\\x1b[?2004h', end='')\n{RAW}")})

    async def scenario() -> None:
        async with session_of(multiplexer, tabs(asking)) as session:
            pane = (await session.panes())[0].id
            await shows(session, pane, "ready")
            await session.paste(pane, "one\ntwo")

            async def arrived() -> bool:
                return (await heard(session, pane)).endswith(b"\x1b[201~")

            await until(arrived)
            assert await heard(session, pane) == b"\x1b[200~one\ntwo\x1b[201~"

    asyncio.run(scenario())


def test_a_long_text_arrives_whole(multiplexer: Multiplexer, tmp_path: Path) -> None:
    text = "".join(f"{n} é;\n" for n in range(20_000))
    size = len(text.encode())
    # Raw mode first: a terminal's line editor keeps 4096 bytes at most.
    ready = "import sys, termios, tty; tty.setraw(0); print('ready', flush=True)"
    program = f"{ready}; open('got', 'wb').write(sys.stdin.buffer.read({size}))"

    async def scenario() -> None:
        plan = PanePlan(name="x", argv=(sys.executable, "-c", program), cwd=tmp_path)
        async with session_of(multiplexer, tabs(plan)) as session:
            pane = (await session.panes())[0].id
            await shows(session, pane, "ready")
            await session.type_text(pane, text)
            assert await session.wait_for_exit(pane, PATIENCE_S) == 0

    asyncio.run(scenario())
    assert (tmp_path / "got").read_text() == text


def test_keys_are_pressed_by_name(multiplexer: Multiplexer) -> None:
    async def scenario() -> None:
        async with session_of(multiplexer, tabs(HEX)) as session:
            pane = (await session.panes())[0].id
            await shows(session, pane, "ready")
            await session.press(pane, "a", "Enter", "Ctrl s", "Esc", ";", "Tab", "é")

            async def arrived() -> bool:
                return len(await heard(session, pane)) >= 8

            await until(arrived)
            assert await heard(session, pane) == b"a\r\x13\x1b;\t\xc3\xa9"
            with pytest.raises(InvalidInput, match="did you mean Esc"):
                await session.press(pane, "b", "Escape")
            with pytest.raises(InvalidInput):
                await session.press(pane)
            assert await heard(session, pane) == b"a\r\x13\x1b;\t\xc3\xa9"

    asyncio.run(scenario())


def test_the_viewport_and_the_scrollback_are_read(multiplexer: Multiplexer) -> None:
    async def scenario() -> None:
        plan = PanePlan(name="x", argv=("sh", "-c", "seq 500; printf 'a  b   \\n\\n'; exec sleep 1000"))
        async with session_of(multiplexer, tabs(plan)) as session:
            pane = (await session.panes())[0].id
            await shows(session, pane, "500", "a  b")
            shown = await session.read(pane)
            assert shown[-2:] == ("500", "a  b")
            assert len(shown) < 60
            every = await session.read(pane, scrollback=True)
            assert every == (*map(str, range(1, 501)), "a  b")

    asyncio.run(scenario())


def test_a_blank_pane_reads_as_nothing(multiplexer: Multiplexer) -> None:
    async def scenario() -> None:
        async with session_of(multiplexer, tabs(PanePlan(name="x", argv=("sleep", "1000")))) as session:
            assert await session.read((await session.panes())[0].id) == ()

    asyncio.run(scenario())


def test_panes_and_tabs_are_made_renamed_focused_and_closed(multiplexer: Multiplexer) -> None:
    odd = '-n "é" #{x} \\ $HOME; 漢'

    async def scenario() -> None:
        async with session_of(multiplexer, tabs(ECHO)) as session:
            second = await session.new_tab(TabPlan(name="second;", rows=((ECHO,), (ECHO, ECHO))))
            assert (second.name, second.position, second.panes) == ("second;", 2, 3)
            first = (await session.tabs())[0]
            made = await session.new_pane(first.id, PanePlan(name=odd, argv=("cat",)))
            assert (made.tab, made.title, made.exit_status) == (first.id, odd, None)

            await session.rename_pane(made.id, f"{odd} again")
            await session.rename_tab(second.id, odd)
            assert f"{odd} again" in await by_title(session)
            assert [tab.name for tab in await session.tabs()] == ["first", odd]

            for pane in [each.id for each in await session.panes() if each.tab == first.id]:
                await session.focus(pane)
                focused = [
                    each.id for each in await session.panes() if each.is_focused and each.tab == first.id
                ]
                assert focused == [pane]

            await session.close_pane(made.id)
            assert len([pane for pane in await session.panes() if pane.tab == first.id]) == 1
            await session.close_tab(second.id)
            assert [tab.id for tab in await session.tabs()] == [first.id]

    asyncio.run(scenario())


def test_the_end_of_a_command_is_waited_for_and_its_pane_stays(multiplexer: Multiplexer) -> None:
    async def scenario() -> None:
        soon = PanePlan(name="soon", argv=("sh", "-c", "read line; echo bye; exit 7"))
        killed = PanePlan(name="killed", argv=("sh", "-c", "read line; kill -9 $$"))
        async with session_of(multiplexer, tabs(soon, killed, ECHO)) as session:
            panes = await by_title(session)
            assert panes["soon"].exit_status is None
            await session.press(panes["soon"].id, "Enter")
            assert await session.wait_for_exit(panes["soon"].id, PATIENCE_S) == 7
            assert "bye" in await session.read(panes["soon"].id, scrollback=True)
            assert (await by_title(session))["soon"].exit_status == 7
            await session.press(panes["killed"].id, "Enter")
            assert await session.wait_for_exit(panes["killed"].id, PATIENCE_S) in (128, 128 + 9)
            with pytest.raises(DeadlineExceeded):
                await session.wait_for_exit(panes["echo"].id, 0.3)

            async def close() -> None:
                await session.close_pane(panes["echo"].id)

            closing = asyncio.create_task(close())
            with pytest.raises(PaneNotFound):
                await session.wait_for_exit(panes["echo"].id, PATIENCE_S)
            await closing

    asyncio.run(scenario())


def test_many_panes_are_watched_at_once(multiplexer: Multiplexer) -> None:
    async def scenario() -> None:
        plans = [PanePlan(name=f"p{n}", argv=("cat",)) for n in range(4)]
        layout = tabs(*plans[:2], more=(TabPlan(name="second", rows=(tuple(plans[2:]),)),))
        async with session_of(multiplexer, layout) as session, asyncio.timeout(PATIENCE_S):
            ids = [pane.id for pane in (await by_title(session)).values()]
            initial, told = set(), dict.fromkeys(ids, "")
            async with aclosing(session.watch(ids)) as changes:
                async for change in changes:
                    assert isinstance(change, PaneChanged)
                    initial.add(change.pane)
                    if initial == set(ids):
                        break
                for pane in ids:
                    await session.type_text(pane, f"hello {pane}\n")
                async for change in changes:
                    assert isinstance(change, PaneChanged)
                    told[change.pane] = "\n".join(change.lines)
                    if all(f"hello {pane}\nhello {pane}" in told[pane] for pane in ids):
                        break
                for pane in ids[1:]:
                    await session.close_pane(pane)
                closed = set()
                async for change in changes:
                    if isinstance(change, PaneClosed):
                        closed.add(change.pane)
                    if closed == set(ids[1:]):
                        break

    asyncio.run(scenario())


def test_watching_ends_with_the_session(multiplexer: Multiplexer) -> None:
    async def scenario() -> None:
        session = await multiplexer.create("demo", tabs(ECHO))
        pane = (await session.panes())[0].id
        async with aclosing(session.watch([pane])) as changes, asyncio.timeout(PATIENCE_S):
            await anext(changes)
            await session.kill()
            try:
                rest = [change async for change in changes]
            except SessionNotFound:
                return
            assert rest == [PaneClosed(pane=pane)]

    asyncio.run(scenario())


def test_what_is_not_there_is_an_error(multiplexer: Multiplexer) -> None:
    async def scenario() -> None:
        with pytest.raises(SessionNotFound):
            await multiplexer.session("demo")
        async with session_of(multiplexer, tabs(ECHO)) as session:
            with pytest.raises(SessionExists):
                await multiplexer.create("demo", tabs(ECHO))
            for pane in ("terminal_99", "%99", "99", "x", "-x", ""):
                for call in (
                    session.read(pane),
                    session.type_text(pane, "x"),
                    session.paste(pane, "x"),
                    session.press(pane, "Enter"),
                    session.rename_pane(pane, "x"),
                    session.focus(pane),
                    session.close_pane(pane),
                    session.wait_for_exit(pane, 5),
                    anext(session.watch([pane])),
                ):
                    with pytest.raises(PaneNotFound):
                        await call
            for tab in ("99", "@99", "x"):
                with pytest.raises(TabNotFound):
                    await session.rename_tab(tab, "x")
                with pytest.raises(TabNotFound):
                    await session.close_tab(tab)
                with pytest.raises(TabNotFound):
                    await session.new_pane(tab, ECHO)
            assert len(await session.panes()) == 1
        with pytest.raises(SessionNotFound):
            await session.panes()
        with pytest.raises(SessionNotFound):
            await session.kill()

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "name", ["", " ", ".", "..", "a/b", "-x", "a\nb", "\x1b[31m", "é" * 300, "a\0b", "\ud800"]
)
def test_a_name_that_no_session_can_have_is_refused(multiplexer: Multiplexer, name: str) -> None:
    with pytest.raises(InvalidInput):
        asyncio.run(multiplexer.create(name, tabs(ECHO)))


def test_a_session_may_have_an_odd_name(multiplexer: Multiplexer) -> None:
    name = "é \"q\" 's' @HOME ; %1 漢"

    async def scenario() -> None:
        session = await multiplexer.create(name, tabs(ECHO))
        assert await multiplexer.sessions() == (name,)
        other = await multiplexer.create("other", tabs(ECHO))
        pane = (await session.panes())[0].id
        await session.type_text(pane, "only here\n")
        await shows(session, pane, "only here")
        assert "only here" not in "\n".join(await other.read((await other.panes())[0].id))
        await session.kill()
        assert await multiplexer.sessions() == ("other",)
        await other.kill()

    asyncio.run(scenario())


def test_a_session_that_cannot_be_made_leaves_nothing(make: Make, place: Place) -> None:
    multiplexer = make(replace(place.around, deadline_s=20))
    crowded = TabPlan(name="crowded", rows=tuple((ECHO,) * 2 for _ in range(60)))

    async def scenario() -> None:
        with pytest.raises(MultiplexerError):
            await multiplexer.create("demo", Layout(tabs=(crowded,)))
        assert await multiplexer.sessions() == ()

    asyncio.run(scenario())


def test_later_logs_find_a_pane_also_when_nobody_is_attached(multiplexer: Multiplexer) -> None:
    async def scenario() -> None:
        layout = Layout(
            tabs=arrange([PanePlan(name="core", argv=("cat",))], PanePlan(name="timeline", argv=("cat",)))
        )
        async with session_of(multiplexer, layout) as session:
            for n in range(10):
                plan = PanePlan(name=f"late-{n}", argv=("sh", "-c", f"echo first line {n}; exec cat"))
                made = await add_log_pane(session, plan)
                assert made.title == f"late-{n}"
                await shows(session, made.id, f"first line {n}")
            shown = [(tab.name, tab.panes) for tab in await session.tabs()]
            assert shown == [
                ("core-logs", 1),
                ("spawned-agents", 5),
                ("agent-logs-1", 4),
                ("agent-logs-2", 2),
            ]
            last = (await by_title(session))["late-9"]
            stacked = await session.new_pane(last.tab, ECHO, stacked=True)
            assert stacked.tab == last.tab
            for pane in (last.id, stacked.id):
                await session.type_text(pane, "it works\n")
                await shows(session, pane, "it works")

    asyncio.run(scenario())


@pytest.mark.parametrize("by_layout", [False, True])
def test_panes_start_where_they_are_told(multiplexer: Multiplexer, tmp_path: Path, by_layout: bool) -> None:
    layout = tabs(PanePlan(name="x", argv=("sh", "-c", "echo in $(pwd -P); exec cat")))
    layout = layout.model_copy(update={"cwd": tmp_path if by_layout else None, "bars": False})

    async def scenario() -> None:
        assert re.match(r"\d+\.\d", await multiplexer.version())
        session = await multiplexer.create("demo", layout, cwd=None if by_layout else tmp_path)
        await until(lambda: has_scrolled(session, f"in {tmp_path}"))
        await session.kill()

    asyncio.run(scenario())


async def has_scrolled(session: Session, text: str) -> bool:
    """Whether the first pane shows a text, wherever its lines were broken."""
    return text in "".join(await session.read((await session.panes())[0].id))


def test_a_user_attaches_and_ctrl_s_goes_to_the_first_tab_and_runs_the_command(
    multiplexer: Multiplexer, place: Place, tmp_path: Path
) -> None:
    done = tmp_path / "it's $done"
    layout = Layout(
        tabs=(TabPlan(name="core-logs", rows=((HEX, ECHO),)), TabPlan(name="second", rows=((ECHO,),))),
        focus=2,
        interrupt=("sh", "-c", 'echo interrupted > "$0"', str(done)),
    )

    async def scenario() -> None:
        async with session_of(multiplexer, layout) as session:
            panes = await session.panes()
            hex_pane, second = panes[0].id, panes[-1].id
            await shows(session, hex_pane, "ready")
            async with in_terminal(attaching(multiplexer, place)) as terminal:
                await until(lambda: lands(terminal, session, second, b"x", "x"))
                terminal.press(b"\x13")
                await shows(session, hex_pane, "13")
                await until(lambda: asyncio.to_thread(holds, done, "interrupted\n"))
                await until(lambda: lands(terminal, session, hex_pane, b"y", "79"))
                await session.focus(second)
                await until(lambda: lands(terminal, session, second, b"z", "z"))
            assert len(await session.panes()) == 3

    asyncio.run(scenario())


def attaching(multiplexer: Multiplexer, place: Place) -> Child:
    """A user who attaches to the session."""
    environ = place.around.environ
    return Child(multiplexer.attach_command("demo"), place.folder, PATIENCE_S, environ, environ)


async def lands(terminal: Terminal, session: Session, pane: str, key: bytes, shown: str) -> bool:
    """Press a key, and tell whether a pane shows it by now."""
    terminal.press(key)
    return shown in "".join(await session.read(pane))


def holds(file: Path, text: str) -> bool:
    return file.exists() and file.read_text() == text


def test_a_server_that_dies_during_a_call_is_told_as_such(multiplexer: Multiplexer, place: Place) -> None:
    async def scenario() -> None:
        session = await multiplexer.create("demo", tabs(ECHO))
        pane = (await session.panes())[0].id
        waiting = asyncio.create_task(session.wait_for_exit(pane, PATIENCE_S))
        await asyncio.sleep(0)
        await asyncio.to_thread(place.signal_servers, signal.SIGKILL)
        with pytest.raises(SessionNotFound):
            await waiting
        for call in (session.panes(), session.type_text(pane, "x"), session.new_pane("0", ECHO)):
            with pytest.raises(SessionNotFound):
                await call
        assert await multiplexer.sessions() == ()

    asyncio.run(scenario())


def test_a_server_that_does_not_answer_is_not_waited_for_beyond_the_deadline(
    make: Make, multiplexer: Multiplexer, place: Place
) -> None:
    async def scenario() -> None:
        async with session_of(multiplexer, tabs(ECHO)) as patient:
            pane = (await patient.panes())[0].id
            session = await make(replace(place.around, deadline_s=3)).session("demo")
            await asyncio.to_thread(place.signal_servers, signal.SIGSTOP)
            try:
                async with asyncio.timeout(PATIENCE_S):
                    with pytest.raises(DeadlineExceeded):
                        await session.read(pane)
            finally:
                await asyncio.to_thread(place.signal_servers, signal.SIGCONT)
            assert await patient.read(pane) == ()

    asyncio.run(scenario())
