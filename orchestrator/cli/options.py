"""Options that several commands share, as dataclasses: a parameter of that type stands for all its fields.

Typer reads a command's options from its signature. `spread` gives it one in which each such parameter is
replaced by the fields of its dataclass, and hands the command the dataclass again.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from copy import copy
from dataclasses import MISSING, dataclass, fields, is_dataclass, replace
from enum import Enum
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, NamedTuple, get_type_hints

import typer

from orchestrator.cli import limits, places, telemetry
from orchestrator.cli.modes import Metrics, Stream
from orchestrator.cli.variables import Variables, variables_of

if TYPE_CHECKING:
    from orchestrator.cli.foreground import Showing
    from orchestrator.core.places import PlaceFlags
    from orchestrator.core.settings import Flags
    from orchestrator.run.squads import FoundSquad


@dataclass(frozen=True, slots=True)
class SquadOptions:
    """Which squad is meant, and how much of it."""

    SECTION: ClassVar = "Squad"

    prompt: Annotated[
        str | None,
        typer.Option("--prompt", "-p", metavar="TEXT|@FILE|-", help="The task: text, a file, or stdin."),
    ] = None
    agents_lark: Annotated[
        Path | None, typer.Option("--agents-lark", metavar="FILE", help="Compile and run this configuration.")
    ] = None
    agents_config: Annotated[
        Path | None, typer.Option("--agents-config", metavar="FILE", help="Run this compiled file.")
    ] = None
    builtin: Annotated[bool, typer.Option("--builtin", help="Run the built-in squad.")] = False
    or_builtin: Annotated[
        bool,
        typer.Option("--or-builtin", help="Run the built-in squad if the configured one cannot be used."),
    ] = False
    var: Variables = None
    agents: Annotated[str | None, typer.Option("--agents", metavar="A,B", help="Run only these agents.")] = (
        None
    )
    groups: Annotated[str | None, typer.Option("--groups", metavar="A,B", help="Run only these groups.")] = (
        None
    )
    with_deps: Annotated[
        bool, typer.Option("--with-deps", help="Also run what the chosen agents depend on.")
    ] = False

    def find(self) -> FoundSquad:
        """The squad. Raises typer's usage error for what contradicts itself, and as `find_squad`."""
        from orchestrator.cli.meant import squad_here

        if self.builtin and (self.agents_lark or self.agents_config):
            raise typer.BadParameter(
                "--builtin runs the built-in squad: leave out --agents-lark and --agents-config"
            )
        return squad_here(
            self.agents_lark,
            self.agents_config,
            variables_of(self.var),
            builtin=self.builtin,
            or_builtin=self.or_builtin,
        )

    def sources(self) -> list[Path]:
        """The files that were named."""
        return [path for path in (self.agents_lark, self.agents_config) if path]

    def part(self) -> Part:
        """How much of the squad is to be run."""
        return Part(names(self.agents, "--agents"), names(self.groups, "--groups"), self.with_deps)


@dataclass(frozen=True, slots=True)
class CourseOptions:
    """How a run goes about it, and what it prints."""

    SECTION: ClassVar = "Output"

    fail_fast: Annotated[
        bool,
        typer.Option(
            "--fail-fast", help="Start nothing new once an agent has failed.", rich_help_panel="Limits"
        ),
    ] = False
    stream: Stream = False
    metrics: Metrics = False
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE", help="Write the squad's answer to a file."),
    ] = None
    as_json: Annotated[bool, typer.Option("--json", help="Print facts as NDJSON on stdout.")] = False
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Print the answer and errors only.")] = False
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Also print what agents do.")] = False
    max_cost: limits.MaxCost = None
    max_tokens: limits.MaxTokens = None
    max_turns: limits.MaxTurns = None
    deadline: limits.Deadline = None
    requests_per_minute: limits.RequestsPerMinute = None
    tokens_per_minute: limits.TokensPerMinute = None
    otel: telemetry.Otel = None
    otel_content: telemetry.OtelContent = False
    rehearsal_delay: Annotated[
        float,
        typer.Option(
            "--rehearsal-delay",
            metavar="SECONDS",
            help="How long a rehearsed turn takes.",
            rich_help_panel="Rehearsal",
        ),
    ] = 0.0
    rehearsal_fail_once: Annotated[
        str | None,
        typer.Option(
            "--rehearsal-fail-once",
            metavar="A,B",
            help="Rehearsed agents that fail at first.",
            rich_help_panel="Rehearsal",
        ),
    ] = None

    def onto(self, flags: Flags) -> Flags:
        """The flags with these.

        Raises typer's usage error for a list that names nobody, UserError for caps that cannot be meant.
        """
        return replace(
            flags,
            fail_fast=self.fail_fast,
            limits=limits.limits_of(self.max_cost, self.max_tokens, self.max_turns, self.deadline),
            pace=limits.pace_of(self.requests_per_minute, self.tokens_per_minute),
            otel=self.otel,
            otel_content=self.otel_content,
            rehearsal_delay_s=self.rehearsal_delay,
            rehearsal_fail_once=names(self.rehearsal_fail_once, "--rehearsal-fail-once"),
        )

    def showing(self) -> Showing:
        """How the run is shown."""
        from orchestrator.cli.foreground import Showing

        return Showing(
            as_json=self.as_json,
            quiet=self.quiet,
            verbose=self.verbose,
            stream=self.stream,
            metrics=self.metrics,
            output=self.output,
        )


