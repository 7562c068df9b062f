"""`agentlark runs`: the recorded runs of a folder, one of them, or what differs between two."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from orchestrator.cli.runs_rm import rm

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from orchestrator.core.ports import RunRecord
    from orchestrator.run.comparison import Comparison, MemberDifference
    from orchestrator.schedule.history import History, Passage
    from orchestrator.store.journal import JournalReader

runs = typer.Typer(help="The recorded runs of this folder.", no_args_is_help=True, rich_markup_mode=None)

Slug = Annotated[str | None, typer.Argument(metavar="RUN", help="The run's slug; by default the last one.")]


@runs.callback()
def _root() -> None:
    """The recorded runs of this folder."""


@runs.command("ls")
def ls(
    limit: Annotated[int, typer.Option("--limit", min=0, help="The newest N; 0 for all.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object per line.")] = False,
) -> None:
    """List recorded runs, newest first."""
    from orchestrator.cli.exits import say
    from orchestrator.cli.listing import print_listing
    from orchestrator.wiring.commands import going_in
    from orchestrator.wiring.reading import open_reader

    going = going_in(Path.cwd())
    with open_reader(Path.cwd()) as journal:
        slugs = [record.slug for record in journal.runs()]
        newest = slugs[::-1][: limit or None]
        found = _readable(journal, newest, going)
        if as_json:
            for summary in found:
                sys.stdout.write(json.dumps(summary, ensure_ascii=sys.stdout.isatty()) + "\n")
            return
        rows = [_row(summary) for summary in found]
    print_listing(("run", "ending", "agents", "turns", "reused", "tokens", "squad"), rows)
    if len(newest) < len(slugs):
        say(f"the newest {limit} of {len(slugs)}; --limit 0 for all")


def _readable(journal: JournalReader, slugs: Sequence[str], going: str | None) -> Iterator[dict[str, Any]]:
    """The summaries of runs; one that cannot be read is told of and left out."""
    from orchestrator.cli.exits import say
    from orchestrator.wiring.reading import RunUnreadable, read_history

    for slug in slugs:
        try:
            yield _summary(*read_history(journal, slug), going)
        except RunUnreadable as error:
            say(f"warning: {error}")


def _summary(record: RunRecord, history: History, going: str | None) -> dict[str, Any]:
    from orchestrator.run.records import CASSETTE

    state, sources = history.state, history.state.squad.sources
    ending = _ending(record, history, going)
    return {
        "run": record.slug,
        "started": record.started.isoformat(),
        "seconds": round(history.seconds, 3),
        "squad": sources[0].path if sources else None,
        "task": record.prompt,
        "simulated": record.simulated,
        "replayed": CASSETTE in record.settings,
        "agents": len({node.agent.id for node in state.nodes.values()}),
        "ending": ending,
        "resumable": ending not in ("done", "going"),
        "consent": sorted(state.awaiting),
        "turns": state.turns,
        "reused": state.reused,
        "usage": state.usage.model_dump(),
    }


def _ending(record: RunRecord, history: History, going: str | None) -> str:
    """How a run ended; one without an end goes on right now, or was cut off."""
    if record.slug == going:
        return "going"
    return history.ending.ending if history.ending else "cut off"


def _row(summary: dict[str, Any]) -> tuple[str, ...]:
    usage, squad = summary["usage"], summary["squad"] or "a squad made in a program"
    more = ", waits for consent" if summary["consent"] else ", resumable" if summary["resumable"] else ""
    ending = summary["ending"] + more
    tokens = f"{usage['input']:,}/{usage['output']:,}"
    counts = (str(summary["agents"]), str(summary["turns"]), str(summary["reused"]))
    mark = "".join(f" {mark.upper()}" for mark in ("simulated", "replayed") if summary[mark])
    return (summary["run"], ending, *counts, tokens, f"{squad}{mark}")


@runs.command("show")
def show(
    run: Slug = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print what ran, in which waves, and how it ended."""
    from orchestrator.wiring.commands import going_in
    from orchestrator.wiring.reading import open_reader, read_history

    with open_reader(Path.cwd()) as journal:
        record, history = read_history(journal, run)
    summary = _summary(record, history, going_in(Path.cwd()))
    if as_json:
        whole = summary | {
            "nodes": [_node(passage) for passage in history.passages.values()],
            "waves": [each.model_dump(mode="json") for _, each in sorted(history.state.joined.items())],
            "waves_ended": [each.model_dump(mode="json") for each in history.state.waves_ended.values()],
            "handoffs": [each.model_dump(mode="json") for each in history.handoffs],
            "reason": history.ending.reason if history.ending else None,
        }
        json.dump(whole, sys.stdout, indent=2, ensure_ascii=False)
        sys.stdout.write("\n")
        return
    from agentlark.diagnostics import visible

    for line in _told(summary, record, history):
        sys.stdout.write(visible(line) + "\n")
    _print_nodes(history)
    for line in (*_told_of_waves(history), *_next(summary)):
        sys.stdout.write(visible(line) + "\n")


def _node(passage: Passage) -> dict[str, Any]:
    return {
        "node": passage.node.id,
        "role": passage.node.agent.role,
        "group": passage.node.group,
        "wave": passage.node.wave,
        "part": passage.node.part,
        "ending": passage.standing,
        "reason": passage.reason,
        "began": passage.began.isoformat() if passage.began else None,
        "ended": passage.ended.isoformat() if passage.ended else None,
        "seconds": round(passage.seconds, 3),
        "turns": passage.turns,
        "reused": passage.reused,
        "usage": passage.usage.model_dump(),
    }


