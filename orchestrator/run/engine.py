"""The run loop: asks the state who is ready, starts engagements, and ends when nobody is left.

An agent starts the moment its last dependency has ended; nothing waits for a whole layer. The loop wakes
when an engagement ends and looks only at what that made ready. When all of a group have ended, its wave
policies say whether it goes on. Facts go one way: committed to the journal, applied to the state, shown to
the sinks.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, assert_never

from agentlark.model import Agent
from orchestrator.core.commands import Decide, Interrupt, StopNow
from orchestrator.core.errors import StoreError
from orchestrator.core.facts import (
    AgentsEngaged,
    Fact,
    InterruptAsked,
    NodeEnded,
    NodeEnding,
    Notice,
    RunEnded,
    RunEnding,
    RunStarted,
    Signal,
    TurnEnded,
    WavesEnded,
)
from orchestrator.core.frozen import Digest, digest_of
from orchestrator.core.ports import Admission, Clock, Inbox, Journal, Performer, Prices, Replay, Sink
from orchestrator.core.redact import Redactor
from orchestrator.core.turn import Answer, Done, TurnInput
from orchestrator.run.approval import Undecidable, decided, edit_faults
from orchestrator.run.assignment import Assignment
from orchestrator.run.engagement import Engagement
from orchestrator.run.gate import Gate
from orchestrator.run.given import Memory, ReadInputs, given_to, no_inputs
from orchestrator.run.lent import Found, Interrupted, Lent
from orchestrator.run.surroundings import Answers, surroundings
from orchestrator.schedule.budget import Budget, Refusal, overshoots
from orchestrator.schedule.growth import Caps
from orchestrator.schedule.node import Node
from orchestrator.schedule.state import RunState
from orchestrator.schedule.summary import interrupt_summary
from orchestrator.schedule.waves import Engage, after_wave


@dataclass(frozen=True, slots=True)
class Ports:
    """What a run needs from outside."""

    journal: Journal
    performer: Performer
    clock: Clock
    inbox: Inbox
    sinks: Sequence[Sink]
    redactor: Redactor
    read_inputs: ReadInputs = no_inputs
    """Reads the files that agents declare."""
    replay: Replay | None = None
    """What stands in for the record of other runs when a cassette answers."""
    prices: Prices | None = None
    """What turns cost; None where nothing is billed, or nobody knows."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run is to do: under which slug, for which task, how many at once, and who answers whom."""

    slug: str
    task: str
    jobs: int
    fail_fast: bool
    assign: Callable[[Agent], Assignment]
    caps: Caps = field(default_factory=Caps)
    concise: bool = False
    """One turn per agent, of one sentence."""
    fresh: Callable[[str], bool] = lambda agent: False
    """Whether an agent's turns are to be sent though other runs have recorded their answers."""
    memory: Memory = field(default_factory=dict)
    """What agents remember."""
    measures: bool = False
    """Whether the size of each prompt is shown before it is sent."""
    budget: Budget | None = None
    """What may be spent; None bounds nothing, not even what agents say of themselves."""


