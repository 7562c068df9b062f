"""A run as its caller holds it: iterate what happens, send commands, await the result."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass

from orchestrator.core.commands import Command, Decide, Interrupt, StopNow
from orchestrator.core.facts import (
    ApprovalAsked,
    Fact,
    NodeEnded,
    RunEnded,
    RunStarted,
    Signal,
    TurnStarted,
    WavesEnded,
)
from orchestrator.core.paths import RunPaths
from orchestrator.core.ports import Clock, Journal
from orchestrator.core.settings import Choice
from orchestrator.core.turn import Usage
from orchestrator.run.engine import Engine
from orchestrator.schedule.budget import Refusal
from orchestrator.schedule.tally import Metrics


@dataclass(frozen=True, slots=True)
class RunResult:
    """What came of a run."""

    run: str
    """Its slug."""
    ending: RunEnded
    answers: dict[str, str]
    """The output of every agent that has one, by id, in the DAG's order."""
    final: tuple[str, ...]
    """The agents whose outputs are the squad's answer."""
    ended: dict[str, NodeEnded]
    """How every agent ended, by id, in the DAG's order; agents that never came to act are absent."""
    cut_short: tuple[str, ...]
    """The agents that came to act and did not end."""
    not_started: tuple[str, ...]
    turns: int
    """Turns that were sent and answered."""
    reused: int
    """Turns that were answered from the record of other runs."""
    usage: Usage
    """Of the turns that were sent."""
    saved: Usage
    """Of the turns that were reused."""
    refusal: Refusal | None
    """The cap that ended it."""
    overshoots: list[str]
    """Caps that were exceeded all the same, in words."""
    metrics: Metrics
    """What each agent and each wave took, and all together."""
    waves: int
    """How many waves of agents joined."""
    waves_ended: tuple[WavesEnded, ...]
    """Why groups that went on by themselves ended."""
    consent: tuple[int, ...]
    """The waves that wait for a person's consent."""
    seconds: float
    simulated: bool
    replayed: bool
    """Whether a cassette answered."""
    paths: RunPaths
    silent: tuple[str, ...] = ()
    """Sinks that failed on the way, each with the reason; what they show can be rebuilt from the journal."""

    @property
    def answer(self) -> str:
        """The squad's answer: the final agents' outputs, under their names when there are several."""
        texts = {name: self.answers[name] for name in self.final if name in self.answers}
        if len(texts) == 1:
            return next(iter(texts.values()))
        return "\n\n".join(f"# {name}\n\n{text}" for name, text in texts.items())


@dataclass(frozen=True, slots=True)
class RunHead:
    """What is known of a run before it starts."""

    run: str
    backends: dict[str, Choice]
    """The backends that will answer, by name, and who chose each."""
    unknown: tuple[TurnStarted, ...]
    """Turns that were started in an earlier session of the run and have no recorded outcome."""
    simulated: bool
    cassette: str | None = None
    """The cassette that answers instead of the backends."""
    notices: tuple[str, ...] = ()
    """What else is to be said before it starts."""
    done: tuple[str, ...] = ()
    """Nodes that ended well in an earlier session, in the DAG's order."""


class _Subscription:
    """A sink that one reader empties."""

    name = "events"
    failure: Exception | None = None

    def __init__(self) -> None:
        self.queue: asyncio.Queue[tuple[int | None, Fact | Signal] | None] = asyncio.Queue()
        self._loop = asyncio.get_running_loop()

    def see(self, seq: int | None, item: Fact | Signal) -> None:
        self.queue.put_nowait((seq, item))

    async def entries(self) -> AsyncIterator[tuple[int | None, Fact | Signal]]:
        """What comes in, until it is closed."""
        while (entry := await self.queue.get()) is not None:
            yield entry

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self.queue.put_nowait, None)  # sinks are closed in a thread


