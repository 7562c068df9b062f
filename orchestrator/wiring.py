"""The one module that names concrete classes and puts them together.

`start` and `resume` give a running `RunHandle`; the command line uses nothing else, and neither need you:

    squad = agentlark.compile_file("configs/agents.lark").squad
    async with orchestrator.start(squad, prompt="Ship the MVP") as run:
        async for number, item in run.events():
            ...
        result = await run.result()
    print(result.answer)
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

from agentlark.blueprint import Blueprint
from agentlark.compiled import check_whole, emit, parse_compiled
from agentlark.model import Squad
from orchestrator.backends import health as health_of_backends
from orchestrator.backends.cards import LISTINGS
from orchestrator.backends.rehearsal import Rehearsal, RehearsalOptions
from orchestrator.backends.router import Router
from orchestrator.core.clock import SystemClock
from orchestrator.core.commands import Command, Decide
from orchestrator.core.errors import UserError
from orchestrator.core.facts import AgentsJoined, Notice, RunStarted
from orchestrator.core.frozen import digest_of
from orchestrator.core.health import Check
from orchestrator.core.paths import RunPaths
from orchestrator.core.places import PlaceFlags, Places, settle_places
from orchestrator.core.ports import BackendCard, Clock, Journal, Performer, RunRecord, Sink
from orchestrator.core.redact import Redactor
from orchestrator.core.settings import Flags, Settings, process_environment, settle
from orchestrator.panes import health as health_of_panes
from orchestrator.run import health as health_of_run
from orchestrator.run.approval import Undecidable, decided, edit_faults
from orchestrator.run.assignment import assign, backends_of
from orchestrator.run.engine import Engine, Plan, Ports
from orchestrator.run.foresight import Forecast, look_ahead
from orchestrator.run.handle import RunHandle, RunHead, RunResult, carry_out
from orchestrator.run.inbox import QueueInbox
from orchestrator.run.records import find_run, kept_settings, with_recorded
from orchestrator.run.squads import redacted
from orchestrator.schedule.conduct import conducts_of
from orchestrator.schedule.growth import Caps
from orchestrator.schedule.history import History, history_of
from orchestrator.schedule.select import select
from orchestrator.schedule.state import RunState
from orchestrator.sinks.logs import LogSink
from orchestrator.store import health as health_of_store
from orchestrator.store.artifacts import ArtifactProjection, ArtifactSink
from orchestrator.store.folder_lock import FolderLock, holder_of
from orchestrator.store.inbox import FolderInbox, leave
from orchestrator.store.journal import AgentFSJournal, JournalReader, open_journal_readonly
from orchestrator.store.remote import MirrorSink

CARDS: Mapping[str, BackendCard] = {name: listing.card for name, listing in LISTINGS.items()}


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How to run a squad, beside what the squad says itself."""

    folder: Path = field(default_factory=Path.cwd)
    """Where the journal, the logs and the artifacts go."""
    flags: Flags = field(default_factory=Flags)
    places: PlaceFlags = field(default_factory=PlaceFlags)
    """Where the journal and the artifacts go instead, and the run's slug."""
    agents: tuple[str, ...] = ()
    """Run only these agents."""
    groups: tuple[str, ...] = ()
    """Run only these groups."""
    with_deps: bool = False
    """Bring in what they depend on."""
    sinks: Callable[[RunHead, Squad], Sequence[Sink]] = lambda head, squad: ()
    """Makes further sinks, once it is known what will run."""
    environ: Mapping[str, str] | None = None
    """The environment to read settings from; the process's own by default."""
    clock: Clock = field(default_factory=SystemClock)


