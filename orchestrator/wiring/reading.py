"""What is recorded of a folder's runs, to read only, also while one is going."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from pydantic import ValidationError

from agentlark.compiled import parse_compiled, read_checked
from agentlark.errors import ConfigError
from agentlark.model import Squad
from orchestrator.core.errors import UserError
from orchestrator.core.places import PlaceFlags, Places, settle_places
from orchestrator.core.ports import RunRecord
from orchestrator.core.settings import Flags, Settings, process_environment, settle
from orchestrator.run.records import find_run, with_recorded
from orchestrator.schedule.conduct import conducts_of
from orchestrator.schedule.history import History, history_of
from orchestrator.schedule.state import RunState
from orchestrator.schedule.timeline import Timeline, timeline_of
from orchestrator.store.journal import AgentFSJournal, JournalReader, open_journal_readonly


def places_of(
    folder: Path, flags: PlaceFlags | None = None, environ: Mapping[str, str] | None = None
) -> Places:
    """Where the files of a folder's runs are, as flags and environment say. Raises UserError."""
    environ = process_environment() if environ is None else environ
    return settle_places(folder, flags or PlaceFlags(), environ)


def open_reader(
    folder: Path, flags: PlaceFlags | None = None, environ: Mapping[str, str] | None = None
) -> JournalReader:
    """The journal of a folder, to read only, also during a run. Raises UserError if there is none."""
    path = places_of(folder, flags, environ).paths.journal
    if not path.exists():
        raise UserError(f"there is no run in {folder}", "start one with `agentlark run --prompt …`")
    return open_journal_readonly(path)


def last_record(folder: Path, flags: PlaceFlags | None = None) -> RunRecord | None:
    """What the last run of a folder was started with; None when there was none."""
    path = places_of(folder, flags).paths.journal
    if not path.exists():
        return None
    with open_journal_readonly(path) as journal:
        return journal.last_run()


class RunUnreadable(UserError):
    """A run was recorded with a squad that this version cannot read."""


@dataclass(slots=True)
class RecordedRun:
    """A run as far as it is recorded."""

    record: RunRecord
    squad: Squad
    settings: Settings
    """What holds when it is taken up again: the flags given now, else those it was started with."""
    state: RunState
    last: int = 0
    """The number of the last fact in `state`."""

    def catch_up(self, journal: AgentFSJournal | JournalReader) -> None:
        """Apply what has been recorded meanwhile."""
        for seq, fact in journal.facts(self.record.slug, self.last):
            self.state.apply(fact)
            self.last = seq


def recorded_run(
    journal: AgentFSJournal | JournalReader,
    slug: str | None,
    flags: Flags | None = None,
    environ: Mapping[str, str] | None = None,
) -> RecordedRun:
    """A run (the last one for None) and what its facts add up to. Raises UserError when there is none."""
    run = _run_before_its_facts(find_run(journal, slug), flags or Flags(), environ)
    run.catch_up(journal)
    return run


def read_history(journal: JournalReader, slug: str | None) -> tuple[RunRecord, History]:
    """The record of a run (the last one for None) and how it went. Raises UserError when there is none."""
    run = _run_before_its_facts(find_run(journal, slug), Flags(), None)
    facts = (fact for _, fact in journal.facts(run.record.slug))
    return run.record, history_of(run.state, facts)


def read_timeline(journal: JournalReader, slug: str | None) -> Timeline:
    """Who ran when in a run (the last one for None). Raises UserError when there is none."""
    run = _run_before_its_facts(find_run(journal, slug), Flags(), None)
    return timeline_of(run.state, (fact for _, fact in journal.facts(run.record.slug)))


def _run_before_its_facts(record: RunRecord, flags: Flags, environ: Mapping[str, str] | None) -> RecordedRun:
    try:
        squad = _recorded_squad(record.squad)
    except ConfigError as error:
        raise RunUnreadable(
            f"the run {record.slug} cannot be read: {error.diagnostics[0].message}",
            "it was recorded by another version of agentlark; look at it with that one",
        ) from error
    settings = settle(with_recorded(flags, record.settings), environ)
    return RecordedRun(record, squad, settings, RunState(squad, conducts_of(squad, settings.asked)))


@lru_cache(maxsize=8)
def _recorded_squad(text: str) -> Squad:
    """A squad as it was recorded; the runs of a folder mostly share theirs."""
    try:
        return read_checked(text)  # what was recorded was checked, and its digest says that it is that
    except ValidationError:
        return parse_compiled(text, "the recorded squad")  # which says in words what is wrong
