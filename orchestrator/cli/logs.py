"""`agentlark logs`: what an agent, or the whole run, has written; live, or of a recorded run."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orchestrator.core.facts import Fact
    from orchestrator.store.journal import JournalReader

LOOK_S = 0.3
"""From one look at a journal that is followed to the next."""


def logs(
    agent: Annotated[
        str | None, typer.Argument(help="The agent's id; by default the timeline of the whole run.")
    ] = None,
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Go on as it grows, until Ctrl+C.")] = False,
    run: Annotated[
        str | None, typer.Option("--run", help="A recorded run's slug: its log is rebuilt from the journal.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print facts as NDJSON; with -f until the run ends.")
    ] = False,
) -> None:
    """Print the log of an agent or of the run."""
    if as_json:
        _print_facts(agent, run, follow)
    elif run is not None:
        if follow:
            raise typer.BadParameter(
                "-f follows the run of this folder, --run prints a recorded one: give one"
            )
        _print_recorded(agent or "timeline", run)
    else:
        _print_file(agent or "timeline", follow)


def _print_file(name: str, goes_on: bool) -> None:
    from orchestrator.core.errors import UserError
    from orchestrator.sinks.follow import Follower, follow, log_of
    from orchestrator.sinks.rebuilt import no_log

    try:
        path = log_of(name)
    except ValueError as error:
        raise UserError(str(error), "an id is made of letters, digits, '-' and '_'") from error
    if goes_on:
        follow(path)
        return
    follower = Follower(path, _print)
    follower.look()
    if not follower.is_open:
        raise no_log(name, Path("logs"))
    follower.close()


def _print_recorded(name: str, run: str) -> None:
    from agentlark.compiled import parse_compiled
    from orchestrator.run.records import find_run
    from orchestrator.sinks.rebuilt import rebuilt_log
    from orchestrator.wiring.reading import open_reader

    with open_reader(Path.cwd()) as journal:
        record = find_run(journal, run)
        roles = {each.id: each.role for each in parse_compiled(record.squad, record.slug).agents()}
        _print(rebuilt_log(name, journal.facts(record.slug), roles, journal.body))


def _print_facts(agent: str | None, run: str | None, goes_on: bool) -> None:
    from orchestrator.run.records import find_run
    from orchestrator.schedule.node import agent_of
    from orchestrator.sinks.ndjson import as_line
    from orchestrator.sinks.rebuilt import concerns
    from orchestrator.wiring.reading import open_reader

    with open_reader(Path.cwd()) as journal:
        slug = find_run(journal, run).slug
        for number, fact in _growing(journal, slug) if goes_on else journal.facts(slug):
            if agent is None or concerns(fact, agent_of(agent)):
                _print(as_line(number, fact))


def _growing(journal: JournalReader, slug: str) -> Iterator[tuple[int, Fact]]:
    """A run's facts as they are recorded, up to its end."""
    from orchestrator.core.facts import RunEnded

    seen, has_ended = 0, False
    try:
        while True:
            for number, fact in journal.facts(slug, seen):
                seen, has_ended = number, isinstance(fact, RunEnded)
                yield number, fact
            if has_ended:
                return
            time.sleep(LOOK_S)
    except KeyboardInterrupt:
        return


def _print(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