class Engine:
    """One run from its first fact to its last. `state` is the fold so far; use `execute` once."""

    def __init__(self, plan: Plan, state: RunState, ports: Ports) -> None:
        self.state = state
        self.sinks = list(ports.sinks)
        self.is_over = False
        self._muted: list[str] = []
        self._plan = plan
        self._ports = ports
        self._tasks: dict[asyncio.Task[None], Node] = {}
        self._finished: deque[asyncio.Task[None]] = deque()
        self._slots = asyncio.Semaphore(plan.jobs)
        self._changed = asyncio.Event()
        self._ending = asyncio.Event()
        """Set once nothing new may start: after a command, a cap, or a failure under fail-fast."""
        self._noted: list[Fact] = []
        """What is applied and still to be committed."""
        self._failure: BaseException | None = None
        """Why something could not be recorded."""
        self.refusal: Refusal | None = None
        """The cap that ended the run."""
        self._resumed = False
        self._interrupted = False
        self._stopped = False
        self._answers = Answers(self.state, ports.journal.body)
        self._gate = Gate(plan.budget, state, ports.prices, ports.clock, self._cap, self._note)
        self._lent = Lent(
            run=plan.slug,
            recorder=self,
            performer=ports.performer,
            admission=ports.performer if isinstance(ports.performer, Admission) else None,
            clock=ports.clock,
            redactor=ports.redactor,
            given=lambda agent: given_to(agent, ports.read_inputs, plan.memory, ports.redactor),
            recorded=self._recorded,
            may_start=lambda: not self._ending.is_set(),
            state=self.state,
            is_replay=ports.replay is not None,
            measures=plan.measures,
            gate=self._gate,
            idle=self._idle,
        )

    async def execute(self, started: RunStarted) -> RunEnded:
        """Run until nothing is left to do; gives the fact that ended the run.

        Raises what the journal raises when it can no longer record: then nothing new is started.
        """
        self._resumed = started.resumed
        self._gate.open()
        await self.record([started])
        others = [asyncio.create_task(self._obey()), asyncio.create_task(self._watch_deadline())]
        try:
            await self._loop()
        finally:
            for other in others:
                other.cancel()
            await self._cancel_tasks()
            await asyncio.gather(*others, return_exceptions=True)
        ended = self._ended()
        await self.record([ended])
        return ended

    def answers(self) -> dict[str, str]:
        """The output of every node that has one, by id, in the DAG's order."""
        outputs = ((node.id, self._answers.of(node.id)) for node in self.state.in_order())
        return {name: text for name, text in outputs if text is not None}

    def answer_text(self, digest: Digest) -> str:
        """The text of a recorded answer; any thread may ask."""
        return self._answers.text(digest)

    def overshoots(self) -> list[str]:
        """Caps that were exceeded all the same, in words."""
        budget = self._plan.budget
        return [] if budget is None else overshoots(budget, self.state.in_order(), self.state.ledger)

    def close_sinks(self) -> None:
        """Tell every sink that nothing more will come; returns when they have finished."""
        self.is_over = True
        for sink in list(self.sinks):  # listeners take themselves away meanwhile
            try:
                sink.close()
            except Exception as error:
                self._mute(sink, error)

    def silent(self) -> tuple[str, ...]:
        """The sinks that failed on the way, each with the reason."""
        quiet = (f"{sink.name}: {sink.failure}" for sink in self.sinks if sink.failure is not None)
        return (*self._muted, *quiet)

    async def record(self, facts: Sequence[Fact], bodies: Mapping[Digest, bytes] | None = None) -> None:
        """Commit facts; returns when they are durable, applied and shown to the sinks.

        A caller that is cancelled meanwhile (stopped, or past its deadline) does not take them back: they are
        applied and shown when they are durable.
        """
        self._commit_noted()
        if self._failure is not None:
            raise self._failure
        committing = self._commit(facts, bodies or {}, applied=False)
        try:
            await asyncio.shield(committing)
        except asyncio.CancelledError:
            await _until_ended(committing)
            raise

    def note(self, facts: Sequence[Fact], texts: Mapping[Digest, str]) -> None:
        """Apply facts at once and let them become durable meanwhile: those that follow from the record alone.

        Whoever records something later has these before it. A failure to record them ends the run. What is
        noted in one turn of the event loop is committed together.
        """
        for fact in facts:
            self.state.apply(fact)
            if isinstance(fact, NodeEnded) and fact.output is not None and fact.output in texts:
                self._answers.keep(fact.output, texts[fact.output])
        if not self._noted:
            asyncio.get_running_loop().call_soon(self._commit_noted)
        self._noted += facts

    def _commit_noted(self) -> None:
        if not self._noted:
            return
        facts, self._noted = self._noted, []
        try:
            self._commit(facts, {}, applied=True)
        except StoreError as error:  # nothing can be written any more
            self._failure = error
            self._changed.set()

    def _commit(
        self, facts: Sequence[Fact], bodies: Mapping[Digest, bytes], *, applied: bool
    ) -> asyncio.Future[int]:
        committing = asyncio.ensure_future(self._ports.journal.commit(self._plan.slug, facts, bodies))

        def committed(future: asyncio.Future[int]) -> None:
            if future.cancelled():
                return
            if (error := future.exception()) is not None:
                self._failure = error
                self._changed.set()
                return
            for seq, fact in enumerate(facts, start=future.result() - len(facts) + 1):
                if not applied:
                    self._apply(fact, bodies)
                self._tell(seq, fact)

        if committing.done():
            committed(committing)  # its callbacks would come after whoever awaits it
        else:
            committing.add_done_callback(committed)
        return committing

    def _apply(self, fact: Fact, bodies: Mapping[Digest, bytes]) -> None:
        self.state.apply(fact)
        if isinstance(fact, NodeEnded) and fact.output is not None and fact.output in bodies:
            text = Done.model_validate_json(bodies[fact.output]).message.text
            self._answers.keep(fact.output, text)  # dependents need not read it back
        if isinstance(fact, TurnEnded):
            self._gate.look()

    def show(self, signal: Signal) -> None:
        """Show a signal to the sinks."""
        self._tell(None, signal)

    def _tell(self, seq: int | None, item: Fact | Signal) -> None:
        for sink in self.sinks:
            try:
                sink.see(seq, item)
            except Exception as error:  # whatever is wrong with a sink, it never stops a run
                self._mute(sink, error)

    def _mute(self, sink: Sink, error: Exception) -> None:
        self._muted.append(f"{sink.name}: {error}")
        self.sinks = [each for each in self.sinks if each is not sink]

    async def _loop(self) -> None:
        while True:
            self._changed.clear()
            await self._block()
            await self._start_ready()
            if not self._tasks and not self._waits_for_consent:
                if not await self._go_on():
                    return
                continue
            await self._changed.wait()
            if self._failure is not None:
                raise self._failure
            self._reap()

    @property
    def _waits_for_consent(self) -> bool:
        return bool(self.state.awaiting) and not self._ending.is_set()

    async def _go_on(self) -> bool:
        """Add what comes after the current group's last node, or close the group; False at the end.

        A run that was asked to end after the last turn of all still closes its groups, and is done.
        """
        group = self.state.group
        if group is None or not self.state.group_has_ended:
            return False
        step = after_wave(self.state, group, self._plan.caps)
        now = self._ports.clock.now()
        if isinstance(step, Engage):
            if self._ending.is_set():
                return False
            tags = self.state.conduct(group).tags
            wave = self.state.waves + 1
            engaged = AgentsEngaged(
                wave=wave, group=group, purpose=step.purpose, agents=step.agents, tags=tags, at=now
            )
            await self.record([engaged])
            return True
        if step is not None:
            await self.record([WavesEnded(group=group, ending=step.ending, reason=step.reason, at=now)])
        self.state.close_group()
        return True

    async def _start_ready(self) -> None:
        while not self._slots.locked() and not self._ending.is_set():
            node = self.state.take_ready()
            if node is None:
                return
            if (unasked := self.state.unasked(node)) is not None:
                await self._end_unasked(node, *unasked)
                continue
            await self._slots.acquire()
            task = asyncio.create_task(self._engage(node), name=node.id)
            self._tasks[task] = node
            task.add_done_callback(self._take_note)

    def _take_note(self, task: asyncio.Task[None]) -> None:
        self._finished.append(task)
        self._slots.release()
        self._changed.set()

    def _reap(self) -> None:
        """Take note of engagements that ended."""
        while self._finished:
            task = self._finished.popleft()
            node = self._tasks.pop(task)
            if not task.cancelled() and (error := task.exception()) is not None:
                if not isinstance(error, Interrupted):
                    raise error
            elif self._plan.fail_fast and self.state.has_failed(node.id):
                self._close()

    async def _block(self) -> None:
        """Record who can never run: below a failure, or below a baton that came without its note."""
        now = self._ports.clock.now()
        facts = [
            NodeEnded(node=node.id, ending="blocked", reason=reason, at=now)
            for node, reason in self.state.take_blocked()
        ]
        if facts:
            await self.record(facts)

    async def _end_unasked(self, node: Node, ending: NodeEnding, reason: str) -> None:
        await self.record([NodeEnded(node=node.id, ending=ending, reason=reason, at=self._ports.clock.now())])
        await self._block()

    async def _engage(self, node: Node) -> None:
        plan = self._plan
        around = surroundings(
            node, self.state, self._answers, task=plan.task, caps=plan.caps, concise=plan.concise
        )
        await Engagement(node, around, plan.assign(node.agent), self._lent).act()

    async def _recorded(self, turn: TurnInput, key: Digest) -> Found | None:
        """What is recorded under a key: by this run, if it was resumed, or by any other.

        When a cassette is replayed, it stands in for other runs.
        A turn that may have changed files outside a tree of its own is not answered by another run's record.
        """
        journal = self._ports.journal
        if self._resumed and (own := await journal.find(key, self._plan.slug)) is not None:
            return Found(own, is_own=True)
        if self._ports.replay is not None:
            taped = self._ports.replay.recalled(key)
            return None if taped is None else Found(Answer(taped, digest_of(taped.encoded())), is_own=False)
        if self._plan.fresh(turn.agent) or (turn.tools and turn.tree is None):
            return None
        found = await journal.find(key, None)
        return None if found is None else Found(found, is_own=False)

    async def _idle(self, awaited: Awaitable[None]) -> None:
        """Wait for something without a job slot, at most until nothing new may start."""
        self._slots.release()
        self._changed.set()
        waits: list[asyncio.Future[Any]] = [
            asyncio.ensure_future(awaited),
            asyncio.ensure_future(self._ending.wait()),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)
            await self._slots.acquire()

    async def _obey(self) -> None:
        while True:
            command = await self._ports.inbox.next()
            match command:
                case Interrupt():
                    await self._interrupt()
                case StopNow():
                    self._stopped = True
                    self._close()
                    for task in self._tasks:
                        task.cancel()
                case Decide():
                    await self._decide(command)
                case _:
                    assert_never(command)
            self._changed.set()

    def _close(self) -> None:
        """Let nothing new start."""
        self._ending.set()
        self._gate.close()

    def _cap(self, refusal: Refusal) -> None:
        self.refusal = refusal
        self._close()
        self._changed.set()

    def _note(self, text: str) -> None:
        self.show(Notice(text=text))

    async def _watch_deadline(self) -> None:
        """End the run at its deadline, even if all it does is to wait for a quota or a person."""
        if self._gate.deadline_in_s is not None:
            await self._ports.clock.sleep(self._gate.deadline_in_s)
            self._gate.expire()

    async def _interrupt(self) -> None:
        if self._interrupted:
            return
        self._interrupted = True
        self._close()
        running = {node.id for node in self._tasks.values()}
        summary = interrupt_summary(self._plan.slug, self.state, running)
        await self.record([InterruptAsked(summary=summary, at=self._ports.clock.now())])

    async def _decide(self, command: Decide) -> None:
        try:
            facts = decided(command, self.state, self._plan.caps, self._ports.clock.now())
        except Undecidable as error:
            self.show(Notice(text=str(error)))
        else:
            await self.record(facts)

    def edit_faults(self, command: Decide) -> Sequence[str]:
        """Why a person's blueprint may not join; empty when it may."""
        return edit_faults(command, self.state, self._plan.caps)

    async def _cancel_tasks(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _ended(self) -> RunEnded:
        ending, reason = self._judge()
        return RunEnded(ending=ending, reason=reason, at=self._ports.clock.now())

    def _judge(self) -> tuple[RunEnding, str | None]:
        if self._stopped and not self.state.is_closed:
            return "stopped", "stopped at once"
        if self._interrupted and not self.state.is_closed:
            return "interrupted", "interrupted"
        if self.refusal is not None and not self.state.is_closed:
            return "capped", str(self.refusal)
        failed = [name for name, end in self.state.ended.items() if end.ending == "failed"]
        if failed:
            return "failed", f"failed: {', '.join(failed)}"
        if self.state.refused:
            return "failed", f"blueprint refused: {', '.join(self.state.refused)}"
        blocked = [name for name, end in self.state.ended.items() if end.ending == "blocked"]
        if blocked:
            return "failed", f"blocked: {', '.join(blocked)}"
        if not self.state.is_over:
            waiting = [name for name in self.state.nodes if name not in self.state.ended]
            return "failed", f"never ready: {', '.join(waiting)}"
        return "done", None


async def _until_ended(future: asyncio.Future[int]) -> None:
    """Return when the future has ended, however often the caller is cancelled meanwhile."""
    while not future.done():
        with suppress(asyncio.CancelledError):
            await asyncio.wait([future])
