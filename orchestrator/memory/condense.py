"""Condensing: light summaries in place of older artifacts, which stay and are marked.

A pass is recorded in the memory's own journal before anything is asked: which summariser has which
artifacts. Each answer is a summary the moment it is recorded, so a kill leaves whole summaries or none; what
had none is gathered again by the next pass, and nothing is paid for twice. The artifact file follows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from filelock import FileLock, Timeout

from agentlark.diagnostics import visible
from orchestrator.core.errors import FolderBusy, StoreError, StoreRefused, UserError
from orchestrator.core.paths import RunPaths
from orchestrator.core.ports import BackendCard, Clock, Performer, RunRecord
from orchestrator.core.settings import Choice, Settings
from orchestrator.memory.grouping import gatherings
from orchestrator.memory.shelf import Shelf, open_shelf
from orchestrator.memory.summarisers import EXTRACTIVE_CARD, Extractive, Material, material_of, squad_of
from orchestrator.store.artifacts import Artifact, ArtifactReader, Wanted
from orchestrator.store.artifacts.condensing import (
    EXTRACTIVE,
    CondensePass,
    Gathering,
    Undo,
    standing_passes,
)
from orchestrator.store.artifacts.upkeep import bring_up_to_date
from orchestrator.store.journal import AgentFSJournal
from orchestrator.wiring.answering import CARDS
from orchestrator.wiring.apart import Apart, start_apart

LONGEST_DAYS = 36_500


@dataclass(frozen=True, slots=True)
class Condensing:
    """What is to be condensed: artifacts of so many days and older, in groups of `least` or more."""

    days: float = 2.0
    least: int = 3

    def __post_init__(self) -> None:
        if not 0 <= self.days <= LONGEST_DAYS:
            raise UserError(
                f"--days {self.days:g}: an age is 0 days or more",
                "give --days 2, for example; 0 takes everything",
            )
        if self.least < 2:
            raise UserError(
                f"--min-group-size {self.least}: one artifact needs no summary",
                "give --min-group-size 2 or more",
            )


@dataclass(frozen=True, slots=True)
class Summary:
    """What became of one gathering; `id` is that of its summary, None if there is none (yet)."""

    gathering: Gathering
    backend: str
    id: str | None = None
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Condensed:
    """What a pass came to; `slug` is None when there was nothing to do or it was only looked at."""

    slug: str | None
    summaries: tuple[Summary, ...]
    notes: tuple[str, ...]


def chosen_backend(settings: Settings) -> Choice:
    """What is to write summaries: what was asked for, else what a key is set for, else no model."""
    choice = settings.backend or settings.fallback
    if settings.backend is None and CARDS[choice.value].simulated:
        return Choice(EXTRACTIVE, choice.origin)
    return choice


def foresee(paths: RunPaths, what: Condensing, settings: Settings, now: datetime) -> Condensed:
    """What a pass would condense; nothing is asked and nothing recorded."""
    with open_shelf(paths) as shelf:
        materials = _materials(shelf, what, chosen_backend(settings).value, now)
        summaries = tuple(Summary(each.gathering, each.backend) for each in materials)
        return Condensed(None, summaries, shelf.notes)


async def condense(paths: RunPaths, what: Condensing, settings: Settings, clock: Clock) -> Condensed:
    """Carry out one pass. What it has summarised stands, whatever stops it.

    Raises FolderBusy when another pass is going on here, UserError for a backend that cannot be used,
    StoreError when nothing can be recorded.
    """
    with _alone(paths):
        with open_shelf(paths) as shelf:
            if shelf.is_behind_condensing:
                raise StoreError(
                    "\n".join(shelf.notes), "what was condensed before cannot be told; mend this first"
                )
            materials = _materials(shelf, what, chosen_backend(settings).value, clock.now())
            notes = shelf.notes
        if not materials:
            return Condensed(None, (), notes)
        slug, failures = await _carry_out(paths, materials, settings, clock)
        notes += tuple(bring_up_to_date(paths))
        return Condensed(slug, tuple(_summaries(paths, slug, materials, failures)), notes)


async def undo(paths: RunPaths, clock: Clock) -> str | None:
    """Take the last pass back, its summaries and its marks; gives its slug, None when there is none left."""
    if not paths.condensing.exists():
        return None
    with _alone(paths):
        journal = AgentFSJournal(paths.condensing)
        try:
            standing = standing_passes(journal.runs())
            if not standing:
                return None
            entry = Undo(condensing=standing[-1].slug)
            now = clock.now()
            await journal.open_run(
                RunRecord(
                    slug=f"undo-{now:%Y%m%d-%H%M%S}",
                    squad='{"schema_version":1,"groups":[]}',
                    prompt=entry.model_dump_json(),
                    settings={},
                    simulated=False,
                    started=now,
                )
            )
        finally:
            await journal.close()
        problems = list(bring_up_to_date(paths))
        if problems:
            raise StoreError("\n".join(problems), "mend the cause and look again: the undo is recorded")
        return standing[-1].slug


async def _carry_out(
    paths: RunPaths, materials: Sequence[Material], settings: Settings, clock: Clock
) -> tuple[str, Mapping[str, str]]:
    """Have the squad of summarisers run; gives the pass's slug and, by summariser, why there is no answer."""
    squad = squad_of(materials)
    task = CondensePass(gatherings=tuple(each.gathering for each in materials)).model_dump_json()
    own: dict[str, tuple[BackendCard, Performer]] = {EXTRACTIVE: (EXTRACTIVE_CARD, Extractive(materials))}
    journal = AgentFSJournal(paths.condensing)
    try:
        # Each summariser names its backend, so that what was rehearsed goes to no model.
        apart = Apart(journal, replace(settings, backend=None), own, clock)
        async with start_apart(squad, task, f"{clock.now():condense-%Y%m%d-%H%M%S}", apart) as run:
            result = await run.result()
    finally:
        await journal.close()
    ended = {name: end.reason or end.ending for name, end in result.ended.items() if end.ending != "done"}
    unended = dict.fromkeys(result.cut_short, "cut short") | dict.fromkeys(result.not_started, "not started")
    return result.run, ended | unended