@asynccontextmanager
async def start(squad: Squad, prompt: str, options: RunOptions | None = None) -> AsyncIterator[RunHandle]:
    """A new run of a squad.

    Raises ConfigError for a squad that is wrong in itself, UserError when it cannot be run as asked,
    FolderBusy when another run has the folder, StoreRefused when its files must not be written; nothing has
    been spent then.
    """
    options = options or RunOptions()
    settings = settle(options.flags, options.environ)
    redactor = Redactor(settings.secrets)
    check_whole(squad, "the squad")
    squad = redacted(select(squad, options.agents, options.groups, options.with_deps), redactor)
    task = redactor.text(prompt)
    if not task.strip():
        raise UserError("the prompt is empty", "say what the squad should do: --prompt TEXT")
    simulated = _check(squad, settings)
    now = options.clock.now()
    async with AsyncExitStack() as stack:
        wired = await _open(options, stack)
        record = RunRecord(
            slug=wired.places.session or now.strftime("run-%Y%m%d-%H%M%S"),
            squad=emit(squad),
            prompt=task,
            settings=kept_settings(settings),
            simulated=simulated,
            started=now,
        )
        performer = _performers(squad, settings, options.clock)
        stack.push_async_callback(performer.aclose)
        slug = await wired.journal.open_run(record)
        run = _Run(slug, squad, record, _state(squad, settings), performer, resumed=False)
        yield _launch(run, settings, redactor, options, wired, stack)


@asynccontextmanager
async def resume(slug: str | None, options: RunOptions | None = None) -> AsyncIterator[RunHandle]:
    """A run of the folder taken up where its record ends; None is the last one.

    Flags that are given replace the recorded ones. Raises as `start` does, and UserError when there is
    nothing to resume.
    """
    options = options or RunOptions()
    if not places_of(options.folder, options.places, options.environ).paths.journal.is_file():
        raise UserError(f"there is no run in {options.folder}", "start one with `agentlark run --prompt …`")
    async with AsyncExitStack() as stack:
        wired = await _open(options, stack)
        record = find_run(wired.journal, slug)
        squad = parse_compiled(record.squad, record.slug)
        settings = settle(with_recorded(options.flags, record.settings), options.environ)
        state = _state(squad, settings)
        for _, fact in wired.journal.facts(record.slug):
            state.apply(fact)
        if state.ending is not None and state.ending.ending == "done":
            raise UserError(f"{record.slug} is finished: there is nothing to resume", "start a new run")
        if _check(squad, settings) != record.simulated:
            raise UserError(
                f"{record.slug} was {'' if record.simulated else 'not '}simulated and cannot go on otherwise",
                "resume it with the backend it was started with, or start a new run",
            )
        performer = _performers(squad, settings, options.clock)
        stack.push_async_callback(performer.aclose)
        run = _Run(record.slug, squad, record, state, performer, resumed=True)
        yield _launch(run, settings, Redactor(settings.secrets), options, wired, stack)


@dataclass(frozen=True, slots=True)
class Apart:
    """What a run that is none of the folder's is carried out with."""

    journal: Journal
    """Where it is recorded; whoever gives it closes it."""
    settings: Settings
    backends: Mapping[str, tuple[BackendCard, Performer]] = field(default_factory=dict)
    """Backends of the caller's own, by name, beside those that everybody has."""
    clock: Clock = field(default_factory=SystemClock)


@asynccontextmanager
async def start_apart(squad: Squad, task: str, slug: str, apart: Apart) -> AsyncIterator[RunHandle]:
    """A run beside those of the folder: it takes no lock, writes no logs and leaves no artifacts by itself.

    Raises UserError when the squad cannot be run with these settings, StoreError when it cannot be recorded.
    """
    settings, clock = apart.settings, apart.clock
    own = {name: performer for name, (_, performer) in apart.backends.items()}
    cards = {**CARDS, **{name: card for name, (card, _) in apart.backends.items()}}
    simulated = _check(squad, settings, cards)
    shared = [name for name in backends_of(squad, settings) if name not in own]
    performer = Router({**own, **{name: _performer(name, settings, clock) for name in shared}})
    async with AsyncExitStack() as stack:
        stack.push_async_callback(performer.aclose)
        record = RunRecord(
            slug=slug,
            squad=emit(squad),
            prompt=task,
            settings=kept_settings(settings),
            simulated=simulated,
            started=clock.now(),
        )
        slug = await apart.journal.open_run(record)
        head = RunHead(run=slug, backends=backends_of(squad, settings), unknown=(), simulated=simulated)
        inbox = QueueInbox()
        engine = Engine(
            Plan(
                slug,
                task,
                settings.jobs,
                fail_fast=False,
                assign=lambda agent: assign(agent, settings, cards),
            ),
            RunState(squad),
            Ports(apart.journal, performer, clock, inbox, (), Redactor(settings.secrets)),
        )
        started = RunStarted(
            run=slug,
            prompt=digest_of(task.encode()),
            squad=digest_of(record.squad.encode()),
            simulated=simulated,
            at=clock.now(),
        )
        running = asyncio.create_task(carry_out(engine, started, clock, RunPaths(Path.cwd())), name=slug)
        stack.push_async_callback(_end, running)
        yield RunHandle(head, engine, apart.journal, inbox.send, running)


