"""The compiler: from `agents.lark` to a checked squad.

Passes, each in its own module: the language room evaluates the file with our builtins, which collect
drafts and findings; here the drafts become models, with default prompts and blueprint agents settled;
`check.py` judges the whole. One run reports all errors of a file and of what it loads.

It reads files under the project root and nothing else.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from agentlark import starlark
from agentlark.builtins import Findings, Parameters, agent_list, group_list, make_builtins
from agentlark.check import UNKNOWN, check_squad
from agentlark.diagnostics import Diagnostic, Place, Pointer, Related, Source, Span, nearest, replacement
from agentlark.drafts import Draft
from agentlark.errors import ConfigError
from agentlark.fields import Wrong
from agentlark.inputs import find_files, pattern_problem
from agentlark.model import Agent, Group, Limits, Orchestration, Relay, SourceFile, Squad
from agentlark.project import (
    Missing,
    NotText,
    ProjectFile,
    Unreadable,
    decode,
    find_root,
    locate,
    nearby,
    read_file,
)
from agentlark.prompts import Turn, default_prompt

FLAT_GROUP = "core"
"""The id of the one group that a flat `agents = […]` makes."""

_SQUADS = ("groups", "agents")
"""The globals that a squad may be in."""

MAX_LOAD_DEPTH = 64

_RUN_IT = "name the .lark file, or run the compiled form with --agents-config"


@dataclass(frozen=True, slots=True)
class Compilation:
    """A squad and what else there is to say about its source: warnings and notes."""

    squad: Squad
    diagnostics: tuple[Diagnostic, ...]
    places: SourcePlaces
    """Where the squad's parts were written."""


def compile_file(
    path: Path | str,
    *,
    variables: Mapping[str, str] | None = None,
    shown: str | None = None,
    max_steps: int | None = None,
    unsaved: Mapping[Path, str] | None = None,
) -> Compilation:
    """The checked squad that a configuration file describes.

    `variables` are the values for the file's `param(…)`; `shown` is the name to show for the file (its
    path as given by default); `max_steps` bounds what each file may take to evaluate; `unsaved` are texts
    that an editor holds, by absolute path, read instead of the files.
    Raises ConfigError with every finding.
    """
    file = Path(path)
    limits = starlark.Limits() if max_steps is None else starlark.Limits(max_steps=max_steps)
    compiler = _Compiler(file, shown or str(path), variables or {}, limits)
    compiler.unsaved(unsaved or {})
    return compiler.compile()