def _told(summary: dict[str, Any], record: RunRecord, history: History) -> Iterator[str]:
    from orchestrator.sinks.describe import labels, one_line, tokens

    state = history.state
    reason = f": {one_line(history.ending.reason)}" if history.ending and history.ending.reason else ""
    yield f"{record.slug}: {summary['ending']}{reason}"
    yield from labels(summary["simulated"], summary["replayed"])
    resumed = f", resumed {history.sessions - 1} times" if history.sessions > 1 else ""
    yield f"started    {_moment(record.started)}, went {history.seconds:.1f} s{resumed}"
    yield f"squad      {summary['squad'] or 'a squad made in a program'}, {summary['agents']} agents"
    yield f"task       {one_line(record.prompt)}"
    yield f"turns      {state.turns}, {tokens(state.usage)} tokens"
    if state.reused:
        how = "replayed" if summary["replayed"] else "reused"
        yield f"{how:<10} {state.reused} turns, {tokens(state.saved)} tokens not paid for again"
    yield ""


def _print_nodes(history: History) -> None:
    from orchestrator.cli.listing import print_listing
    from orchestrator.sinks.describe import clock_time, one_line

    rows = [
        (
            each.node.id,
            str(each.node.wave),
            each.standing,
            clock_time(each.began) if each.began else "",
            f"{each.seconds:.1f} s",
            f"{each.turns}+{each.reused}" if each.reused else str(each.turns),
            f"{each.usage.input:,}/{each.usage.output:,}",
            one_line(each.reason or each.node.agent.role),
        )
        for each in history.passages.values()
    ]
    print_listing(("agent", "wave", "ending", "at", "took", "turns", "tokens", "reason or role"), rows)


def _told_of_waves(history: History) -> Iterator[str]:
    from orchestrator.sinks.describe import describe

    waves = [wave for _, wave in sorted(history.state.joined.items())]
    told = [describe(wave) or "" for wave in waves]
    told += [describe(each) or "" for each in history.handed]
    told += [describe(each) or "" for each in history.state.waves_ended.values()]
    if told:
        yield ""
        yield from told


def _next(summary: dict[str, Any]) -> Iterator[str]:
    from orchestrator.cli.exits import program

    if summary["resumable"]:
        yield ""
        yield f"next       {program()} resume {summary['run']}   (recorded turns are never sent again)"


def _moment(at: datetime) -> str:
    return f"{at.astimezone():%Y-%m-%d %H:%M:%S}"


@runs.command("diff")
def diff(
    before: Annotated[str, typer.Argument(metavar="A", help="A run's slug.")],
    after: Annotated[str, typer.Argument(metavar="B", help="Another run's slug.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print agent by agent what changed in prompts, answers, tokens and time."""
    from orchestrator.run.comparison import Comparison, compare, look_at
    from orchestrator.wiring.reading import open_reader, read_history

    with open_reader(Path.cwd()) as journal:
        sides = [look_at(journal, *read_history(journal, slug)) for slug in (before, after)]
    found = compare(*sides)
    if as_json:
        from pydantic import TypeAdapter

        sys.stdout.write(TypeAdapter(Comparison).dump_json(found, indent=2).decode() + "\n")
        return
    from agentlark.diagnostics import visible

    for line in _told_difference(found):
        sys.stdout.write(visible(line) + "\n")


runs.command("rm")(rm)


def _told_difference(found: Comparison) -> Iterator[str]:
    yield f"{found.runs[0]} → {found.runs[1]}"
    yield f"squad   {'the same' if found.same_squad else 'changed'}"
    yield f"task    {'changed' if found.task else 'the same'}"
    yield from (f"  {line}" for line in found.task)
    yield f"tokens  {_from_to(*(f'{each.input:,}/{each.output:,}' for each in found.usage))}"
    yield f"time    {_from_to(*(f'{each:.1f} s' for each in found.seconds))}"
    same = [each.node for each in found.members if each.verdict == "same"]
    if same:
        yield f"same    {', '.join(same)}"
    for names, run in ((found.only_before, found.runs[0]), (found.only_after, found.runs[1])):
        if names:
            yield f"only in {run}: {', '.join(names)}"
    for member in found.members:
        if member.verdict == "changed":
            yield from _told_member(member)


def _told_member(member: MemberDifference) -> Iterator[str]:
    yield ""
    yield f"── {member.node} ──"
    if member.standing[0] != member.standing[1]:
        yield f"ending  {_from_to(*member.standing)}"
    yield f"tokens  {_from_to(*(f'{each.input:,}/{each.output:,}' for each in member.usage))}"
    yield f"time    {_from_to(*(f'{each:.1f} s' for each in member.seconds))}"
    if member.reused[0] != member.reused[1]:
        yield f"reused  {_from_to(*map(str, member.reused))}"
    for turn in member.turns:
        if turn.only is not None:
            yield f"{turn.turn}: only in {turn.only}"
            continue
        for change in turn.inputs:
            if change.field != "prompt":
                yield f"{turn.turn}: {change}"
        for what, lines in (("prompt", turn.prompt), ("answer", turn.answer)):
            if lines:
                yield f"{turn.turn}: its {what} changed"
                yield from (f"  {line}" for line in lines)


def _from_to(one: str, other: str) -> str:
    return one if one == other else f"{one} → {other}"
