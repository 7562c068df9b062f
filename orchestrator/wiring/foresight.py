"""What a run would do, put together from the record alone."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace

from agentlark.model import Squad
from orchestrator.core.redact import Redactor
from orchestrator.core.settings import settle
from orchestrator.run.foresight import Forecast, look_ahead
from orchestrator.run.records import find_run
from orchestrator.run.squads import redacted
from orchestrator.schedule.conduct import conducts_of
from orchestrator.schedule.select import select
from orchestrator.schedule.state import RunState
from orchestrator.store.journal import open_journal_readonly
from orchestrator.wiring.answering import check_answerable
from orchestrator.wiring.given import inputs_of, memory_of
from orchestrator.wiring.reading import places_of
from orchestrator.wiring.runs import RunOptions, plan_of
from orchestrator.wiring.spending import prices_of


async def foresee(squad: Squad, prompt: str, options: RunOptions | None = None) -> Forecast:
    """What `start` would do, from the record alone: no call, no write. Raises as `start` does."""
    options = options or RunOptions()
    settings = settle(options.flags, options.environ)
    redactor = Redactor(settings.secrets)
    squad = redacted(select(squad, options.agents, options.groups, options.with_deps), redactor)
    paths = places_of(options.folder, options.places, options.environ).paths
    simulated = check_answerable(squad, settings, needs_keys=False)
    memory = memory_of(squad, paths, redactor, simulated=simulated)
    plan = replace(plan_of("foreseen", redactor.text(prompt), settings), memory=memory)
    conducts = {
        group: replace(conduct, approve=None) for group, conduct in conducts_of(squad, settings.asked).items()
    }
    has_journal = paths.journal.is_file()
    with ExitStack() as stack:
        reader = stack.enter_context(open_journal_readonly(paths.journal)) if has_journal else None
        last = find_run(reader, None).slug if reader else None
        state = RunState(squad, conducts)
        found = await look_ahead(plan, state, reader, last, options.clock, redactor, inputs_of(paths))
    if simulated:
        return replace(found, is_billed=False)
    return found.priced(prices_of(squad, settings))
