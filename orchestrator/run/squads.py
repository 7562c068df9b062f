"""Which squad a run is for: the sources in their order, and the built-in squad when there is none."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from agentlark.compiled import load_compiled
from agentlark.compiler import compile_file
from agentlark.diagnostics import Diagnostic
from agentlark.errors import ConfigError
from agentlark.model import Agent, Squad
from agentlark.project import DEFAULT_CONFIG
from agentlark.resources import shipped
from orchestrator.core.errors import UserError
from orchestrator.core.redact import Redactor

DEFAULT_COMPILED = "configs/agents.out.json"

_TEXTS = {"role", "plan_prompt", "follow_up_prompt", "follow_up_schema", "follow_up_schema_rules"}
"""The fields of an agent that are somebody's prose."""


@dataclass(frozen=True, slots=True)
class SquadChoice:
    """What the caller said about which squad to take."""

    folder: Path
    agents_lark: Path | None = None
    agents_config: Path | None = None
    environment: str | None = None
    """The compiled file that the environment names."""
    variables: Mapping[str, str] | None = None
    builtin: bool = False
    or_builtin: bool = False


@dataclass(frozen=True, slots=True)
class SquadSource:
    """A file that a squad comes from. `variables` are those it is compiled with; None for a compiled file."""

    path: Path
    variables: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class FoundSquad:
    """A squad, where it came from, and what there is to say about that; the built-in one has no source."""

    squad: Squad
    origin: str
    diagnostics: tuple[Diagnostic, ...] = ()
    notices: tuple[str, ...] = ()
    source: SquadSource | None = None


def find_squad(choice: SquadChoice) -> FoundSquad:
    """The squad that the first of these gives: `agents_lark`, `agents_config`, the environment, the folder's
    `configs/agents.lark`, its `configs/agents.out.json`, the built-in squad.

    Raises ConfigError for a source that is there and wrong, unless `or_builtin` asks for the built-in squad
    then, and UserError for a named file that is not there, and in a folder below one with a configuration.
    """
    try:
        return _find(choice)
    except (ConfigError, UserError) as error:
        if not choice.or_builtin:
            raise
        found = _builtin()
        warning = f"using the built-in squad, because the configured one cannot be used:\n{error}"
        return FoundSquad(found.squad, found.origin, notices=(warning,))


def _find(choice: SquadChoice) -> FoundSquad:
    if choice.builtin:
        return _builtin()
    if choice.agents_lark is not None:
        return _compiled_now(choice.agents_lark, choice.variables)
    if choice.agents_config is not None:
        return _compiled_before(choice.agents_config, "--agents-config")
    if choice.environment is not None:
        return _compiled_before(Path(choice.environment), "ORCHESTRATED_CODEX_AGENTS_CONFIG")
    for relative in (DEFAULT_CONFIG, DEFAULT_COMPILED):
        path = choice.folder / relative
        if path.exists():
            shown = relative if choice.folder == Path.cwd() else str(path)
            if relative == DEFAULT_CONFIG:
                return _compiled_now(path, choice.variables, shown)
            return _compiled_before(path, "found in the folder", shown)
    if (above := nearest_project(choice.folder)) is not None:
        raise UserError(
            f"there is no {DEFAULT_CONFIG} here, but one in {above}",
            "run it there, or name what is meant: --agents-lark FILE or --builtin",
        )
    found = _builtin()
    notice = f"no {DEFAULT_CONFIG} here: using the built-in squad (`agentlark init` writes one to start from)"
    return FoundSquad(found.squad, found.origin, notices=(notice,))


def nearest_project(folder: Path) -> Path | None:
    """The nearest folder at or above this one with a configuration; None when there is none.

    Looking up ends at the first folder of somebody else: whoever may write above a folder of ours should not
    say what runs in it.
    """
    for above in (folder, *folder.parents):
        if above.stat().st_uid != os.geteuid():
            return None
        if configuration_of(above) is not None:
            return above
    return None


def configuration_of(root: Path) -> Path | None:
    """The configuration that a project has, compiled or not, as `find_squad` would take it; None without."""
    candidates = (root / DEFAULT_CONFIG, root / DEFAULT_COMPILED)
    return next((path for path in candidates if path.exists()), None)


def _compiled_now(path: Path, variables: Mapping[str, str] | None, shown: str | None = None) -> FoundSquad:
    compilation = compile_file(path, variables=variables, shown=shown)
    source = SquadSource(path, variables or {})
    return FoundSquad(compilation.squad, shown or str(path), compilation.diagnostics, source=source)


def _compiled_before(path: Path, origin: str, shown: str | None = None) -> FoundSquad:
    if not path.exists():
        raise UserError(f"{path} ({origin}) does not exist", "compile it first: agentlark compile FILE.lark")
    return FoundSquad(load_compiled(path, shown), shown or str(path), source=SquadSource(path))


def load_source(source: SquadSource) -> Squad:
    """The squad in a file, compiled now if need be. Raises ConfigError."""
    if source.variables is None:
        return load_compiled(source.path)
    return compile_file(source.path, variables=source.variables).squad


def redacted(squad: Squad, redactor: Redactor) -> Squad:
    """The squad as it may be recorded and sent: no text in it holds a secret. Ids stay, whatever they are."""
    groups = tuple(
        group.model_copy(update={"agents": tuple(_redacted(agent, redactor) for agent in group.agents)})
        for group in squad.groups
    )
    prompt = squad.prompt and redactor.text(squad.prompt)
    changed = {"groups": groups, "prompt": prompt}
    return squad.model_copy(update={name: to for name, to in changed.items() if to != getattr(squad, name)})


def _redacted(agent: Agent, redactor: Redactor) -> Agent:
    texts = agent.model_dump(mode="json", include=_TEXTS)
    clean = {name: redactor.value(text) for name, text in texts.items()}
    changed = {name: text for name, text in clean.items() if text != texts[name]}
    if not changed:
        return agent
    return Agent.model_validate({**agent.model_dump(exclude_unset=True), **changed})


def _builtin() -> FoundSquad:
    compilation = compile_file(shipped(DEFAULT_CONFIG), shown="the built-in squad")
    return FoundSquad(compilation.squad, "the built-in squad")
