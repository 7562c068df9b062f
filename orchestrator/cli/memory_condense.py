"""`agentlark memory:condense`: light summaries in place of older artifacts, which stay."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli.exits import FAILED, say
from orchestrator.cli.memory_options import AsJson, ProjectRoot, memory_paths
from orchestrator.cli.places import MemoryDir
from orchestrator.cli.words import several

if TYPE_CHECKING:
    from collections.abc import Sequence

    from orchestrator.core.paths import RunPaths
    from orchestrator.memory.condense import Condensed, Summary


def memory_condense(
    days: Annotated[
        float, typer.Option("--days", help="Only artifacts of so many days and older; 0 for all.")
    ] = 2,
    min_group_size: Annotated[
        int, typer.Option("--min-group-size", help="Only groups of so many artifacts and more.")
    ] = 3,
    backend: Annotated[
        str | None,
        typer.Option(
            "--backend", help="What writes the summaries; without one and a key, nobody: extractive."
        ),
    ] = None,
    model: Annotated[str | None, typer.Option("--model", help="The model that writes them.")] = None,
    base_url: Annotated[str | None, typer.Option("--base-url", help="The backend's address.")] = None,
    jobs: Annotated[int | None, typer.Option("--jobs", "-j", help="How many are written at once.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be condensed.")] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Take the last pass back.")] = False,
    as_json: AsJson = False,
    project_root: ProjectRoot = None,
    memory_dir: MemoryDir = None,
) -> None:
    """Summarise older artifacts by agent and topic; the originals stay and are marked."""
    import asyncio

    from orchestrator.core.clock import SystemClock
    from orchestrator.core.settings import Flags, settle
    from orchestrator.memory.condense import Condensing, chosen_backend, condense, foresee

    paths = memory_paths(project_root, memory_dir)
    if undo:
        _undo(paths)
        return
    what = Condensing(days, min_group_size)
    settings = settle(Flags(backend=backend, model=model, base_url=base_url, jobs=jobs))
    choice = chosen_backend(settings)
    say(f"summaries by: {choice.value} ({choice.origin})")
    if dry_run:
        done = foresee(paths, what, settings, datetime.now(UTC))
    else:
        done = asyncio.run(condense(paths, what, settings, SystemClock()))
    for note in done.notes:
        say(f"warning: {note}")
    _print(done, as_json)
    _conclude(done, dry_run)


def _print(done: Condensed, as_json: bool) -> None:
    if as_json:
        for summary in done.summaries:
            line = {"id": summary.id, "backend": summary.backend, "failure": summary.failure or None}
            gathering = summary.gathering.model_dump(mode="json", exclude={"summariser"})
            sys.stdout.write(json.dumps({**line, **gathering}, ensure_ascii=sys.stdout.isatty()) + "\n")
    elif done.summaries:
        from orchestrator.cli.listing import print_listing

        print_listing(("agent", "artifacts", "by", "topic", "summary"), [_row(one) for one in done.summaries])


def _row(summary: Summary) -> tuple[str, ...]:
    of = summary.gathering
    what = summary.id or (f"failed: {summary.failure}" if summary.failure else "")
    return (of.agent, f"{len(of.artifacts)}", summary.backend, of.topic, what)


def _conclude(done: Condensed, dry_run: bool) -> None:
    if not done.summaries:
        say("nothing to condense: no group of artifacts is old and large enough (--days, --min-group-size)")
        return
    if dry_run:
        say(f"{_sources(done.summaries)} would be condensed")
        return
    written = [one for one in done.summaries if one.id]
    summaries = "1 summary" if len(written) == 1 else f"{len(written):,} summaries"
    say(f"{summaries} of {_sources(written)}, which stay (memory:inspect --condensed)")
    say("to take this back: agentlark memory:condense --undo")
    if left := len(done.summaries) - len(written):
        say(f"{several(left, 'group')} left as before; condense again to try again")
        raise typer.Exit(FAILED)


def _sources(summaries: Sequence[Summary]) -> str:
    return several(sum(len(one.gathering.artifacts) for one in summaries), "artifact")


def _undo(paths: RunPaths) -> None:
    import asyncio

    from orchestrator.core.clock import SystemClock
    from orchestrator.memory.condense import undo

    slug = asyncio.run(undo(paths, SystemClock()))
    say(f"{slug}: taken back" if slug else "there is no pass of condensing to take back")
