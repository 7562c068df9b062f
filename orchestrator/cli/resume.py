"""`agentlark resume`: take a run up where its record ends."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli import limits, modes, places, telemetry
from orchestrator.cli.exits import FINE, refuse_as_output, say
from orchestrator.cli.tapes import Record, Replay, TapeOptions


class Unknown(StrEnum):
    """What to do about turns that were sent and have no recorded outcome."""

    ask = "ask"
    retry = "retry"
    fail = "fail"


def resume(
    run: Annotated[str | None, typer.Argument(help="The run's slug; by default the last one.")] = None,
    unknown: Annotated[
        Unknown, typer.Option("--unknown", help="Turns whose outcome is unknown: ask, send again, or stop.")
    ] = Unknown.ask,
    backend: Annotated[str | None, typer.Option("--backend", help="What answers.")] = None,
    model: Annotated[str | None, typer.Option("--model", help="The model for every agent.")] = None,
    base_url: Annotated[str | None, typer.Option("--base-url", help="The backend's address.")] = None,
    jobs: Annotated[int | None, typer.Option("--jobs", "-j", help="How many agents may act at once.")] = None,
    max_waves: modes.MaxWaves = None,
    max_agents: modes.MaxAgents = None,
    max_cost: limits.MaxCost = None,
    max_tokens: limits.MaxTokens = None,
    max_turns: limits.MaxTurns = None,
    deadline: limits.Deadline = None,
    requests_per_minute: limits.RequestsPerMinute = None,
    tokens_per_minute: limits.TokensPerMinute = None,
    otel: telemetry.Otel = None,
    otel_content: telemetry.OtelContent = False,
    mini: modes.Mini = False,
    debug_prompt: modes.DebugPrompt = False,
    stream: modes.Stream = False,
    metrics: modes.Metrics = False,
    agentfs_id: places.AgentfsId = None,
    agentfs_path: places.AgentfsPath = None,
    memory_dir: places.MemoryDir = None,
    recorded: Annotated[
        bool, typer.Option("--recorded", help="Go on with the recorded squad though its file has changed.")
    ] = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Send turns that other runs have answered; never this run's own.")
    ] = False,
    record: Record = None,
    replay: Replay = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Write the squad's answer to a file.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print facts as NDJSON on stdout.")] = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Print the answer and errors only.")] = False,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Also print what agents do.")] = False,
) -> None:
    """Go on with a run; recorded turns are never sent again."""
    from orchestrator.cli.foreground import Showing, in_foreground, settle_unknown
    from orchestrator.core.settings import Flags, Fresh
    from orchestrator.wiring.reading import open_reader, recorded_run
    from orchestrator.wiring.runs import RunOptions
    from orchestrator.wiring.runs import resume as resumed

    folder = Path.cwd()
    where = places.place_flags(agentfs_id, agentfs_path, memory_dir)
    changed = modes.Modes(max_waves=max_waves, max_agents=max_agents, mini=mini, debug_prompt=debug_prompt)
    given = Flags(backend=backend, model=model, base_url=base_url, jobs=jobs, fresh=Fresh(everybody=fresh))
    caps = limits.limits_of(max_cost, max_tokens, max_turns, deadline)
    pace = limits.pace_of(requests_per_minute, tokens_per_minute)
    flags = replace(changed.onto(given), fresh=given.fresh, limits=caps, pace=pace)
    flags = replace(flags, otel=otel, otel_content=otel_content)
    with open_reader(folder, where) as journal:
        known = recorded_run(journal, run, flags)
    if known.state.ending is not None and known.state.ending.ending == "done":
        say(f"{known.record.slug} is finished; there is nothing to resume")
        raise typer.Exit(FINE)
    if output is not None:
        refuse_as_output(output, ())
    showing = Showing(
        as_json=as_json, quiet=quiet, verbose=verbose, stream=stream, metrics=metrics, output=output
    )
    showing.note(settle_unknown(known.state, unknown.value))
    options = RunOptions(
        folder=folder,
        flags=flags,
        places=where,
        ignores_changes=recorded,
        tapes=TapeOptions(record, replay).tapes(),
        sinks=showing.sinks,
    )
    in_foreground(resumed(known, options), showing)
