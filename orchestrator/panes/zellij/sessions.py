"""`ZellijClient.sessions`: starting, finding, naming and ending sessions."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Literal, TypeAlias

from orchestrator.panes.errors import (
    CallFailed,
    DeadlineExceeded,
    InvalidInput,
    LayoutRejected,
    MultiplexerError,
    NobodyAttached,
    NotCreated,
    SessionExists,
    SessionNotFound,
)
from orchestrator.panes.inputs import session_name
from orchestrator.panes.zellij.calls import POLL_S, Calls, refusal
from orchestrator.panes.zellij.layouts import dumped, layout_file
from orchestrator.panes.zellij.results import ClientInfo, PaneInfo, SessionInfo

Mode: TypeAlias = Literal[
    "normal", "locked", "resize", "pane", "tab", "scroll", "enter-search", "search", "rename-tab",
    "rename-pane", "session", "move", "prompt", "tmux",
]  # fmt: skip

_GREETINGS = ("configuration", "about")
_SWITCH_S = 5.0
_HOPELESS = 0.25
"""The share of the deadline for which a new session may look as if nothing came of it."""
_STARTS = 4


class Sessions:
    """Zellij's sessions on this machine."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def create(
        self, name: str, *, layout: Path | str | None = None, cwd: Path | None = None
    ) -> SessionInfo:
        """Start a session in the background and bind it: calls that name no session are for it from now on.

        `layout` is a file or KDL text, `cwd` where its panes start. Returns when its first pane is there.
        Raises SessionExists (also for an ended one that zellij keeps), LayoutRejected, InvalidInput.
        """
        session_name(name)
        for known in await self._calls.sessions():
            if known.name == name:
                how = "" if known.is_live else ", ended, and kept by zellij"
                raise SessionExists(
                    f"there is a zellij session {name!r} already{how}", "sessions.delete(…) removes it"
                )
        with layout_file(layout) as file:
            flags = [f"--new-session-with-layout={file}"] if file is not None else []
            await self._start(name, flags, cwd)
        self._calls.bind(name)
        return await self.info(name)

    async def list(self) -> tuple[SessionInfo, ...]:
        """All sessions, oldest first, ended ones that zellij keeps included."""
        return await self._calls.sessions()

    async def info(self, name: str) -> SessionInfo:
        """One session. Raises SessionNotFound."""
        for session in await self.list():
            if session.name == name:
                return session
        raise SessionNotFound(f"there is no zellij session {name!r}", "sessions.list() has those there are")

    async def exists(self, name: str) -> bool:
        """Whether there is a live session of that name."""
        return name in await self._calls.live_sessions()

    async def clients(self, *, session: str | None = None) -> tuple[ClientInfo, ...]:
        """Who is attached."""
        return await self._calls.clients(session)

    def attach_command(self, name: str) -> tuple[str, ...]:
        """The command by which a user attaches, to be run in a terminal. Raises InvalidInput."""
        return (self._calls.program.path, "attach", session_name(name))

    async def kill(self, name: str) -> None:
        """End a session and everything in it; returns when it is gone. Raises SessionNotFound."""
        await self._calls.alive(session_name(name))
        await self._calls.program.call(["kill-session", name])
        await self._gone(name)

    async def kill_all(self) -> tuple[str, ...]:
        """End all live sessions; their names."""
        names = await self._calls.live_sessions()
        for name in names:
            with suppress(SessionNotFound):
                await self.kill(name)
        return names

    async def delete(self, name: str, *, force: bool = False) -> None:
        """Forget an ended session; with `force` end it first if it lives.

        Raises SessionNotFound, and SessionExists for a live one without `force`.
        """
        session = await self.info(session_name(name))
        if session.is_live and not force:
            raise SessionExists(f"the zellij session {name!r} is live", "end it first, or give force=True")
        if session.is_live:
            await self.kill(name)
        if name in {each.name for each in await self.list()}:
            await self._calls.run("delete-session", "--force", name)

    async def delete_all(self) -> tuple[str, ...]:
        """Forget all ended sessions; their names."""
        names = tuple(each.name for each in await self.list() if not each.is_live)
        for name in names:
            await self.delete(name)
        return names

    async def rename(self, name: str, *, session: str | None = None) -> None:
        """Give a session another name, and bind it under that if it was bound. Raises SessionExists."""
        old = self._calls.session(session)
        if name in {each.name for each in await self.list()}:
            raise SessionExists(f"there is a zellij session {name!r} already", "choose another name")
        await self._calls.act(session, "rename-session", session_name(name))
        if self._calls.bound_session == old:
            self._calls.bind(name)

    async def clone(self, name: str, *, session: str | None = None) -> SessionInfo:
        """Start another session of the same layout and bind it; its commands wait for Enter.

        Raises LayoutIncomplete when zellij leaves a command out.
        """
        return await self.create(name, layout=await dumped(self._calls, session))

    async def save(self, *, session: str | None = None) -> None:
        """Let zellij write down now what it needs to bring the session back after a crash."""
        await self._calls.act(session, "save-session")

    async def switch(self, name: str, *, session: str | None = None) -> None:
        """Take whoever pressed a key last to another session. Raises SessionNotFound and NobodyAttached."""
        await self._calls.alive(session_name(name))
        await self._calls.watched(session)
        before = len(await self._calls.clients(name))
        await self._calls.act(session, "switch-session", name)
        until_s = asyncio.get_running_loop().time() + _SWITCH_S
        while len(await self._calls.clients(name)) <= before:
            if asyncio.get_running_loop().time() > until_s:
                raise NobodyAttached(
                    f"nobody has come from session {self._calls.session(session)} to {name}",
                    "zellij takes along only somebody who has pressed a key",
                )
            await asyncio.sleep(POLL_S)

    async def switch_mode(self, mode: Mode, *, session: str | None = None) -> None:
        """Put whoever pressed a key last into an input mode. Raises NobodyAttached."""
        await self._calls.watched(session)
        await self._calls.act(session, "switch-mode", mode)

    async def _start(self, name: str, flags: Sequence[str], cwd: Path | None) -> None:
        """Start a session, and again when it was killed at birth by somebody who listed sessions.

        To see which sessions live, zellij connects to each, and a server that is asked before its first
        client has come ends without a word; that client then says all is well, or waits for ever.
        """
        for left in reversed(range(_STARTS)):
            try:
                await self._start_once(name, flags, cwd)
            except (DeadlineExceeded, NotCreated):
                if await self._killed(name) or not left:
                    raise
            else:
                return

    async def _killed(self, name: str) -> bool:
        """Whether there was something to be killed of a session that did not come to be."""
        with suppress(DeadlineExceeded, CallFailed):
            try:
                await self.kill(name)
            except SessionNotFound:
                return False
        return True

    async def _start_once(self, name: str, flags: Sequence[str], cwd: Path | None) -> None:
        argv = [*flags, "attach", "--create-background", name]
        ended = await self._calls.program.call(argv, cwd=cwd)
        if ended.code != 0:
            raise _why(name, refusal(argv, ended), bool(flags))
        await self._has_panes(name)
        await self._without_greeting(name)

    async def _has_panes(self, name: str) -> None:
        """Return when a session that was just started has a terminal pane.

        One whose layout has no room is left with nothing but a hidden plugin, or ends again.
        """
        now_s = asyncio.get_running_loop().time
        patience_s = self._calls.program.around.deadline_s
        until_s, hopeful_s = now_s() + patience_s, now_s()
        while now_s() < min(until_s, hopeful_s + patience_s * _HOPELESS):
            panes: tuple[PaneInfo, ...] | None = None
            with suppress(SessionNotFound):
                panes = await self._calls.panes(name)
            if panes and any(not pane.is_plugin for pane in panes):
                return
            if panes is not None and (not panes or any(not pane.is_suppressed for pane in panes)):
                hopeful_s = now_s()
            await asyncio.sleep(POLL_S)
        raise NotCreated(
            f"the zellij session {name!r} was started and has no pane",
            "a tab in the background has room for 50 lines of 50 characters; or look at zellij's log",
        )

    async def _without_greeting(self, name: str) -> None:
        """Close what zellij opens of its own accord: the setup wizard, release notes or a tip.

        It lies over the panes and takes the focus, and in the background nobody is there to read it.
        """
        for pane in await self._calls.panes(name):
            if pane.is_floating and pane.plugin_url in _GREETINGS:
                await self._calls.act(name, "close-pane", f"--pane-id={pane.pane_id}")

    async def _gone(self, name: str) -> None:
        until_s = asyncio.get_running_loop().time() + self._calls.program.around.deadline_s
        while name in await self._calls.live_sessions():
            if asyncio.get_running_loop().time() > until_s:
                raise DeadlineExceeded(
                    f"the zellij session {name!r} does not end", "its server may hang: end its process"
                )
            await asyncio.sleep(POLL_S)


def _why(name: str, said: MultiplexerError, with_layout: bool) -> MultiplexerError | InvalidInput:
    if "already exists" in said.message:
        return SessionExists(f"there is a zellij session {name!r} already", "sessions.delete(…) removes it")
    if "socket path is too long" in said.message:
        return InvalidInput(
            f"session name {name!r} is too long here: {said.message}",
            "a shorter one, or a shorter ZELLIJ_SOCKET_DIR",
        )
    return LayoutRejected(said.message, "docs/zellij.md has the grammar that we use") if with_layout else said
