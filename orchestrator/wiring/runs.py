"""Runs of a folder, new and resumed; the command line uses nothing else to run a squad, and neither need you:

squad = agentlark.compile_file("configs/agents.lark").squad
async with orchestrator.start(squad, prompt="Ship the MVP") as run:
    async for number, item in run.events():
        ...
    result = await run.result()
print(result.answer)
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

from agentlark.compiled import check_whole, emit
from agentlark.model import Squad
from orchestrator.backends.cassette.player import CassettePlayer
from orchestrator.core.clock import SystemClock
from orchestrator.core.errors import UserError
from orchestrator.core.facts import Notice, RunStarted
from orchestrator.core.frozen import digest_of
from orchestrator.core.paths import RunPaths
from orchestrator.core.places import PlaceFlags, Places
from orchestrator.core.ports import Clock, Performer, RunRecord, Sink
from orchestrator.core.redact import Redactor
from orchestrator.core.settings import Flags, Settings, settle
from orchestrator.run.assignment import assign, backends_of
from orchestrator.run.drift import SquadOrigin, drift, kept_origin
from orchestrator.run.engine import Engine, Plan, Ports
from orchestrator.run.given import Memory, kept_memory, memory_in
from orchestrator.run.handle import RunHandle, RunHead, set_going
from orchestrator.run.records import kept_settings
from orchestrator.run.spending import notes_on
from orchestrator.run.squads import SquadSource, redacted
from orchestrator.schedule.budget import Ledger
from orchestrator.schedule.conduct import conducts_of
from orchestrator.schedule.growth import Caps
from orchestrator.schedule.select import select
from orchestrator.schedule.state import RunState
from orchestrator.sinks.logs import LogSink
from orchestrator.store.artifacts import ArtifactProjection, ArtifactSink
from orchestrator.store.artifacts.upkeep import bring_up_to_date
from orchestrator.store.inbox import FolderInbox
from orchestrator.store.remote import MirrorSink
from orchestrator.wiring.answering import CARDS, check_answerable, performers
from orchestrator.wiring.given import inputs_of, memory_of
from orchestrator.wiring.opening import OpenFolder, open_artifacts, open_folder
from orchestrator.wiring.reading import RecordedRun, places_of, recorded_run
from orchestrator.wiring.spending import Spending, spending_of
from orchestrator.wiring.tapes import Tapes, recorders
from orchestrator.wiring.telemetry import check_telemetry, telemetry_sinks


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
    source: SquadSource | None = None
    """The file that the squad came from; a run that is taken up again looks whether it is still the same."""
    ignores_changes: bool = False
    """Go on with the recorded squad, whatever its file says now."""
    tapes: Tapes = field(default_factory=Tapes)
    """A cassette to record on, and one that answers under the settings that it was recorded with."""
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
    settings = settle(options.tapes.onto(options.flags), options.environ)
    redactor = Redactor(settings.secrets)
    check_whole(squad, "the squad")
    squad = redacted(select(squad, options.agents, options.groups, options.with_deps), redactor)
    task = redactor.text(prompt)
    if not task.strip():
        raise UserError("the prompt is empty", "say what the squad should do: --prompt TEXT")
    simulated = check_answerable(squad, settings, needs_keys=options.tapes.replay is None)
    said = check_telemetry(settings)
    now = options.clock.now()
    async with AsyncExitStack() as stack:
        opened = open_folder(places_of(options.folder, options.places, options.environ), stack)
        said += bring_up_to_date(opened.places.paths) if _remembers(squad, options.tapes) else ()
        remembered = _remembered(squad, opened.places.paths, redactor, options.tapes, simulated=simulated)
        artifacts = open_artifacts(opened.places, stack)
        record = RunRecord(
            slug=opened.places.session or now.strftime("run-%Y%m%d-%H%M%S"),
            squad=emit(squad),
            prompt=task,
            settings=kept_settings(settings)
            | options.tapes.kept()
            | _kept_origin(options, redactor)
            | kept_memory(remembered),
            simulated=simulated,
            started=now,
        )
        is_billed = not simulated and options.tapes.replay is None
        spending = spending_of(squad, settings, Ledger(), is_billed=is_billed)
        answers = _answers(squad, settings, options.clock, options.tapes, stack)
        slug = await opened.journal.open_run(record)
        record = record.model_copy(update={"slug": slug})
        run = RecordedRun(record, squad, settings, RunState(squad, conducts_of(squad, settings.asked)))
        yield _launch(run, _Means(opened, artifacts, answers, spending, said), options, stack)


@asynccontextmanager
async def resume(
    run: str | RecordedRun | None = None, options: RunOptions | None = None
) -> AsyncIterator[RunHandle]:
    """A run of the folder taken up where its record ends; None is the last one.

    Flags that are given replace the recorded ones; a run that has been read already was read with them.
    Raises as `start` does, and UserError when there is nothing to resume.
    """
    options = options or RunOptions()
    places = places_of(options.folder, options.places, options.environ)
    if not places.paths.journal.is_file():
        raise UserError(f"there is no run in {options.folder}", "start one with `agentlark run --prompt …`")
    async with AsyncExitStack() as stack:
        opened = open_folder(places, stack)
        artifacts = open_artifacts(places, stack)
        if isinstance(run, RecordedRun):
            run.catch_up(opened.journal)
        else:
            run = recorded_run(opened.journal, run, options.flags, options.environ)
        record, settings = run.record, run.settings
        if run.state.ending is not None and run.state.ending.ending == "done":
            raise UserError(f"{record.slug} is finished: there is nothing to resume", "start a new run")
        tapes = options.tapes.of(record)
        if check_answerable(run.squad, settings, needs_keys=tapes.replay is None) != record.simulated:
            raise UserError(
                f"{record.slug} was {'' if record.simulated else 'not '}simulated and cannot go on otherwise",
                "resume it with the backend it was started with, or start a new run",
            )
        drifted = drift(record.settings, run.squad, Redactor(settings.secrets))
        if drifted.difference and not options.ignores_changes:
            raise UserError(
                f"the configuration of {record.slug} has changed since it was started:\n{drifted.difference}",
                f"go on as it was recorded: agentlark resume {record.slug} --recorded;"
                " or start anew, which reuses what is unchanged: agentlark run",
            )
        is_billed = not record.simulated and tapes.replay is None
        spending = spending_of(run.squad, settings, run.state.ledger, is_billed=is_billed)
        answers = _answers(run.squad, settings, options.clock, tapes, stack)
        said = check_telemetry(settings) + ((drifted.notice,) if drifted.notice else ())
        yield _launch(run, _Means(opened, artifacts, answers, spending, said), options, stack)


def plan_of(slug: str, task: str, settings: Settings) -> Plan:
    """What a run under these settings is to do."""
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


def _remembers(squad: Squad, tapes: Tapes) -> bool:
    return tapes.replay is None and any(agent.memory for agent in squad.agents())


def _remembered(
    squad: Squad, paths: RunPaths, redactor: Redactor, tapes: Tapes, *, simulated: bool
) -> Memory:
    """What the squad's agents remember in a new run; in a replay, what they did when it was recorded."""
    if tapes.replay is not None:
        return memory_in(tapes.replay.head.settings, f"{tapes.replay.name}, line 1")
    return memory_of(squad, paths, redactor, simulated=simulated)