@dataclass(slots=True)
class _Loader:
    """Reads a file and what it loads, each once, under the root; remembers them as the squad's sources."""

    root: Path
    findings: Findings
    limits: starlark.Limits
    builtins: dict[str, starlark.Builtin] = field(default_factory=dict)
    modules: dict[Path, starlark.Module] = field(default_factory=dict)
    failed: set[Path] = field(default_factory=set)
    active: list[tuple[ProjectFile, Span | None]] = field(default_factory=list)
    files: dict[str, ProjectFile] = field(default_factory=dict)
    sources: dict[str, SourceFile] = field(default_factory=dict)
    unsaved: Mapping[Path, str] = field(default_factory=dict)

    def execute(self, file: ProjectFile, at: Span | None = None) -> starlark.Module:
        """The module of a file; `at` is the load that asked for it."""
        known = self.modules.get(file.path)
        if known is not None:
            return known
        text = self.read(file, at)
        if at is None and file.path.suffix == ".json" and text.lstrip().startswith("{"):
            raise ConfigError(
                [Diagnostic("AL319", f"{file.shown} is a compiled form, not a source", help=_RUN_IT)]
            )
        if file.path in self.failed:
            raise ConfigError([])  # has been told
        self.files[file.shown] = file
        self.active.append((file, at))
        try:
            self.modules[file.path] = starlark.execute(
                text,
                filename=file.shown,
                builtins=self.builtins,
                load=lambda name, place: self._load(file, name, place),
                limits=self.limits,
            )
        except (starlark.StarlarkError, ConfigError) as error:
            if at is None:
                raise
            self.failed.add(file.path)
            raise ConfigError([_loaded(each, file.shown, at) for each in error.diagnostics]) from error
        finally:
            self.active.pop()
        return self.modules[file.path]

    def read(self, file: ProjectFile, at: Span | None) -> str:
        """The text of a file, noted as a source.

        Raises ConfigError located at what asked for it, at the first byte that is no text, or at the file.
        """
        try:
            unsaved = self.unsaved.get(file.path)
            data = read_file(file.path) if unsaved is None else unsaved.encode("utf-8", "surrogatepass")
            text = decode(data)
        except Unreadable as error:
            message = f"{file.shown} cannot be read: {error}"
            if isinstance(error, NotText):
                place = Span(Source(file.shown, error.text), error.offset, error.offset + 1)
                found = Diagnostic("AL319", message, place, help=error.remedy)
                raise ConfigError([_loaded(found, file.shown, at)]) from error
            if isinstance(error, Missing) and at:
                raise ConfigError([self._missing(file, message, at)]) from error
            raise self.refusal(message, at or Pointer(file.shown, ""), error.remedy) from error
        digest = sha256(data).hexdigest()
        self.sources[file.under_root] = SourceFile.model_construct(path=file.under_root, sha256=digest)
        return text

    def read_prompt(self, name: str, at: Span) -> str:
        """The text of a prompt file, relative to the file that `at` is in."""
        return self.read(self._locate(self.files[at.file], name, at), at)

    def _load(self, file: ProjectFile, name: str, at: Span) -> starlark.Module:
        wanted = self._locate(file, name, at)
        paths = [entry.path for entry, _ in self.active]
        if wanted.path in paths:
            raise self._load_cycle(paths.index(wanted.path), wanted, at)
        if len(self.active) >= MAX_LOAD_DEPTH:
            raise self.refusal(f"load is nested deeper than {MAX_LOAD_DEPTH} files", at)
        return self.execute(wanted, at)

    def _load_cycle(self, first: int, wanted: ProjectFile, at: Span) -> ConfigError:
        steps = [
            Related(place, f"{loaded.shown} is loaded here")
            for loaded, place in self.active[first + 1 :]
            if place is not None
        ]
        chain = " → ".join([*(entry.shown for entry, _ in self.active[first:]), wanted.shown])
        return ConfigError(
            [Diagnostic("AL319", f"these files load each other: {chain}", at, related=tuple(steps))]
        )

    def _locate(self, file: ProjectFile, name: str, at: Span) -> ProjectFile:
        try:
            return locate(self.root, file, name)
        except Unreadable as error:
            raise self.refusal(str(error), at, error.remedy) from error

    def _missing(self, file: ProjectFile, message: str, at: Span) -> Diagnostic:
        folder = self.files[at.file].path.parent
        name = os.path.relpath(file.path, folder).replace(os.sep, "/")
        near = nearby(self.root, folder, name)
        question = f"did you mean {near!r}? " if near else ""
        help = f"{question}paths are relative to the file that names them"
        return Diagnostic("AL319", message, at, help=help, fix=replacement(at, name, near))

    def refusal(self, message: str, at: Place, remedy: str = "") -> ConfigError:
        """A file that is not read, and why."""
        return ConfigError([Diagnostic("AL319", message, at, help=remedy or None)])


def _loaded(diagnostic: Diagnostic, shown: str, at: Span | None) -> Diagnostic:
    """The finding in a file that is loaded, with the load beside it."""
    if at is None:
        return diagnostic
    step = Related(at, f"{shown} is loaded here")
    return replace(diagnostic, related=tuple(dict.fromkeys((*diagnostic.related, step))))


def _check_inputs(squad: Squad, places: SourcePlaces, root: Path) -> Iterator[Diagnostic]:
    """Patterns that match no file now, or make one look at too many."""
    for g, group in enumerate(squad.groups):
        for a, agent in enumerate(group.agents):
            for item, pattern in enumerate(agent.inputs):
                if pattern_problem(pattern):
                    continue
                place = places.agent(g, a, "inputs", item)
                try:
                    if find_files(root, pattern):
                        continue
                except Unreadable as error:
                    yield Diagnostic("AL322", f"inputs: {error}", place, help=error.remedy or None)
                    continue
                is_folder = (root / pattern).is_dir()
                yield Diagnostic(
                    "AL323",
                    f"inputs: {pattern!r} {'is a folder' if is_folder else 'matches no file'}",
                    place,
                    severity="warning",
                    help=f"for all files in it write '{pattern}/**'"
                    if is_folder
                    else f"patterns are relative to the project's root, {root}",
                    fix=replacement(place, pattern, f"{pattern}/**" if is_folder else None),
                )


def _lacks_agents(squad: Squad, drafts: Sequence[_GroupDraft]) -> bool:
    """Whether agents are missing for a reason that has been told: nobody can say then whom others mean."""
    unread = any("agents" not in draft.fields for draft in drafts)
    return unread or any(agent.id == UNKNOWN for agent in squad.agents())


