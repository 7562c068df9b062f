"""Options that several commands share, as dataclasses: a parameter of that type stands for all its fields.

Typer reads a command's options from its signature. `spread` gives it one in which each such parameter is
replaced by the fields of its dataclass, and hands the command the dataclass again.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields, is_dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, get_type_hints

import typer

from orchestrator.cli import places
from orchestrator.cli.variables import Variables, variables_of

if TYPE_CHECKING:
    from orchestrator.core.places import PlaceFlags
    from orchestrator.core.settings import Flags
    from orchestrator.run.squads import FoundSquad


@dataclass(frozen=True, slots=True)
class SquadOptions:
    """Which squad is meant, and how much of it."""

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
        from orchestrator.cli.foreground import squad_here

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


class Part(NamedTuple):
    """The agents and groups of a squad that are meant; empty means all."""

    agents: tuple[str, ...]
    groups: tuple[str, ...]
    with_deps: bool


@dataclass(frozen=True, slots=True)
class AnswerOptions:
    """What answers."""

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


def _parameters(group: Any) -> list[inspect.Parameter]:
    hints = get_type_hints(group, include_extras=True)
    return [
        inspect.Parameter(
            each.name,
            inspect.Parameter.POSITIONAL_OR_KEYWORD,
            default=None if each.default is MISSING else each.default,
            annotation=hints[each.name],
        )
        for each in fields(group)
    ]