@dataclass(frozen=True, slots=True)
class _Answers:
    """What answers a run, and the file that its turns are recorded in."""

    performer: Performer
    cassette: CassettePlayer | None
    tape: BinaryIO | None


def _answers(squad: Squad, settings: Settings, clock: Clock, tapes: Tapes, stack: AsyncExitStack) -> _Answers:
    tape = tapes.opened(stack)
    if tapes.replay is not None:
        player = CassettePlayer(tapes.replay, clock)
        return _Answers(player, player, tape)
    router = performers(squad, settings, clock)
    stack.push_async_callback(router.aclose)
    return _Answers(router, None, tape)


def _kept_origin(options: RunOptions, redactor: Redactor) -> dict[str, str]:
    if options.source is None:
        return {}
    origin = SquadOrigin.of(options.source, options.agents, options.groups, options.with_deps)
    return kept_origin(origin, redactor)


@dataclass(frozen=True, slots=True)
class _Means:
    """What a run is carried out with, all of it open before the run is recorded."""

    opened: OpenFolder
    artifacts: ArtifactProjection
    answers: _Answers
    spending: Spending
    notices: tuple[str, ...]


def _launch(run: RecordedRun, means: _Means, options: RunOptions, stack: AsyncExitStack) -> RunHandle:
    """Set a run going, from its first fact or from where its record ends."""
    opened, answers, spending = means.opened, means.answers, means.spending
    record, state, paths = run.record, run.state, opened.places.paths
    opened.lock.name(record.slug)
    memory = memory_in(record.settings, record.slug)
    head = RunHead(
        run=record.slug,
        backends=backends_of(run.squad, run.settings),
        unknown=tuple(state.unknown.values()),
        simulated=record.simulated,
        cassette=answers.cassette.cassette.name if answers.cassette else None,
        notices=(*means.notices, *notes_on(run.squad, spending.budget)),
        done=tuple(node.id for node in state.in_order() if state.has_done(node.id)),
    )
    inbox = FolderInbox(paths.inbox, record.slug, lambda text: engine.show(Notice(text=text)))
    sinks: list[Sink] = [
        LogSink(
            paths.logs,
            {node.id: node.agent.role for node in state.in_order()},
            lambda digest: engine.answer_text(digest),
        ),
        ArtifactSink(means.artifacts, opened.journal, record),
        *_mirrors(opened.places),
        *telemetry_sinks(run.settings, state, opened.journal),
        *recorders(answers.tape, record, kept_settings(run.settings) | kept_memory(memory), opened.journal),
        *options.sinks(head, run.squad),
    ]
    engine = Engine(
        replace(plan_of(record.slug, record.prompt, run.settings), memory=memory, budget=spending.budget),
        state,
        Ports(
            opened.journal,
            answers.performer,
            options.clock,
            inbox,
            sinks,
            Redactor(run.settings.secrets),
            inputs_of(paths),
            replay=answers.cassette,
            prices=spending.prices,
        ),
    )
    started = RunStarted(
        run=record.slug,
        prompt=digest_of(record.prompt.encode()),
        squad=digest_of(record.squad.encode()),
        simulated=record.simulated,
        resumed=run.last > 0,
        replayed=answers.cassette is not None,
        relay=tuple(group.id for group in run.squad.groups if state.conduct(group.id).relay),
        at=options.clock.now(),
    )
    task = set_going(engine, started, options.clock, paths, stack)
    return RunHandle(head, engine, opened.journal, inbox.send, task)


def _mirrors(places: Places) -> list[Sink]:
    return [MirrorSink(places.paths.journal, places.remote)] if places.remote else []