class _Compiler:
    def __init__(self, file: Path, shown: str, variables: Mapping[str, str], limits: starlark.Limits) -> None:
        self._root = find_root(file)
        absolute = Path.cwd() / file
        under_root = (
            absolute.relative_to(self._root).as_posix() if absolute.is_relative_to(self._root) else file.name
        )
        self._file = ProjectFile(shown, absolute, under_root)
        self._findings = Findings()
        self._parameters = Parameters(variables)
        self._loader = _Loader(self._root, self._findings, limits)
        self._loader.builtins = make_builtins(self._findings, self._parameters, self._loader.read_prompt)

    def unsaved(self, texts: Mapping[Path, str]) -> None:
        """Take these texts, by absolute path, for those of the files."""
        self._loader.unsaved = texts

    def compile(self) -> Compilation:
        found = self._findings.diagnostics
        try:
            module = self._loader.execute(self._file)
            self._check_variables()
        except (starlark.StarlarkError, ConfigError) as error:
            found += error.diagnostics
            defined = error.module if isinstance(error, starlark.StarlarkError) else None
            if defined is None or not any(name in defined for name in _SQUADS):
                raise ConfigError(_ordered(found)) from error
            module = defined  # the squad itself is not in doubt, so it can be judged too
        drafts = self._groups(module)
        squad = self._squad(module, drafts)
        places = SourcePlaces(drafts)
        if squad.groups or not found:
            told = {each.place for each in found if each.severity == "error"}
            checked = [*check_squad(squad, places), *_check_inputs(squad, places, self._root)]
            unsure = {"AL308", "AL317"} if _lacks_agents(squad, drafts) else set()
            found += (each for each in checked if each.place not in told and each.code not in unsure)
        found[:] = _ordered(found)
        if any(diagnostic.severity == "error" for diagnostic in found):
            raise ConfigError(found)
        return Compilation(squad, tuple(found), places)

    def _check_variables(self) -> None:
        for name in self._parameters.given:
            if name not in self._parameters.asked:
                near = nearest(name, self._parameters.asked)
                self._findings.diagnostics.append(
                    Diagnostic(
                        "AL320",
                        f"--var {name}: the file has no param({name!r})",
                        help=f"did you mean {near!r}?" if near else None,
                    )
                )

    def _groups(self, module: starlark.Module) -> tuple[_GroupDraft, ...]:
        both = [name for name in _SQUADS if name in module]
        if len(both) != 1:
            self._no_squad(module, both)
            return ()
        value = module[both[0]]
        drafts = (group_list if both[0] == "groups" else agent_list)(value)
        if isinstance(drafts, Wrong):
            for wrong in (drafts, *drafts.more):
                place = self._where(module, both[0], *wrong.path)
                self._findings.add("AL301", f"{both[0]}: {wrong.message}", place, help=wrong.help)
            return ()
        assert isinstance(drafts, tuple)
        place = self._where(module, both[0])
        if both[0] == "groups":
            if not drafts:
                self._findings.add(
                    "AL300", "groups is empty", place, help='add a group(id = "…", agents = […])'
                )
            return tuple(_GroupDraft(draft.where, draft.where_key, draft.fields) for draft in drafts)
        fields: dict[str, Any] = {"id": FLAT_GROUP, "agents": drafts}
        return (_GroupDraft(lambda *_: place, lambda *_: place, fields),)

    def _no_squad(self, module: starlark.Module, names: Sequence[str]) -> None:
        if names:
            self._findings.add(
                "AL300",
                "the file defines both groups and agents",
                self._where(module, "agents"),
                help="put the agents into a group",
            )
            return
        near = nearest("groups", module)
        wanted = "groups" if near else "agents"
        near = near or nearest("agents", module)
        start = Span(Source(self._file.shown, ""), 0, 0)
        hint = f"rename {near} to {wanted}, or " if near else ""
        self._findings.add(
            "AL300",
            "the file defines no squad",
            self._where(module, near) if near else start,
            help=f"{hint}write groups = [group(…)] or agents = [agent(…)]",
        )

    def _where(self, module: starlark.Module, name: str, *path: str | int) -> Span:
        return module.where(name, *path) or Span(Source(self._file.shown, ""), 0, 0)

    def _squad(self, module: starlark.Module, groups: Sequence[_GroupDraft]) -> Squad:
        prompt = module.get("prompt")
        if prompt is not None and not isinstance(prompt, str):
            message = f"prompt: expected a string, got {starlark.type_name(prompt)}"
            self._findings.add("AL301", message, self._where(module, "prompt"))
            prompt = None
        values: dict[str, Any] = {
            "schema_version": 1,
            "groups": tuple(_group(group.fields) for group in groups),
            "sources": tuple(source for _, source in sorted(self._loader.sources.items())),
        }
        if prompt is not None:
            values["prompt"] = prompt
        return Squad.model_construct(_fields_set=set(values), **values)