def places_of(
    folder: Path, flags: PlaceFlags | None = None, environ: Mapping[str, str] | None = None
) -> Places:
    """Where the files of a folder's runs are, as flags and environment say. Raises UserError."""
    environ = process_environment() if environ is None else environ
    return settle_places(folder, flags or PlaceFlags(), environ)


async def foresee(squad: Squad, prompt: str, options: RunOptions | None = None) -> Forecast:
    """What `start` would do, from the record alone: no call, no write. Raises as `start` does."""
    options = options or RunOptions()
    settings = settle(options.flags, options.environ)
    redactor = Redactor(settings.secrets)
    squad = redacted(select(squad, options.agents, options.groups, options.with_deps), redactor)
    plan = _plan("foreseen", redactor.text(prompt), settings)
    conducts = {
        group: replace(conduct, approve=None) for group, conduct in conducts_of(squad, settings.asked).items()
    }
    path = places_of(options.folder, options.places, options.environ).paths.journal
    with ExitStack() as stack:
        reader = stack.enter_context(open_journal_readonly(path)) if path.is_file() else None
        last = find_run(reader, None).slug if reader else None
        state = RunState(squad, conducts)
        return await look_ahead(plan, state, reader, last, options.clock, redactor)


def open_reader(folder: Path, flags: PlaceFlags | None = None) -> JournalReader:
    """The journal of a folder, to read only, also during a run. Raises UserError if there is none."""
    path = places_of(folder, flags).paths.journal
    if not path.exists():
        raise UserError(f"there is no run in {folder}", "start one with `agentlark run --prompt …`")
    return open_journal_readonly(path)


def last_state(journal: JournalReader, slug: str | None) -> tuple[str, RunState]:
    """The slug of a run (the last one for None) and the state its facts add up to."""
    record = find_run(journal, slug)
    settings = settle(with_recorded(Flags(), record.settings))
    state = _state(parse_compiled(record.squad, record.slug), settings)
    for _, fact in journal.facts(record.slug):
        state.apply(fact)
    return record.slug, state


def read_history(journal: JournalReader, slug: str | None) -> tuple[RunRecord, History]:
    """The record of a run (the last one for None) and how it went. Raises UserError when there is none."""
    record = find_run(journal, slug)
    settings = settle(with_recorded(Flags(), record.settings))
    state = _state(_recorded_squad(record.squad), settings)
    return record, history_of(state, (fact for _, fact in journal.facts(record.slug)))


@lru_cache(maxsize=8)
def _recorded_squad(text: str) -> Squad:
    """A squad as it was recorded; the runs of a folder mostly share theirs."""
    return parse_compiled(text, "the recorded squad")


def going_in(folder: Path) -> str | None:
    """The run that is going in a folder; None when none is."""
    holder = holder_of(RunPaths(folder).lock)
    return holder.run if holder else None


def command(folder: Path, slug: str | None, order: Command) -> str | None:
    """Leave a command for the run that is going in a folder; its slug, or None when none is going.

    Raises UserError when another run than the named one is going.
    """
    paths = RunPaths(folder)
    holder = holder_of(paths.lock)
    if holder is None:
        return None
    if slug not in (None, holder.run):
        raise UserError(f"{slug} is not going: {holder.run} is", f"name {holder.run}, or none")
    leave(paths.inbox, holder.run, order)
    return holder.run


