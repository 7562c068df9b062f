"""Zellij itself reads the layouts we render, and Ctrl+S does what it should in them."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from pathlib import Path
from random import Random

import pytest

from orchestrator.panes.errors import LayoutRejected
from orchestrator.panes.kdl import render_layout
from orchestrator.panes.plans import Layout, PanePlan, TabPlan, arrange
from orchestrator.panes.zellij import PaneUpdate, ZellijClient
from orchestrator.process import Terminal, in_terminal
from tests.orchestrator.panes.conftest import PATIENCE_S, until
from tests.orchestrator.panes.test_kdl import FUZZED, PER_PANE, odd_pane

PER_LAYOUT = 250
CAT = PanePlan(name="cat", argv=("cat",))


def test_zellij_accepts_our_layouts_with_odd_names_and_paths(zellij: ZellijClient) -> None:
    random = Random("zellij")
    timeline = PanePlan(name="timeline", argv=("$HOME/$undefined", "~"))

    async def scenario() -> None:
        for start in range(0, FUZZED // PER_PANE, PER_LAYOUT):
            logs = [odd_pane(random) for _ in range(PER_LAYOUT)]
            layout = Layout(
                tabs=arrange(logs, timeline),
                interrupt=("$x", *(each.argv[0] for each in logs[:20])) if start else (),
                cwd=Path("/$undefined/${also} x"),
                focus=2,
                bars=bool(start),
            )
            await zellij.layouts.validate(render_layout(layout))
        with pytest.raises(LayoutRejected, match="nonsense"):
            await zellij.layouts.validate("layout { pane nonsense=true; }")

    asyncio.run(scenario())


def test_ctrl_q_keeps_its_meaning_and_ends_the_session(zellij: ZellijClient) -> None:
    layout = Layout(tabs=(TabPlan(name="core-logs", rows=((CAT,),)),), interrupt=("true",))

    async def scenario() -> None:
        await zellij.sessions.create("demo", layout=render_layout(layout))
        async with in_terminal(zellij.program.child(["attach", "demo"])) as terminal:
            await until(lambda: drawn(terminal, b"core-logs"))
            await until(lambda: quits(terminal))
        await until(lambda: gone(zellij))

    asyncio.run(scenario())


def test_a_session_is_watched_while_somebody_looks_at_it(zellij: ZellijClient) -> None:
    async def scenario() -> None:
        await zellij.sessions.create(
            "demo", layout=render_layout(Layout(tabs=(TabPlan(name="x", rows=((CAT,),)),)))
        )
        async with in_terminal(zellij.program.child(["attach", "demo"]), rows=10, columns=20) as terminal:
            await until(lambda: attended(zellij))
            async with aclosing(zellij.panes.watch(["0"])) as events, asyncio.timeout(PATIENCE_S):
                await anext(events)
                terminal.press(b"hello\r")
                async for event in events:
                    assert isinstance(event, PaneUpdate)
                    if event.viewport[:2] == ("hello", "hello"):
                        break

    asyncio.run(scenario())


async def attended(zellij: ZellijClient) -> bool:
    return bool(await zellij.sessions.clients())


async def drawn(terminal: Terminal, text: bytes) -> bool:
    return text in terminal.drawn


async def quits(terminal: Terminal) -> bool:
    terminal.press(b"\x11")
    return not terminal.is_running


async def gone(zellij: ZellijClient) -> bool:
    return not await zellij.sessions.exists("demo")
