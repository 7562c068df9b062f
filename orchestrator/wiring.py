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
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from agentlark.compiled import check_whole, emit, parse_compiled
from agentlark.model import Squad
from orchestrator.backends import health as health_of_backends
from orchestrator.backends.cards import LISTINGS
from orchestrator.backends.rehearsal import Rehearsal, RehearsalOptions
from orchestrator.backends.router import Router
from orchestrator.core.clock import SystemClock
from orchestrator.core.errors import UserError
from orchestrator.core.facts import RunStarted
from orchestrator.core.frozen import digest_of
from orchestrator.core.health import Check
from orchestrator.core.paths import RunPaths
from orchestrator.core.ports import BackendCard, Clock, Journal, Performer, RunRecord, Sink
from orchestrator.core.redact import Redactor
from orchestrator.core.settings import Flags, Settings, settle
from orchestrator.run import health as health_of_run
from orchestrator.run.assignment import assign, backends_of
from orchestrator.run.engine import Engine, Plan, Ports
from orchestrator.run.handle import RunHandle, RunHead, RunResult, carry_out
from orchestrator.run.inbox import QueueInbox
from orchestrator.run.squads import redacted
from orchestrator.schedule.select import select
from orchestrator.schedule.state import RunState
from orchestrator.sinks.logs import LogSink
from orchestrator.store import health as health_of_store
from orchestrator.store.artifacts import ArtifactProjection, ArtifactSink
from orchestrator.store.folder_lock import FolderLock
from orchestrator.store.journal import AgentFSJournal, JournalReader, open_journal_readonly

CARDS: Mapping[str, BackendCard] = {name: listing.card for name, listing in LISTINGS.items()}


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How to run a squad, beside what the squad says itself."""

    folder: Path = field(default_factory=Path.cwd)
    """Where the journal, the logs and the artifacts go."""
    flags: Flags = field(default_factory=Flags)
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
            slug=now.strftime("run-%Y%m%d-%H%M%S"),
            squad=emit(squad),
            prompt=task,
            settings=_kept(settings),
            simulated=simulated,
            started=now,
        )
        performer = _performers(squad, settings, options.clock)
        stack.push_async_callback(performer.aclose)
        slug = await wired.journal.open_run(record)
        run = _Run(slug, squad, record, RunState(squad), performer, resumed=False)
        yield _launch(run, settings, redactor, options, wired, stack)


@asynccontextmanager
async def resume(slug: str | None, options: RunOptions | None = None) -> AsyncIterator[RunHandle]:
    """A run of the folder taken up where its record ends; None is the last one.

    Flags that are given replace the recorded ones. Raises as `start` does, and UserError when there is
    nothing to resume.
    """
    options = options or RunOptions()
    if not RunPaths(options.folder).journal.is_file():
        raise UserError(f"there is no run in {options.folder}", "start one with `agentlark run --prompt …`")
    async with AsyncExitStack() as stack:
        wired = await _open(options, stack)
        record = find_run(wired.journal, slug)
        squad = parse_compiled(record.squad, record.slug)
        settings = settle(_with_recorded(options.flags, record.settings), options.environ)
        state = RunState(squad)
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


def open_reader(folder: Path) -> JournalReader:
    """The journal of a folder, to read only, also during a run. Raises UserError if there is none."""
    path = RunPaths(folder).journal
    if not path.exists():
        raise UserError(f"there is no run in {folder}", "start one with `agentlark run --prompt …`")
    return open_journal_readonly(path)


def last_state(journal: JournalReader, slug: str | None) -> tuple[str, RunState]:
    """The slug of a run (the last one for None) and the state its facts add up to."""
    record = find_run(journal, slug)
    state = RunState(parse_compiled(record.squad, record.slug))
    for _, fact in journal.facts(record.slug):
        state.apply(fact)
    return record.slug, state


def examine(folder: Path) -> list[Check]:
    """What `doctor` reports: every room's own checks."""
    settings = settle(Flags())
    return [
        *health_of_run.examine(),
        *health_of_backends.examine(settings),
        *health_of_store.examine(RunPaths(folder)),
    ]