def _materials(shelf: Shelf, what: Condensing, backend: str, now: datetime) -> list[Material]:
    """What is to be summarised, read; artifacts that are broken are left out."""
    if shelf.reader is None:
        return []
    found = shelf.reader.find(Wanted(condensed=False, until=now - timedelta(days=what.days)))
    whole = [one for one in found if not one.broken]
    gathered = gatherings(whole, shelf.reader.topics(), what.least)
    inodes = {one.id: one.ino for one in whole}
    read = (_material(shelf.reader, gathering, inodes, what.least, backend) for gathering in gathered)
    return [material for material in read if material]


def _material(
    reader: ArtifactReader, of: Gathering, inodes: Mapping[str, int], least: int, backend: str
) -> Material | None:
    """What a gathering comes to; None when too few of its artifacts can be read."""
    payloads = [(id, reader.payload(inodes[id])) for id in of.artifacts]
    readable = {id: payload for id, payload in payloads if isinstance(payload, Artifact)}
    if len(readable) < least:
        return None
    is_mixed = of.simulated and backend in CARDS and not CARDS[backend].simulated
    whole = of.model_copy(update={"artifacts": tuple(readable)})
    return material_of(whole, tuple(readable.values()), EXTRACTIVE if is_mixed else backend)


def _summaries(
    paths: RunPaths, slug: str, materials: Sequence[Material], failures: Mapping[str, str]
) -> Iterator[Summary]:
    with open_shelf(paths) as shelf:
        found = shelf.reader.find(Wanted(types=("summary",), run=slug)) if shelf.reader else []
    ids = {one.node: one.id for one in found}
    for material in materials:
        summariser = material.gathering.summariser
        failure = failures.get(summariser, "")
        yield Summary(material.gathering, material.backend, ids.get(summariser), failure)


@contextmanager
def _alone(paths: RunPaths) -> Iterator[None]:
    """Keep a second pass out: it would have the same artifacts summarised, and paid for, again."""
    try:
        paths.memory.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = FileLock(paths.condense_lock, timeout=0, mode=0o600)
        lock.acquire()
    except Timeout:
        raise FolderBusy(
            f"another memory:condense is at work in {visible(str(paths.memory))}", "wait for it to end"
        ) from None
    except OSError as error:
        raise StoreRefused(
            f"{visible(str(paths.memory))} cannot be written: {error.strerror or error}",
            "condense where you can write",
        ) from error
    try:
        yield
    finally:
        lock.release()