class Part(NamedTuple):
    """The agents and groups of a squad that are meant; empty means all."""

    agents: tuple[str, ...]
    groups: tuple[str, ...]
    with_deps: bool


@dataclass(frozen=True, slots=True)
class AnswerOptions:
    """What answers."""

    SECTION: ClassVar = "Model"

    backend: Annotated[
        str | None, typer.Option("--backend", help="What answers: anthropic or rehearsal.")
    ] = None
    model: Annotated[str | None, typer.Option("--model", help="The model for every agent.")] = None
    base_url: Annotated[str | None, typer.Option("--base-url", help="The backend's address.")] = None
    jobs: Annotated[
        int | None, typer.Option("--jobs", "-j", help="How many agents may act at once (16).")
    ] = None

    def flags(self) -> Flags:
        """What was asked for."""
        from orchestrator.core.settings import Flags

        return Flags(backend=self.backend, model=self.model, base_url=self.base_url, jobs=self.jobs)


@dataclass(frozen=True, slots=True)
class PlaceOptions:
    """Where the record of a run and its artifacts go."""

    SECTION: ClassVar = "Record"

    agentfs_id: places.AgentfsId = None
    agentfs_path: places.AgentfsPath = None
    agentfs_session: places.AgentfsSession = None
    no_agentfs: places.NoAgentfs = False
    memory_dir: places.MemoryDir = None

    def flags(self) -> PlaceFlags:
        """What was asked for."""
        return places.place_flags(
            self.agentfs_id, self.agentfs_path, self.memory_dir, self.agentfs_session, self.no_agentfs
        )


def names(given: str | None, option: str) -> tuple[str, ...]:
    """A comma-separated list of names. Raises typer's usage error for one that names nobody."""
    found = tuple(name.strip() for name in (given or "").split(",") if name.strip())
    if given is not None and not found:
        raise typer.BadParameter(f"{option} names nobody (an unset shell variable?)")
    return found


def spread(command: Callable[..., None]) -> Callable[..., None]:
    """The command with every dataclass among its parameters spread into options of their own."""
    hints = get_type_hints(command, include_extras=True)
    parameters = inspect.signature(command).parameters.values()
    groups = {each.name: hints[each.name] for each in parameters if is_dataclass(hints[each.name])}
    spreaded: list[inspect.Parameter] = []
    for each in parameters:
        if each.name in groups:
            spreaded += _parameters(groups[each.name])
        else:
            spreaded.append(each.replace(annotation=hints[each.name]))

    @wraps(command)
    def run(**given: Any) -> None:
        for name, group in groups.items():
            taken = {each.name: given.pop(each.name) for each in fields(group)}
            given[name] = group(**taken)
        command(**given)

    run.__signature__ = inspect.Signature(spreaded)  # type: ignore[attr-defined]  # what typer reads
    run.__annotations__ = {each.name: each.annotation for each in spreaded}
    del run.__wrapped__  # typer would look through it to the command
    return run


def arguments(*groups: Any) -> list[str]:
    """The command-line arguments that give these values; what has its default is left out."""
    options: list[str] = []
    positional: list[str] = []
    for group in groups:
        for each in _parameters(type(group)):
            value = getattr(group, each.name)
            if value == each.default:
                continue
            values = [_spelled(one) for one in (value if isinstance(value, list) else [value])]
            name = _option_name(each.annotation)
            if name is None:
                positional += values
            else:
                options += [name] if value is True else [f"{name}={one}" for one in values]
    return [*options, "--", *positional] if positional else options


def _option_name(annotation: Any) -> str | None:
    """The long name of an option; None for an argument without one."""
    for declared in annotation.__metadata__:
        # Inside `Annotated`, typer takes an option's first name for its default.
        for name in (getattr(declared, "default", None), *(getattr(declared, "param_decls", None) or ())):
            if isinstance(name, str) and name.startswith("--"):
                return name
    return None


def _spelled(value: object) -> str:
    return str(value.value if isinstance(value, Enum) else value)


def _parameters(group: Any) -> list[inspect.Parameter]:
    hints = get_type_hints(group, include_extras=True)
    return [
        inspect.Parameter(
            each.name,
            inspect.Parameter.POSITIONAL_OR_KEYWORD,
            default=None if each.default is MISSING else each.default,
            annotation=_in_section(hints[each.name], group),
        )
        for each in fields(group)
    ]


def _in_section(annotation: Any, group: Any) -> Any:
    """An option's annotation, with the section of its dataclass unless it names one of its own."""
    option = copy(annotation.__metadata__[0])
    if getattr(option, "rich_help_panel", None) is None:
        option.rich_help_panel = getattr(group, "SECTION", None)
    return Annotated[annotation.__origin__, option]
