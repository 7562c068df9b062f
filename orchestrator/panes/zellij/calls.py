"""Calling zellij for a session, and not believing it.

Many of zellij's actions exit with 0 without having done anything: for panes and tabs that are not there,
and for whatever needs somebody attached. So a pane or tab is looked up before it is used, and what was
created is looked up afterwards. Where an action needs a client and there is none, one is attached in a
terminal that nobody sees, for as long as the action takes (`attended`).
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter

from orchestrator.panes.errors import (
    CallFailed,
    DeadlineExceeded,
    MultiplexerError,
    NobodyAttached,
    NotCreated,
    PaneNotFound,
    SessionNotBound,
    SessionNotFound,
    TabNotFound,
)
from orchestrator.panes.inputs import session_name
from orchestrator.panes.program import Program, Requirement
from orchestrator.panes.zellij.results import ClientInfo, PaneInfo, SessionInfo, TabInfo
from orchestrator.process import Child, Ended, Terminal, in_terminal

REQUIREMENT = Requirement(
    oldest=(0, 44, 1),
    version_flag="--version",
    variables=frozenset({"ZELLIJ_SOCKET_DIR", "ZELLIJ_CONFIG_DIR", "ZELLIJ_CONFIG_FILE"}),
    remedy="cargo install --locked zellij, or a release from zellij.dev; the one on PyPI is another program",
)

POLL_S = 0.05
_LOOK_AFTER_S = 2.0
_APPEARS = 1 / 3
"""The share of the deadline within which what was made is there; without room it never is."""
_ATTEMPTS = 3
_RECOVERY_S = 0.5
_PANE_ID = re.compile(r"(terminal|plugin)_\d+")

Answer = TypeVar("Answer")

_PANES = TypeAdapter(tuple[PaneInfo, ...])
_TABS = TypeAdapter(tuple[TabInfo, ...])
_NO_SESSION = re.compile(
    r"There is no active session|Session '.*' not found|No session named|No active zellij"
)
_NO_PANE = re.compile(r"Pane with id \S+ not found|[Pp]ane .*not found")


class Calls:
    """Zellij on this machine, and the session that calls are for unless they name one."""

    def __init__(self, program: Program, session: str | None) -> None:
        self.program = program
        self._session = None if session is None else session_name(session)

    def bind(self, session: str) -> None:
        """Let calls that name no session be for this one."""
        self._session = session_name(session)

    @property
    def bound_session(self) -> str | None:
        """The session that calls are for unless they name one."""
        return self._session

    def session(self, given: str | None) -> str:
        """The session that a call is for. Raises SessionNotBound and InvalidInput."""
        if given is not None:
            return session_name(given)
        if self._session is None:
            raise SessionNotBound(
                "this call is for no session",
                "ZellijClient(session=…), sessions.create(…), or session=… in the call",
            )
        return self._session

    async def run(self, *argv: str, stdin: bytes = b"", cwd: Path | None = None) -> str:
        """A command that is for no session; what it said. Raises CallFailed when it refuses."""
        return said_of(argv, await self.program.call(argv, stdin=stdin, cwd=cwd))

    async def within(
        self, session: str | None, *argv: str, stdin: bytes = b"", deadline_s: float | None = None
    ) -> Ended:
        """A command for a session, successful or not, while the session lives.

        Raises SessionNotFound when there is none, or when it ended meanwhile: zellij itself would wait for an
        answer as long as it may, so a call that takes its time is accompanied by looking after the session.
        """
        name = self.session(session)
        for _ in range(_ATTEMPTS):
            call = self.program.call([f"--session={name}", *argv], stdin=stdin, deadline_s=deadline_s)
            ended = await self._accompanied(name, call)
            # With several other sessions it lists them, and exits with 0.
            if not _NO_SESSION.match(ended.stderr.decode(errors="replace")):
                return ended
            await self.alive(name)
        raise _no_session(name)

    async def _accompanied(self, session: str, call: Coroutine[None, None, Ended]) -> Ended:
        """How a call ends, while the session lives; it is stopped when that ends before."""
        calling = asyncio.create_task(call)
        try:
            while not (await asyncio.wait({calling}, timeout=_LOOK_AFTER_S))[0]:
                await self.alive(session)
            if isinstance(calling.exception(), DeadlineExceeded):
                await self.alive(session)
            return calling.result()
        finally:
            calling.cancel()
            await asyncio.gather(calling, return_exceptions=True)

    async def act(
        self, session: str | None, *action: str, stdin: bytes = b"", deadline_s: float | None = None
    ) -> str:
        """`zellij action …` for a session; what it said. Raises PaneNotFound, SessionNotFound, CallFailed."""
        ended = await self.within(session, "action", *action, stdin=stdin, deadline_s=deadline_s)
        if ended.code == 0:
            return ended.stdout.decode(errors="replace")
        if _NO_PANE.search(_words(ended)):
            raise PaneNotFound(
                f"session {self.session(session)}: {_words(ended)}", "ids are in `panes.list()`"
            )
        await self.alive(self.session(session))
        raise refusal(action, ended)

    async def answer(self, session: str | None, *action: str, read: Callable[[str], Answer]) -> Answer:
        """What an action says that always says something, read by a function that raises ValueError.

        A busy server gives an action up after a second, without a word and with exit code 0; what it finds
        later goes to whoever calls next. So after silence, or an answer to another question, it is left
        alone for a moment and asked again. Raises DeadlineExceeded.
        """
        until_s = _now_s() + self.program.around.deadline_s
        while _now_s() < until_s:
            if said := await self.act(session, *action):
                with suppress(ValueError):
                    return read(said)
            await asyncio.sleep(_RECOVERY_S)
        raise DeadlineExceeded(
            f"zellij {' '.join(action)[:80]}: no answer, again and again", "it may be too busy"
        )

    async def live_sessions(self) -> tuple[str, ...]:
        """Names of sessions whose server answers, sorted."""
        return tuple(sorted(each.name for each in await self.sessions() if each.is_live))

    async def sessions(self) -> tuple[SessionInfo, ...]:
        """All sessions zellij knows, ended ones included, as it orders them: oldest first.

        While a client leaves, and right after the start, a server may answer the question whether it lives
        with something else, and zellij then takes it for dead. So zellij is asked twice.
        """
        known: dict[str, SessionInfo] = {}
        first = await self._sessions()
        await asyncio.sleep(POLL_S)
        for each in (*first, *await self._sessions()):
            if each.is_live or each.name not in known:
                known[each.name] = each
        return tuple(known.values())

    async def _sessions(self) -> list[SessionInfo]:
        ended = await self.program.call(["list-sessions", "--no-formatting"])
        found = []
        for line in ended.stdout.decode(errors="replace").splitlines():
            name, created, rest = line.rpartition(" [Created ")
            if created:
                age = rest.partition(" ago]")[0]
                found.append(SessionInfo(name=name, age=age, is_live="(EXITED" not in rest))
        return found

    async def alive(self, session: str) -> None:
        """Nothing, if the session lives. Raises SessionNotFound otherwise."""
        if session not in await self.live_sessions():
            raise _no_session(session)

    async def panes(self, session: str | None) -> tuple[PaneInfo, ...]:
        """All panes of a session, plugins and hidden ones included, tab by tab."""
        return await self.answer(session, "list-panes", "--json", "--all", read=_PANES.validate_json)

    async def tabs(self, session: str | None) -> tuple[TabInfo, ...]:
        """The tabs of a session, by position."""
        tabs = await self.answer(session, "list-tabs", "--json", read=_TABS.validate_json)
        return tuple(sorted(tabs, key=lambda tab: tab.position))

    async def clients(self, session: str | None) -> tuple[ClientInfo, ...]:
        """Who is attached."""
        return await self.answer(session, "list-clients", read=_clients)

    async def pane(self, session: str | None, pane_id: str) -> PaneInfo:
        """A pane that is there. Raises PaneNotFound."""
        wanted = f"terminal_{pane_id}" if pane_id.isdecimal() else pane_id
        for pane in await self.panes(session):
            if pane.pane_id == wanted:
                return pane
        raise PaneNotFound(
            f"session {self.session(session)} has no pane {pane_id!r}",
            "ids are in `panes.list()`: terminal_3",
        )

    async def tab(self, session: str | None, tab_id: int) -> TabInfo:
        """A tab that is there. Raises TabNotFound."""
        for tab in await self.tabs(session):
            if tab.tab_id == tab_id:
                return tab
        raise TabNotFound(
            f"session {self.session(session)} has no tab with the id {tab_id}", "ids are in `tabs.list()`"
        )

    async def new_pane(self, session: str | None, *action: str) -> PaneInfo:
        """The pane that an action makes, found in the session. Raises NotCreated when it is not there."""
        before = {pane.pane_id for pane in await self.panes(session)}
        said = _PANE_ID.fullmatch((await self.act(session, *action)).strip())
        until_s = _now_s() + self.program.around.deadline_s * _APPEARS
        while _now_s() < until_s:
            fresh = [pane for pane in await self.panes(session) if pane.pane_id not in before]
            for pane in fresh:
                if said is None or said[0] == pane.pane_id:  # busy, zellij makes it and does not say its id
                    return pane
            await asyncio.sleep(POLL_S)
        raise NotCreated(
            f"zellij said that it made {said[0] if said else 'a pane'}, and there is none",
            "it found no room, or the pane has closed already",
        )

    async def new_tab(self, session: str | None, *action: str) -> TabInfo:
        """The tab that an action makes, once it has a pane. Raises NotCreated when it gets none."""
        before = {tab.tab_id for tab in await self.tabs(session)}
        said = (await self.act(session, *action)).strip()
        until_s = _now_s() + self.program.around.deadline_s * _APPEARS
        while _now_s() < until_s:
            peopled = {pane.tab_id for pane in await self.panes(session) if pane.is_selectable}
            for tab in await self.tabs(session):
                if tab.tab_id in peopled - before and (not said.isdecimal() or said == str(tab.tab_id)):
                    return tab
            await asyncio.sleep(POLL_S)
        raise NotCreated(
            f"zellij said that it made tab {said[:20] or '?'}, and there is none with a pane",
            "look at zellij's log",
        )

    async def watched(self, session: str | None) -> None:
        """Nothing, if somebody is attached. Raises NobodyAttached otherwise."""
        if not await self.clients(session):
            raise NobodyAttached(
                f"nobody is attached to session {self.session(session)}, and this concerns what they look at",
                f"zellij attach {self.session(session)}",
            )

    @asynccontextmanager
    async def attended(self, session: str | None) -> AsyncIterator[None]:
        """While this lasts, somebody is attached: those who are, or else a client in a terminal nobody sees.

        For what zellij only does with a client: since 0.45.0 new tabs, and ever since plugins and stacks.
        Raises NobodyAttached when no client can be attached.
        """
        if await self.clients(session):
            yield
            return
        name = self.session(session)
        child = self.program.child(["attach", name])
        environ = {**child.environ, "TERM": "xterm-256color"}
        unseen = Child(child.argv, child.cwd, child.deadline_s, environ, child.also_allowed)
        for _ in range(_ATTEMPTS):
            async with in_terminal(unseen) as terminal:
                if await self._arrived(name, terminal):
                    yield
                    return
        raise NobodyAttached(f"no client could be attached to {name}", f"zellij attach {name}")

    async def _arrived(self, session: str, terminal: Terminal) -> bool:
        """Whether a client that was just started gets into the session; a busy server sends some away."""
        until_s = _now_s() + self.program.around.deadline_s
        while terminal.is_running and _now_s() < until_s:
            if await self.clients(session) and any(tab.active for tab in await self.tabs(session)):
                return True
            await asyncio.sleep(POLL_S)
        return False


def _now_s() -> float:
    return asyncio.get_running_loop().time()


def _clients(said: str) -> tuple[ClientInfo, ...]:
    """The table of `list-clients`. Raises ValueError for anything else."""
    if not said.startswith("CLIENT_ID"):
        raise ValueError(said[:80])
    # Commands are shown as they are, line breaks included: only lines that begin like a row are one.
    rows = re.findall(r"^(\d+) +((?:terminal|plugin)_\d+) *(.*)$", said, re.MULTILINE)
    return tuple(
        ClientInfo(client_id=int(number), pane_id=pane, command=command.strip())
        for number, pane, command in rows
    )


def _words(ended: Ended) -> str:
    said = (ended.stderr or ended.stdout).decode(errors="replace")
    return re.sub(r"\x1b\[[0-9;]*m", "", said).strip()[:2000]


def refusal(argv: Sequence[str], ended: Ended) -> MultiplexerError:
    """The error for a call that zellij refused."""
    shown = " ".join(argv)[:120]
    return CallFailed(f"zellij {shown}: exit code {ended.code}: {_words(ended) or 'it gives no reason'}")


def _no_session(name: str) -> SessionNotFound:
    return SessionNotFound(
        f"there is no live zellij session {name!r}", "zellij list-sessions shows those there are"
    )


def said_of(argv: Sequence[str], ended: Ended) -> str:
    """What a call said. Raises CallFailed when it refused."""
    if ended.code != 0:
        raise refusal(argv, ended)
    return ended.stdout.decode(errors="replace")


def parsed(line: bytes) -> dict[str, object]:
    """One line of JSON that zellij printed; nothing for what is none."""
    try:
        said = json.loads(line)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