def find_run(journal: Journal | JournalReader, slug: str | None) -> RunRecord:
    """The record of a run, the last one for None. Raises UserError when there is none."""
    records = journal.runs()
    found = [record for record in records if slug in (None, record.slug)]
    if found:
        return found[-1]
    known = ", ".join(record.slug for record in records[-5:])
    raise UserError(
        f"there is no run {slug!r} here" if slug else "there is no run here",
        f"the last ones are {known}" if known else "start one with `agentlark run --prompt …`",
    )


@dataclass(frozen=True, slots=True)
class _Wired:
    """What is open while a run lasts."""

    paths: RunPaths
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
    paths = RunPaths(options.folder)
    lock = FolderLock(paths.lock)
    stack.callback(lock.release)
    journal = AgentFSJournal(paths.journal)
    stack.push_async_callback(journal.close)
    return _Wired(paths, journal, lock)


def _launch(
    run: _Run,
    settings: Settings,
    redactor: Redactor,
    options: RunOptions,
    wired: _Wired,
    stack: AsyncExitStack,
) -> RunHandle:
    wired.lock.name(run.slug)
    projection = ArtifactProjection(wired.paths.artifacts)
    stack.callback(projection.close)
    head = RunHead(
        run=run.slug,
        backends=backends_of(run.squad, settings),
        unknown=tuple(run.state.unknown.values()),
        simulated=run.record.simulated,
        done=tuple(node.id for node in run.state.in_order() if run.state.has_done(node.id)),
    )
    inbox = QueueInbox()
    roles = {node.id: node.agent.role for node in run.state.in_order()}
    sinks: list[Sink] = [
        LogSink(wired.paths.logs, roles, wired.journal.body),
        ArtifactSink(projection, wired.journal, run.slug),
        *options.sinks(head, run.squad),
    ]
    engine = Engine(
        Plan(
            slug=run.slug,
            task=run.record.prompt,
            jobs=settings.jobs,
            fail_fast=settings.fail_fast,
            assign=lambda agent: assign(agent, settings, CARDS),
        ),
        run.state,
        Ports(wired.journal, run.performer, options.clock, inbox, sinks, redactor),
    )
    started = RunStarted(
        run=run.slug,
        prompt=digest_of(run.record.prompt.encode()),
        squad=digest_of(run.record.squad.encode()),
        simulated=run.record.simulated,
        resumed=run.resumed,
        at=options.clock.now(),
    )
    task = asyncio.create_task(carry_out(engine, started, options.clock, wired.paths), name=run.slug)
    stack.push_async_callback(_end, task)
    return RunHandle(head, engine, wired.journal, inbox, task)


async def _end(task: asyncio.Task[RunResult]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _check(squad: Squad, settings: Settings) -> bool:
    """Whether the squad's answers will be simulated. Raises UserError when it cannot be run so."""
    for agent in squad.agents():
        assign(agent, settings, CARDS)
    needed = backends_of(squad, settings)
    for name, choice in needed.items():
        variable = LISTINGS[name].key_variable
        if variable and variable not in settings.credentials:
            raise UserError(
                f"the backend {name} (from {choice.origin}) needs a key, and {variable} is not set",
                f"set {variable}, or rehearse without one: --backend rehearsal",
            )
    simulated = [name for name in needed if CARDS[name].simulated]
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


def _kept(settings: Settings) -> dict[str, str]:
    """The settings that a resumed run takes over; never a credential."""
    kept = {
        "backend": settings.backend.value if settings.backend else "",
        "fallback": settings.fallback.value,
        "model": settings.model.value if settings.model else "",
        "base_url": settings.base_url.value if settings.base_url else "",
        "jobs": str(settings.jobs),
        "fail_fast": json.dumps(settings.fail_fast),
        "rehearsal_delay_s": str(settings.rehearsal_delay_s),
    }
    return {name: value for name, value in kept.items() if value}


def _with_recorded(flags: Flags, kept: Mapping[str, str]) -> Flags:
    return Flags(
        backend=flags.backend or kept.get("backend"),
        fallback=kept.get("fallback"),
        model=flags.model or kept.get("model"),
        base_url=flags.base_url or kept.get("base_url"),
        jobs=flags.jobs or int(kept["jobs"]),
        fail_fast=flags.fail_fast or kept.get("fail_fast") == "true",
        rehearsal_delay_s=flags.rehearsal_delay_s or float(kept.get("rehearsal_delay_s", 0)),
        rehearsal_fail_once=flags.rehearsal_fail_once,
    )
