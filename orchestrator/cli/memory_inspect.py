"""`agentlark memory:inspect`: what a squad remembers."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli.exits import say
from orchestrator.cli.memory_options import AsJson, ProjectRoot, memory_paths
from orchestrator.cli.places import MemoryDir

if TYPE_CHECKING:
    from collections.abc import Iterable

    from orchestrator.memory.inspect import Shown

Several = list[str] | None


def memory_inspect(
    agent: Annotated[Several, typer.Option("--agent", help="Artifacts of this agent; repeatable.")] = None,
    type_: Annotated[
        Several, typer.Option("--type", help="plan, follow-up, repair, interrupt, summary, …; repeatable.")
    ] = None,
    tag: Annotated[
        Several, typer.Option("--tag", help="With this tag (wave:1, topic:…, relay); repeated: with all.")
    ] = None,
    session: Annotated[
        str | None, typer.Option("--session", metavar="SLUG", help="Of this run (not a zellij session).")
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", metavar="WHEN", help="Not older: 2026-03-01, 12h, 3d.")
    ] = None,
    until: Annotated[str | None, typer.Option("--until", metavar="WHEN", help="Older than that.")] = None,
    grep: Annotated[
        str | None, typer.Option("--grep", metavar="TEXT", help="With this text in prompt or answer.")
    ] = None,
    condensed: Annotated[
        bool | None, typer.Option("--condensed/--not-condensed", help="With or without a summary.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=0, help="The newest N; 0 for all.")] = 20,
    content: Annotated[bool, typer.Option("--content", help="Print whole texts.")] = False,
    as_json: AsJson = False,
    project_root: ProjectRoot = None,
    memory_dir: MemoryDir = None,
) -> None:
    """List artifacts, newest first."""
    from orchestrator.memory.inspect import look
    from orchestrator.memory.moments import moment_of
    from orchestrator.memory.shelf import open_shelf
    from orchestrator.store.artifacts import Wanted

    now = datetime.now(UTC)
    wanted = Wanted(
        agents=tuple(agent or ()),
        types=tuple(type_ or ()),
        tags=tuple(tag or ()),
        run=session,
        since=moment_of(since, "--since", now) if since else None,
        until=moment_of(until, "--until", now) if until else None,
        condensed=condensed,
        grep=grep or None,
        limit=limit or None,
    )
    with open_shelf(memory_paths(project_root, memory_dir)) as shelf:
        for note in shelf.notes:
            say(f"warning: {note}")
        shown = look(shelf.reader, wanted) if shelf.reader else iter(())
        if as_json:
            for one in shown:
                sys.stdout.write(json.dumps(one.to_json(), ensure_ascii=sys.stdout.isatty()) + "\n")
        elif content:
            _print_whole(shown)
        else:
            _print_rows(list(shown), limit, is_empty=shelf.reader is None)


def _print_rows(shown: list[Shown], limit: int, is_empty: bool) -> None:
    from orchestrator.cli.listing import print_listing

    if not shown:
        say("no artifacts yet: run a squad first" if is_empty else "no artifact matches")
        return
    rows = [
        (_when(one), one.found.node or one.found.agent, one.found.type, one.marks, one.text) for one in shown
    ]
    print_listing(("when", "agent", "type", "marks", "text"), rows)
    if len(shown) == limit:
        say(f"the newest {limit}; --limit 0 for all, --content for whole texts")


def _print_whole(shown: Iterable[Shown]) -> None:
    from agentlark.diagnostics import visible

    for one in shown:
        lines = [f"── {one.found.id} ──"]
        if one.artifact:
            lines.append(f"tags     {', '.join(one.artifact.tags)}")
            lines += [f"related  {id}" for id in one.artifact.relatedArtifacts]
        if one.found.condensed_into:
            lines.append(f"summary  {one.found.condensed_into}")
        sys.stdout.write(visible("\n".join([*lines, "", one.text.rstrip("\n"), "", ""])))


def _when(one: Shown) -> str:
    return f"{one.found.created.astimezone():%Y-%m-%d %H:%M}"
