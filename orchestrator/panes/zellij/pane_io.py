"""What goes into panes and what comes out of them."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path

from orchestrator.panes.errors import DeadlineExceeded, ExitUnknown, InvalidInput, PaneNotFound
from orchestrator.panes.inputs import LONGEST_ARGUMENT_BYTES, text
from orchestrator.panes.keys import zellij_name
from orchestrator.panes.screen import tidy
from orchestrator.panes.zellij.calls import Calls, parsed
from orchestrator.panes.zellij.results import PaneEvent, PaneGone, PaneUpdate, pane_event
from orchestrator.process import stream

_PIECE_BYTES = 60_000
_LONGEST_LINE_BYTES = 64 * 2**20
_SLOWEST_POLL_S = 0.5
_GONE_S = 3.0


class PaneIO:
    """Reading, typing and watching. Each call looks the pane up first: PaneNotFound when it is not there."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def read(
        self, pane_id: str, *, scrollback: bool = False, ansi: bool = False, session: str | None = None
    ) -> tuple[str, ...]:
        """What a pane shows, or with `scrollback` all it remembers; with `ansi` in its colours.

        Lines lack trailing blanks, and there are no trailing empty lines; wrapped lines are joined.
        """
        pane = await self._calls.pane(session, pane_id)
        flags = [*(["--full"] if scrollback else []), *(["--ansi"] if ansi else [])]
        said = await self._calls.answer(session, "dump-screen", f"--pane-id={pane.pane_id}", *flags, read=str)
        return tidy(said.split("\n"))

    async def save(self, pane_id: str, path: Path, *, session: str | None = None) -> None:
        """Write all that a pane remembers to a file. Raises OSError when it cannot be written."""
        lines = await self.read(pane_id, scrollback=True, session=session)
        await asyncio.to_thread(path.write_text, "".join(f"{line}\n" for line in lines), encoding="utf-8")

    async def type_text(self, pane_id: str, value: str, *, session: str | None = None) -> None:
        """Type text as it is. Enter is not pressed. Raises InvalidInput for a NUL or lone surrogates."""
        pane = await self._calls.pane(session, pane_id)
        for piece in _pieces(text(value), _PIECE_BYTES):
            await self._calls.act(session, "write-chars", f"--pane-id={pane.pane_id}", "--", piece)

    async def write(self, pane_id: str, data: bytes, *, session: str | None = None) -> None:
        """Send bytes to the program in a pane."""
        pane = await self._calls.pane(session, pane_id)
        for start in range(0, len(data), 4096):
            values = [str(byte) for byte in data[start : start + 4096]]
            await self._calls.act(session, "write", f"--pane-id={pane.pane_id}", "--", *values)

    async def paste(self, pane_id: str, value: str, *, session: str | None = None) -> None:
        """Paste text: bracketed if the program asked for that. Raises InvalidInput for 120 kB and more."""
        size = len(text(value).encode())
        if size > LONGEST_ARGUMENT_BYTES:
            raise InvalidInput(
                f"zellij cannot paste {size} bytes at once",
                f"paste pieces of at most {LONGEST_ARGUMENT_BYTES}",
            )
        pane = await self._calls.pane(session, pane_id)
        if value:
            await self._calls.act(session, "paste", f"--pane-id={pane.pane_id}", "--", value)

    async def send_keys(self, pane_id: str, *keys: str, session: str | None = None) -> None:
        """Press keys: `"Ctrl c"`, `"Enter"`, `"F1"`. Raises InvalidInput before any is pressed."""
        names = [zellij_name(key) for key in keys]
        if not names:
            raise InvalidInput("there is no key to press", 'for example "Enter"')
        pane = await self._calls.pane(session, pane_id)
        await self._calls.act(session, "send-keys", f"--pane-id={pane.pane_id}", "--", *names)

    async def submit(self, pane_id: str, value: str, *, session: str | None = None) -> None:
        """Paste text and press Enter: the safest way to hand a prompt to a program."""
        await self.paste(pane_id, value, session=session)
        await self.send_keys(pane_id, "Enter", session=session)

    async def clear(self, pane_id: str, *, session: str | None = None) -> None:
        """Forget all that a pane shows and remembers."""
        await self._targeted(session, pane_id, "clear")

    async def edit_scrollback(self, pane_id: str, *, session: str | None = None) -> None:
        """Open all that a pane remembers in the user's editor."""
        await self._targeted(session, pane_id, "edit-scrollback")

    async def wait_for_exit(self, pane_id: str, deadline_s: float, *, session: str | None = None) -> int:
        """The status that a pane's command ends with; 128 for a signal.

        Raises DeadlineExceeded, and PaneNotFound when the pane is closed first, by its command's end
        (`close_on_exit`) or otherwise. Raises ExitUnknown for a command that ended before zellij was ready
        for it, as one in a start layout may: zellij then never says that it ended.
        """
        pause_s, gone_s = 0.05, 0.0
        try:
            async with asyncio.timeout(deadline_s):
                while True:
                    pane = await self._calls.pane(session, pane_id)
                    if pane.status is not None:
                        return pane.status
                    gone_s = gone_s + pause_s if pane.pane_cwd is None else 0.0
                    if gone_s > _GONE_S:
                        raise ExitUnknown(f"pane {pane_id} runs nothing any more, and zellij missed its end")
                    await asyncio.sleep(pause_s)
                    pause_s = min(2 * pause_s, _SLOWEST_POLL_S)
        except TimeoutError as error:
            raise DeadlineExceeded(
                f"pane {pane_id} still runs after {deadline_s:g} s", "wait longer"
            ) from error

    async def watch(
        self,
        pane_ids: Sequence[str],
        *,
        scrollback: bool = False,
        ansi: bool = False,
        session: str | None = None,
    ) -> AsyncGenerator[PaneEvent, None]:
        """What panes show: each once at the start, then on every change, until all of them are closed.

        One process for all of them, which costs nothing while nothing changes. Close the iterator
        (`contextlib.aclosing`) to stop. Raises PaneNotFound, and SessionNotFound when the session ends.
        """
        wanted = [(await self._calls.pane(session, each)).pane_id for each in pane_ids]
        if not wanted:
            return
        name = self._calls.session(session)
        argv = [f"--session={name}", "subscribe", "--format=json", *(f"--pane-id={each}" for each in wanted)]
        argv += [*(["--scrollback"] if scrollback else []), *(["--ansi"] if ansi else [])]
        child = self._calls.program.child(argv, deadline_s=math.inf, most_bytes=_LONGEST_LINE_BYTES)
        left = set(wanted)
        async with stream(child) as running:
            async for line in running.lines():
                event = pane_event(parsed(line))
                if isinstance(event, PaneUpdate) and not ansi:
                    event = event.model_copy(update={"viewport": tidy(event.viewport)})
                if isinstance(event, PaneGone):
                    left.discard(event.pane_id)
                if event is not None:
                    yield event
        if left:
            await self._calls.alive(name)
            raise PaneNotFound(f"session {name}: panes {', '.join(sorted(left))} went unheard", "watch again")

    async def _targeted(self, session: str | None, pane_id: str, *action: str) -> str:
        """An action on a pane that is there."""
        pane = await self._calls.pane(session, pane_id)
        return await self._calls.act(session, action[0], f"--pane-id={pane.pane_id}", *action[1:])


def _pieces(value: str, most_bytes: int) -> list[str]:
    """Text cut so that no piece takes more bytes, between characters."""
    characters = most_bytes // 4
    return [value[start : start + characters] for start in range(0, len(value), characters)]
