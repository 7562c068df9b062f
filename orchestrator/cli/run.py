"""`agentlark run`: run a squad in the foreground."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli import modes, places
from orchestrator.cli.exits import refuse_as_output
from orchestrator.cli.variables import Variables, variables_of


def names(given: str | None, option: str) -> tuple[str, ...]:
    """A comma-separated list of names. Raises typer's usage error for one that names nobody."""
    found = tuple(name.strip() for name in (given or "").split(",") if name.strip())
    if given is not None and not found:
        raise typer.BadParameter(f"{option} names nobody (an unset shell variable?)")
    return found


def run(
    fresh_agents: modes.FreshAgents = None,
    prompt: Annotated[
        str | None,
        typer.Option("--prompt", "-p", metavar="TEXT|@FILE|-", help="The task: text, a file, or stdin."),
    ] = None,
    agents_lark: Annotated[
        Path | None, typer.Option("--agents-lark", metavar="FILE", help="Compile and run this configuration.")
    ] = None,
    agents_config: Annotated[
        Path | None, typer.Option("--agents-config", metavar="FILE", help="Run this compiled file.")
    ] = None,
    builtin: Annotated[bool, typer.Option("--builtin", help="Run the built-in squad.")] = False,
    or_builtin: Annotated[
        bool,
        typer.Option("--or-builtin", help="Run the built-in squad if the configured one cannot be used."),
    ] = False,
    var: Variables = None,
    agents: Annotated[
        str | None, typer.Option("--agents", metavar="A,B", help="Run only these agents.")
    ] = None,
    groups: Annotated[
        str | None, typer.Option("--groups", metavar="A,B", help="Run only these groups.")
    ] = None,
    with_deps: Annotated[
        bool, typer.Option("--with-deps", help="Also run what the chosen agents depend on.")
    ] = False,
    backend: Annotated[
        str | None, typer.Option("--backend", help="What answers: anthropic or rehearsal.")
    ] = None,
    model: Annotated[str | None, typer.Option("--model", help="The model for every agent.")] = None,
    base_url: Annotated[str | None, typer.Option("--base-url", help="The backend's address.")] = None,
    jobs: Annotated[
        int | None, typer.Option("--jobs", "-j", help="How many agents may act at once (16).")
    ] = None,
    fail_fast: Annotated[
        bool, typer.Option("--fail-fast", help="Start nothing new once an agent has failed.")
    ] = False,
    parallel: modes.Parallel = False,
    autonomous: modes.Autonomous = False,
    relay: modes.Relay = False,
    max_waves: modes.MaxWaves = None,
    max_agents: modes.MaxAgents = None,
    max_depth: modes.MaxDepth = None,
    review_limit: modes.ReviewLimit = None,
    approve: modes.Approve = None,
    concise: modes.IsConcise = False,
    concise_full: modes.IsConciseFull = False,
    mini: modes.Mini = False,
    fresh: modes.IsFresh = False,
    debug_prompt: modes.DebugPrompt = False,
    stream: modes.Stream = False,
    metrics: modes.Metrics = False,
    agentfs_id: places.AgentfsId = None,
    agentfs_path: places.AgentfsPath = None,
    agentfs_session: places.AgentfsSession = None,
    no_agentfs: places.NoAgentfs = False,
    memory_dir: places.MemoryDir = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE", help="Write the squad's answer to a file."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print facts as NDJSON on stdout.")] = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Print the answer and errors only.")] = False,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Also print what agents do.")] = False,
    rehearsal_delay: Annotated[
        float, typer.Option("--rehearsal-delay", metavar="SECONDS", help="How long a rehearsed turn takes.")
    ] = 0.0,
    rehearsal_fail_once: Annotated[
        str | None,
        typer.Option("--rehearsal-fail-once", metavar="A,B", help="Rehearsed agents that fail at first."),
    ] = None,
) -> None:
    """Run a squad in this folder and print its answer."""
    from orchestrator.cli.foreground import Showing, in_foreground, squad_here, squad_prompt
    from orchestrator.core.settings import Flags
    from orchestrator.wiring import RunOptions, start

    if builtin and (agents_lark or agents_config):
        raise typer.BadParameter(
            "--builtin runs the built-in squad: leave out --agents-lark and --agents-config"
        )
    found = squad_here(agents_lark, agents_config, variables_of(var), builtin=builtin, or_builtin=or_builtin)
    if output is not None:
        refuse_as_output(output, [path for path in (agents_lark, agents_config) if path])
    flags = modes.Modes(
        parallel=parallel,
        autonomous=autonomous,
        relay=relay,
        max_waves=max_waves,
        max_agents=max_agents,
        max_depth=max_depth,
        review_limit=review_limit,
        approve=approve,
        concise=concise,
        concise_full=concise_full,
        mini=mini,
        debug_prompt=debug_prompt,
        fresh=fresh,
        fresh_agents=tuple(fresh_agents or ()),
    ).onto(
        Flags(
            backend=backend,
            model=model,
            base_url=base_url,
            jobs=jobs,
            fail_fast=fail_fast,
            rehearsal_delay_s=rehearsal_delay,
            rehearsal_fail_once=names(rehearsal_fail_once, "--rehearsal-fail-once"),
        )
    )
    showing = Showing(
        as_json=as_json, quiet=quiet, verbose=verbose, stream=stream, metrics=metrics, output=output
    )
    showing.introduce(found, flags.asked)
    options = RunOptions(
        folder=Path.cwd(),
        flags=flags,
        places=places.place_flags(agentfs_id, agentfs_path, memory_dir, agentfs_session, no_agentfs),
        agents=names(agents, "--agents"),
        groups=names(groups, "--groups"),
        with_deps=with_deps,
        sinks=showing.sinks,
    )
    in_foreground(start(found.squad, squad_prompt(prompt, found.squad), options), showing)