@dataclass(frozen=True, slots=True)
class _GroupDraft:
    where: Callable[..., Span]
    where_key: Callable[..., Span]
    fields: Mapping[str, Any]


class SourcePlaces:
    """Places in the source: asks the drafts, which ask their calls."""

    def __init__(self, groups: Sequence[_GroupDraft]) -> None:
        self._groups = groups

    def group(self, group: int, *path: str | int) -> Place:
        """The place of a group's field, or of something inside it."""
        return self._groups[group].where(*path)

    def key(self, group: int, *path: str | int) -> Place:
        """The place of the dict key that the path into a group's field ends with."""
        return self._groups[group].where_key(*path)

    def agent(self, group: int, agent: int, *path: str | int) -> Place:
        """The place of an agent's field, or of something inside it."""
        return self._draft(group, agent).where(*path)

    def is_written(self, group: int, agent: int, field: str) -> bool:
        """Whether the file gives an agent's field a value."""
        return field in self._draft(group, agent).fields

    def _draft(self, group: int, agent: int) -> Draft:
        draft: Draft = self._groups[group].fields["agents"][agent]
        return draft


def _group(fields: Mapping[str, Any]) -> Group:
    agents = [_agent(draft) for draft in fields.get("agents", ())]
    values: dict[str, Any] = {
        "id": fields.get("id", UNKNOWN),
        "agents": tuple(_with_blueprint_agent(agents, fields.get("agents", ()))),
    }
    if "orchestration" in fields:
        values["orchestration"] = _orchestration(fields["orchestration"])
    if "limits" in fields:
        values["limits"] = _limits(fields["limits"])
    return Group.model_construct(_fields_set=set(values), **values)


def _agent(draft: Draft) -> Agent:
    values: dict[str, Any] = {"id": UNKNOWN, "role": "?", **draft.fields}
    prompts: tuple[tuple[str, Turn], ...] = (("plan_prompt", "plan"), ("follow_up_prompt", "follow-up"))
    for name, turn in prompts:
        if name not in values:
            values[name] = default_prompt(values["role"], turn)
    if "limits" in values:
        values["limits"] = _limits(values["limits"])
    return Agent.model_construct(_fields_set=set(values), **values)


def _with_blueprint_agent(agents: Sequence[Agent], drafts: Sequence[Draft]) -> Iterator[Agent]:
    """The agents, with the last configured Builder giving the blueprint unless somebody was named."""
    chosen = None
    if not any(agent.blueprint for agent in agents):
        for index, (agent, draft) in enumerate(zip(agents, drafts, strict=True)):
            fits = agent.follow_up_enabled and agent.follow_up_schema is None
            if agent.role.strip().casefold() == "builder" and fits and "blueprint" not in draft.fields:
                chosen = index
    for index, agent in enumerate(agents):
        yield agent.model_copy(update={"blueprint": True}) if index == chosen else agent


def _orchestration(draft: Draft) -> Orchestration:
    values = dict(draft.fields)
    if "relay" in values:
        relay = values["relay"].fields
        values["relay"] = Relay.model_construct(_fields_set=set(relay), **relay)
    return Orchestration.model_construct(_fields_set=set(values), **values)


def _limits(draft: Draft) -> Limits:
    return Limits.model_construct(_fields_set=set(draft.fields), **draft.fields)


def _ordered(found: Sequence[Diagnostic]) -> list[Diagnostic]:
    """Findings by severity, then by place; one that several calls led to once, with the first of them."""
    rank = {"error": 0, "warning": 1, "note": 2}

    def key(diagnostic: Diagnostic) -> tuple[int, str, int]:
        place = diagnostic.place
        return (
            rank[diagnostic.severity],
            place.file if place else "",
            place.start if isinstance(place, Span) else 0,
        )

    once: dict[object, Diagnostic] = {}
    for each in found:
        once.setdefault((each.code, each.place, each.message), each)
    return sorted(once.values(), key=key)