@dataclass(frozen=True, slots=True)
class WaitingWave:
    """A wave that waits for consent."""

    run: str
    joining: AgentsJoined
    faults: Callable[[Blueprint], list[str]]
    """Why an edited blueprint may not join in its place."""


def waiting(folder: Path, slug: str | None, wave: int | None) -> WaitingWave:
    """The wave of a run that waits for consent. Raises UserError when none does, or several do."""
    with open_reader(folder) as journal:
        record = find_run(journal, slug)
        settings = settle(with_recorded(Flags(), record.settings))
        run, state = last_state(journal, slug)
    asked = [number for number in sorted(state.awaiting) if wave in (None, number)]
    listed = ", ".join(map(str, sorted(state.awaiting)))
    if not asked:
        which = "no wave waits" if wave is None else f"wave {wave} does not wait"
        raise UserError(f"{run}: {which} for consent", f"waves that do: {listed or 'none'}")
    if len(asked) > 1:
        raise UserError(f"{run}: several waves wait for consent", f"name one with --wave: {listed}")

    def faults(blueprint: Blueprint) -> list[str]:
        edited = Decide(wave=asked[0], approved=True, blueprint=blueprint)
        return list(edit_faults(edited, state, Caps(settings.max_agents, settings.max_depth)))

    return WaitingWave(run, state.awaiting[asked[0]].joining, faults)


def decide(folder: Path, slug: str, answer: Decide) -> bool:
    """Answer for a waiting wave; True when a process carries the run on, False when it is to be resumed."""
    if command(folder, slug, answer) is not None:
        return True
    asyncio.run(_decide(folder, slug, answer))
    return False


async def _decide(folder: Path, slug: str, answer: Decide) -> None:
    async with AsyncExitStack() as stack:
        wired = await _open(RunOptions(folder=folder), stack)
        record = find_run(wired.journal, slug)
        settings = settle(with_recorded(Flags(), record.settings))
        state = _state(parse_compiled(record.squad, record.slug), settings)
        for _, fact in wired.journal.facts(slug):
            state.apply(fact)
        caps = Caps(settings.max_agents, settings.max_depth)
        try:
            facts = decided(answer, state, caps, SystemClock().now())
        except Undecidable as error:
            raise UserError(str(error), f"look at it: agentlark show --run {slug}") from error
        await wired.journal.commit(slug, facts, {})
        if find_run(wired.journal, None).slug == slug:  # the logs are those of the last run
            log = LogSink(wired.places.paths.logs, _roles(state), wired.journal.body)
            for fact in facts:
                log.see(None, fact)
            log.close()


def examine(folder: Path) -> list[Check]:
    """What `doctor` reports: every room's own checks."""
    settings = settle(Flags())
    return [
        *health_of_run.examine(),
        *health_of_panes.examine(),
        *health_of_backends.examine(settings),
        *health_of_store.examine(places_of(folder).paths),
    ]


@dataclass(frozen=True, slots=True)
class _Wired:
    """What is open while a run lasts."""

    places: Places
    journal: AgentFSJournal
    lock: FolderLock


@dataclass(frozen=True, slots=True)
class _Run:
    """One run, new or resumed, before it goes."""

    slug: str
    squad: Squad
    record: RunRecord
    state: RunState
    performer: Performer
    resumed: bool


async def _open(options: RunOptions, stack: AsyncExitStack) -> _Wired:
    places = places_of(options.folder, options.places, options.environ)
    lock = FolderLock(places.paths.lock)
    stack.callback(lock.release)
    journal = AgentFSJournal(places.paths.journal if places.paths.keeps_trail else None)
    stack.push_async_callback(journal.close)
    return _Wired(places, journal, lock)


