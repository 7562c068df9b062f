"""A run in the foreground: what is printed before, during and after it, and what Ctrl+C does."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from agentlark.diagnostics import render
from agentlark.model import Squad
from orchestrator.cli.closing import closing_block
from orchestrator.cli.consent import ask_for_consent, can_ask, tell_what_waits
from orchestrator.cli.exits import FAILED, OF_ENDING, say
from orchestrator.cli.exits import answer as print_answer
from orchestrator.cli.metrics import metrics_table
from orchestrator.cli.ourselves import own_command
from orchestrator.cli.words import count, several
from orchestrator.core.errors import UserError
from orchestrator.core.paths import RunPaths
from orchestrator.core.ports import Sink
from orchestrator.core.settings import Asked, wants_plain
from orchestrator.run.handle import RunHandle, RunHead, RunResult
from orchestrator.run.squads import FoundSquad
from orchestrator.schedule.conduct import overrides
from orchestrator.schedule.state import RunState
from orchestrator.sinks.describe import REPLAYED, SIMULATED
from orchestrator.wiring.answering import CARDS

if TYPE_CHECKING:
    from orchestrator.sinks.live import LiveSink


_ASKED_FOR = ("json:", "cassette:")
"""Sinks whose output was asked for: a run whose output is not all there has not done as asked."""


@dataclass(slots=True)
class Showing:
    """How a run is shown: a table on a terminal, lines elsewhere, NDJSON or next to nothing on request."""

    as_json: bool = False
    quiet: bool = False
    verbose: bool = False
    stream: bool = False
    """Show what agents say while they say it."""
    metrics: bool = False
    """Print each agent's tokens at the end."""
    output: Path | None = None
    _notes: list[str] = field(default_factory=list)
    _table: LiveSink | None = None

    def introduce(self, found: FoundSquad, asked: Asked) -> None:
        """Keep what there is to say about the squad's source until the backend has been announced."""
        self._notes += found.notices
        if found.diagnostics:
            self._notes.append(render(found.diagnostics))
        self._notes.append(f"squad: {found.origin}, {count(found.squad)}")
        self._notes += [f"note: {line}" for line in overrides(found.squad, asked)]

    def note(self, text: str | None) -> None:
        """Keep something to say once the backend has been announced."""
        self._notes += [text] if text else []

    def sinks(self, head: RunHead, squad: Squad) -> Sequence[Sink]:
        """Announce the run; gives the sinks that show it, here and in the session that the folder has."""
        if not self.quiet:
            self._announce(head)
        return [*self._sinks_here(head, squad), *_sinks_of_session(Path.cwd())]

    def _sinks_here(self, head: RunHead, squad: Squad) -> Sequence[Sink]:
        if self.as_json:
            from orchestrator.sinks.ndjson import NdjsonSink

            return [NdjsonSink(sys.stdout)]
        if self.quiet:
            return []
        if sys.stderr.isatty() and not wants_plain() and not (self.verbose or self.stream):
            from orchestrator.sinks.live import LiveSink

            self._table = LiveSink(sys.stderr, squad, head.done)
            return [self._table]
        from orchestrator.sinks.plain import PlainSink

        return [PlainSink(sys.stderr, verbose=self.verbose, stream=self.stream)]

    def aside(self) -> AbstractContextManager[None]:
        """Leaves the terminal to a question, as long as it lasts."""
        return self._table.aside() if self._table is not None else nullcontext()

    def _announce(self, head: RunHead) -> None:
        if head.cassette is not None:
            say(f"cassette: {head.cassette}. {REPLAYED}")
        for name, choice in head.backends.items():
            simulated = f" {SIMULATED}" if CARDS[name].simulated else ""
            say(f"backend: {name} ({choice.origin}).{simulated}")
        for note in (*self._notes, *head.notices):
            say(note)
        say(f"run: {head.run}")

    def conclude(self, result: RunResult) -> int:
        """Print the answer and what came of the run; gives the exit code."""
        code = OF_ENDING[result.ending.ending]
        if self.output is not None:
            try:
                self.output.write_text(result.answer + "\n", encoding="utf-8", errors="surrogatepass")
            except OSError as error:
                say(f"error: {self.output} cannot be written: {error.strerror}")
                say("  help: the answers are recorded: agentlark show AGENT")
                code = code or FAILED
        elif result.answer and not self.as_json:
            if not self.quiet:
                say("\n── answer ──")
            print_answer(result.answer)
        if self.metrics:
            say(metrics_table(result.metrics, simulated=result.simulated))
        if not self.quiet or result.ending.ending != "done":
            say(closing_block(result, self.output))
        else:
            for complaint in result.silent:
                say(f"warning: {complaint}")
        if any(complaint.startswith(_ASKED_FOR) for complaint in result.silent):
            code = code or FAILED
        return code