class RunHandle:
    """A started run. Leaving the context that gave it stops the run if it has not ended."""

    def __init__(
        self,
        head: RunHead,
        engine: Engine,
        journal: Journal,
        send: Callable[[Command], None],
        task: asyncio.Task[RunResult],
    ) -> None:
        self.head = head
        self._engine = engine
        self._journal = journal
        self._send = send
        self._task = task

    async def events(self) -> AsyncIterator[tuple[int | None, Fact | Signal]]:
        """Every fact of the run with its number, from its first, and signals (None) from now on."""
        with self._subscribed() as subscription:
            seen = 0
            for seq, fact in list(self._journal.facts(self.head.run)):
                seen = seq
                yield seq, fact
            async for entry in subscription.entries():
                if entry[0] is None or entry[0] > seen:
                    yield entry

    async def news(self) -> AsyncIterator[tuple[int | None, Fact | Signal]]:
        """Facts with their numbers and signals (None) from now on: without those of earlier sessions."""
        with self._subscribed() as subscription:
            async for entry in subscription.entries():
                yield entry

    @contextmanager
    def _subscribed(self) -> Iterator[_Subscription]:
        subscription = _Subscription()
        self._engine.sinks.append(subscription)
        if self._engine.is_over:
            subscription.close()
        try:
            yield subscription
        finally:
            if subscription in self._engine.sinks:
                self._engine.sinks.remove(subscription)

    async def result(self) -> RunResult:
        """What came of it, waiting for the end. Raises StoreError when the journal failed."""
        return await asyncio.shield(self._task)

    def interrupt(self) -> None:
        """Let turns in flight end and start nothing new. Asking again changes nothing."""
        self._send(Interrupt())

    def stop_now(self) -> None:
        """Cancel turns in flight and end."""
        self._send(StopNow())

    def awaiting(self) -> Mapping[int, ApprovalAsked]:
        """The waves that wait for consent, by number."""
        return dict(self._engine.state.awaiting)

    def edit_faults(self, answer: Decide) -> Sequence[str]:
        """Why the blueprint of an answer may not join; empty when it may."""
        return self._engine.edit_faults(answer)

    def decide(self, answer: Decide) -> None:
        """Answer for a wave that waits for consent."""
        self._send(answer)


def set_going(
    engine: Engine, started: RunStarted, clock: Clock, paths: RunPaths, stack: AsyncExitStack
) -> asyncio.Task[RunResult]:
    """The engine carried out in a task of its own, which ends with the stack at the latest."""
    task = asyncio.create_task(carry_out(engine, started, clock, paths), name=started.run)

    async def end() -> None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    stack.push_async_callback(end)
    return task


async def carry_out(engine: Engine, started: RunStarted, clock: Clock, paths: RunPaths) -> RunResult:
    """Run the engine to its end, let the sinks finish, and say what came of it."""
    begun = clock.monotonic_s()
    try:
        ending = await engine.execute(started)
    finally:
        await asyncio.to_thread(engine.close_sinks)
    state = engine.state
    unended = [node.id for node in state.in_order() if node.id not in state.ended]
    return RunResult(
        run=started.run,
        ending=ending,
        answers=engine.answers(),
        final=tuple(node.id for node in state.final()),
        ended={node.id: state.ended[node.id] for node in state.in_order() if node.id in state.ended},
        cut_short=tuple(name for name in unended if name in state.begun),
        not_started=tuple(name for name in unended if name not in state.begun),
        turns=state.turns,
        reused=state.reused,
        usage=state.usage,
        saved=state.saved,
        refusal=engine.refusal,
        overshoots=engine.overshoots(),
        metrics=state.metrics(),
        waves=len(state.joined),
        waves_ended=tuple(state.waves_ended.values()),
        consent=tuple(sorted(state.awaiting)),
        seconds=clock.monotonic_s() - begun,
        simulated=started.simulated,
        replayed=started.replayed,
        paths=paths,
        silent=engine.silent(),
    )