def _launch(
    run: _Run,
    settings: Settings,
    redactor: Redactor,
    options: RunOptions,
    wired: _Wired,
    stack: AsyncExitStack,
) -> RunHandle:
    wired.lock.name(run.slug)
    projection = ArtifactProjection(wired.places.paths.artifacts)
    stack.callback(projection.close)
    head = RunHead(
        run=run.slug,
        backends=backends_of(run.squad, settings),
        unknown=tuple(run.state.unknown.values()),
        simulated=run.record.simulated,
        done=tuple(node.id for node in run.state.in_order() if run.state.has_done(node.id)),
    )
    inbox = FolderInbox(wired.places.paths.inbox, run.slug, lambda text: engine.show(Notice(text=text)))
    sinks: list[Sink] = [
        LogSink(wired.places.paths.logs, _roles(run.state), wired.journal.body),
        ArtifactSink(projection, wired.journal, run.slug),
        *_mirrors(wired.places),
        *options.sinks(head, run.squad),
    ]
    engine = Engine(
        _plan(run.slug, run.record.prompt, settings),
        run.state,
        Ports(wired.journal, run.performer, options.clock, inbox, sinks, redactor),
    )
    started = RunStarted(
        run=run.slug,
        prompt=digest_of(run.record.prompt.encode()),
        squad=digest_of(run.record.squad.encode()),
        simulated=run.record.simulated,
        resumed=run.resumed,
        relay=tuple(group.id for group in run.squad.groups if run.state.conduct(group.id).relay),
        at=options.clock.now(),
    )
    task = asyncio.create_task(carry_out(engine, started, options.clock, wired.places.paths), name=run.slug)
    stack.push_async_callback(_end, task)
    return RunHandle(head, engine, wired.journal, inbox.send, task)


def _mirrors(places: Places) -> list[Sink]:
    return [MirrorSink(places.paths.journal, places.remote)] if places.remote else []


def _plan(slug: str, task: str, settings: Settings) -> Plan:
    return Plan(
        slug=slug,
        task=task,
        jobs=settings.jobs,
        fail_fast=settings.fail_fast,
        assign=lambda agent: assign(agent, settings, CARDS),
        caps=Caps(settings.max_agents, settings.max_depth),
        concise=settings.concise != "off",
        fresh=settings.fresh.applies_to,
        measures=settings.debug_prompt,
    )


def _state(squad: Squad, settings: Settings) -> RunState:
    return RunState(squad, conducts_of(squad, settings.asked))


def _roles(state: RunState) -> dict[str, str]:
    return {node.id: node.agent.role for node in state.in_order()}


async def _end(task: asyncio.Task[RunResult]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _check(squad: Squad, settings: Settings, cards: Mapping[str, BackendCard] = CARDS) -> bool:
    """Whether the squad's answers will be simulated. Raises UserError when it cannot be run so."""
    for agent in squad.agents():
        assign(agent, settings, cards)
    needed = backends_of(squad, settings)
    for name, choice in needed.items():
        variable = LISTINGS[name].key_variable if name in LISTINGS else None
        if variable and variable not in settings.credentials:
            raise UserError(
                f"the backend {name} (from {choice.origin}) needs a key, and {variable} is not set",
                f"set {variable}, or rehearse without one: --backend rehearsal",
            )
    simulated = [name for name in needed if cards[name].simulated]
    if simulated and len(simulated) < len(needed):
        raise UserError(
            f"simulated and real answers cannot be mixed: {', '.join(sorted(needed))}",
            "a simulated answer never feeds a real backend: choose one for all with --backend",
        )
    return bool(simulated)


def _performers(squad: Squad, settings: Settings, clock: Clock) -> Router:
    return Router({name: _performer(name, settings, clock) for name in backends_of(squad, settings)})


def _performer(name: str, settings: Settings, clock: Clock) -> Performer:
    if name == "rehearsal":
        return Rehearsal(
            clock,
            RehearsalOptions(delay_s=settings.rehearsal_delay_s, fail_once=settings.rehearsal_fail_once),
        )
    from orchestrator.backends.anthropic_api import AnthropicBackend

    base_url = settings.base_url.value if settings.base_url else LISTINGS[name].base_url
    assert base_url is not None
    return AnthropicBackend(settings.credentials["ANTHROPIC_API_KEY"], base_url)