def _sinks_of_session(folder: Path) -> Sequence[Sink]:
    if not RunPaths(folder).session.exists():
        return []
    from orchestrator.launch.pane_sink import PaneSink
    from orchestrator.launch.record import opened_session
    from orchestrator.launch.view import View

    opened = opened_session(folder)
    return [] if opened is None else [PaneSink(View(folder, own_command()), opened)]


def settle_unknown(state: RunState, policy: str) -> str | None:
    """What to say about turns without a recorded outcome that are sent again; None when there are none.

    Raises UserError unless they are to be sent again.
    """
    unknown = list(state.unknown.values())
    if not unknown:
        return None
    listed = ", ".join(f"{turn.id.node} {turn.purpose} ({turn.backend})" for turn in unknown[:8])
    more = f" and {len(unknown) - 8} more" if len(unknown) > 8 else ""
    verb = "was" if len(unknown) == 1 else "were"
    what = f"{several(len(unknown), 'turn')} {verb} sent without a recorded outcome: {listed}{more}"
    simulated = all(CARDS[turn.backend].simulated for turn in unknown if turn.backend in CARDS)
    if policy == "retry" or simulated:
        return f"{what}; sent again"
    if policy == "ask" and sys.stdin.isatty():
        say(what)
        if typer.confirm("They may have been paid for. Send them again?", err=True):
            return f"{several(len(unknown), 'turn')} sent again"
    raise UserError(what, "they may have been paid for; to send them again: agentlark resume --unknown retry")


def in_foreground(run: AbstractAsyncContextManager[RunHandle], showing: Showing) -> None:
    """Carry a run out, print what came of it, and exit with its code."""
    raise typer.Exit(showing.conclude(asyncio.run(_carry_out(run, showing))))


async def _carry_out(run: AbstractAsyncContextManager[RunHandle], showing: Showing) -> RunResult:
    async with run as handle:
        loop = asyncio.get_running_loop()
        interrupter = _Interrupter(handle)
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, interrupter, number)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # losing the terminal leaves the run going
        asking = _asking(handle, showing)
        try:
            return await handle.result()
        finally:
            if asking is not None:
                asking.cancel()
                await asyncio.gather(asking, return_exceptions=True)
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)


def _asking(handle: RunHandle, showing: Showing) -> asyncio.Task[None] | None:
    """Whoever sees to it that waiting waves get an answer; None where the output says enough."""
    if can_ask():
        return asyncio.create_task(ask_for_consent(handle, showing.aside))
    return asyncio.create_task(tell_what_waits(handle)) if showing.quiet else None


class _Interrupter:
    """The first Ctrl+C or SIGTERM interrupts, a second Ctrl+C stops at once."""

    def __init__(self, handle: RunHandle) -> None:
        self._handle = handle
        self._asked = False

    def __call__(self, number: int) -> None:
        if self._asked and number == signal.SIGINT:
            say("stopping now")
            self._handle.stop_now()
        elif not self._asked:
            self._asked = True
            again = " (Ctrl+C again stops at once)" if number == signal.SIGINT else ""
            say(f"interrupting: turns in flight will end, nothing new starts{again}")
            self._handle.interrupt()
