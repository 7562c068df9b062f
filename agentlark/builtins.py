"""The words that a configuration may use besides Starlark's own: `group`, `agent`, `prompt_file`, ….

They collect instead of raising: a file with five mistakes gets five findings in one run. Each returns a
draft that remembers its call, so that later checks can point at the very argument.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from agentlark import starlark
from agentlark.check import UNKNOWN
from agentlark.diagnostics import Diagnostic, Span, nearest, replacement
from agentlark.drafts import Draft, is_draft
from agentlark.errors import ConfigError
from agentlark.fields import (
    AGENT_FIELDS,
    ELSEWHERE,
    LIMITS_FIELDS,
    LONGEST_SHOWN,
    ORCHESTRATION_FIELDS,
    RELAY_FIELDS,
    Reader,
    Wrong,
    all_wrong,
    text,
)


class PromptReader(Protocol):
    """Reads the file that `prompt_file` names, relative to the file of the call."""

    def __call__(self, name: str, at: Span) -> str:
        """Its text. Raises ConfigError when it cannot or must not be read."""
        ...


@dataclass(slots=True)
class Findings:
    """What was found while a file was evaluated, in the order it was found."""

    diagnostics: list[Diagnostic] = field(default_factory=list)

    def add(self, code: str, message: str, place: Span, **more: Any) -> None:
        """Take note of a finding."""
        self.diagnostics.append(Diagnostic(code, message, place, **more))


@dataclass(slots=True)
class Parameters:
    """The values given with `--var`, and which of them the file asked for."""

    given: Mapping[str, str]
    asked: dict[str, object] = field(default_factory=dict)


def make_builtins(
    findings: Findings, parameters: Parameters, read_prompt: PromptReader
) -> dict[str, starlark.Builtin]:
    """The builtins by name; what they find goes to `findings`."""

    limits = _draft_of("limits", "define_limits")

    def agent(call: starlark.Call, args: tuple[object, ...], kwargs: dict[str, object]) -> Draft:
        fields = {**AGENT_FIELDS, "limits": limits}
        return Draft("agent", call, _read(findings, call, args, kwargs, fields, ("id", "role")))

    def define_limits(call: starlark.Call, args: tuple[object, ...], kwargs: dict[str, object]) -> Draft:
        return Draft("limits", call, _read(findings, call, args, kwargs, LIMITS_FIELDS))

    def define_relay(call: starlark.Call, args: tuple[object, ...], kwargs: dict[str, object]) -> Draft:
        return Draft("relay", call, _read(findings, call, args, kwargs, RELAY_FIELDS))

    def define_orchestration(
        call: starlark.Call, args: tuple[object, ...], kwargs: dict[str, object]
    ) -> Draft:
        fields = {**ORCHESTRATION_FIELDS, "relay": _draft_of("relay", "define_relay")}
        return Draft("orchestration", call, _read(findings, call, args, kwargs, fields))

    def group(call: starlark.Call, args: tuple[object, ...], kwargs: dict[str, object]) -> Draft:
        fields: dict[str, Reader] = {
            "id": text,
            "orchestration": _draft_of("orchestration", "define_orchestration"),
            "limits": limits,
            "agents": agent_list,
        }
        return Draft("group", call, _read(findings, call, args, kwargs, fields, ("id", "agents")))

    def prompt_file(call: starlark.Call, args: tuple[object, ...], kwargs: dict[str, object]) -> str:
        bound = _positional(call, args, kwargs, ("path",), 1)
        name = bound["path"]
        if not isinstance(name, str):
            call.error("prompt_file takes the path of a file", call.where(0), code="AL303")
        try:
            return read_prompt(name, call.where(0) if args else call.where("path"))
        except ConfigError as error:
            findings.diagnostics += [
                replace(each, related=each.related + call.stack) for each in error.diagnostics
            ]
            return UNKNOWN

    def param(call: starlark.Call, args: tuple[object, ...], kwargs: dict[str, object]) -> object:
        return _param(call, args, kwargs, parameters)

    functions: tuple[Callable[..., object], ...] = (
        group,
        agent,
        define_orchestration,
        define_relay,
        define_limits,
        prompt_file,
        param,
    )
    return {function.__name__: starlark.Builtin(function.__name__, function) for function in functions}


def agent_list(value: object) -> object:
    """A list of agents, as a tuple of drafts."""
    return _drafts(value, "agent")


def group_list(value: object) -> object:
    """A list of groups, as a tuple of drafts."""
    return _drafts(value, "group")


def _drafts(value: object, what: str) -> object:
    if not isinstance(value, list | tuple):
        help = f"put it into a list: [{what}(…)]" if is_draft(value, what) else _as_list(value, what)
        return Wrong(f"expected a list of {what}(…), got {starlark.type_name(value)}", help)
    wrong = [
        Wrong(f"expected {what}(…), got {starlark.type_name(item)}", _as_call(item, what), path=(index,))
        for index, item in enumerate(value)
        if not is_draft(item, what)
    ]
    return all_wrong(wrong) if wrong else tuple(value)


def _as_list(value: object, what: str) -> str | None:
    """How a dict by id is written as a list."""
    return f"write a list: [{what}({_ARGUMENTS[what]}), …]" if isinstance(value, dict) else None


def _as_call(value: object, what: str) -> str | None:
    """How an element of another language's lists is written as a call."""
    if isinstance(value, list | tuple):
        return "a list in a list: join lists with +"
    if is_draft(value, "agent"):
        return f"put it into {what}({_ARGUMENTS[what]})"
    return f"write {what}({_ARGUMENTS[what]})" if isinstance(value, dict | str) else None


_ARGUMENTS = {"agent": 'id = "…", role = "…"', "group": 'id = "…", agents = […]'}
"""What agents and groups need, as it is written."""


def _draft_of(type_name: str, function: str) -> Reader:
    def read(value: object) -> object:
        if is_draft(value, type_name):
            return value
        return Wrong(f"expected {function}(…), got {starlark.type_name(value)}")

    return read


def _read(
    findings: Findings,
    call: starlark.Call,
    args: tuple[object, ...],
    kwargs: Mapping[str, object],
    fields: Mapping[str, Reader],
    required: tuple[str, ...] = (),
) -> dict[str, Any]:
    """The fields that were given and are right; what is wrong goes to the findings."""
    missing = [name for name in required if kwargs.get(name) is None]
    if args:
        named = ", ".join(f"{name} = {_sketch(call, arg)}" for name, arg in zip(missing, args, strict=False))
        help = f"give them by name: {named}" if named else f"`agentlark docs {call.name}` lists its fields"
        message = f"{call.name} takes keyword arguments only"
        findings.add("AL303", message, call.where(0), help=help, related=call.stack)
    taken: dict[str, Any] = {}
    meant: set[str | None] = set()
    for name, value in kwargs.items():
        reader = fields.get(name)
        if reader is None:
            free = [field for field in fields if field not in kwargs and field not in meant]
            meant.add(_unknown_field(findings, call, name, free))
        elif value is not None:
            plain = reader(value)
            if not isinstance(plain, Wrong):
                taken[name] = plain
                continue
            for wrong in (plain, *plain.more):
                place = call.where(name, *wrong.path)
                fix = replacement(place, *wrong.instead) if wrong.instead else None
                message = f"{name}: {wrong.message}"
                findings.add(wrong.code, message, place, help=wrong.help, fix=fix, related=call.stack)
    for name in missing[len(args) :]:
        if name not in meant:
            findings.add(
                "AL304", f"{call.name} needs {name}", call.span, help=f"add {name} = …", related=call.stack
            )
    return taken


def _sketch(call: starlark.Call, value: object) -> str:
    """The value in a few characters."""
    if isinstance(value, list | tuple):
        return "[…]"
    shown = call.repr(value)
    return shown if len(shown) <= LONGEST_SHOWN else "…"


def _unknown_field(findings: Findings, call: starlark.Call, name: str, free: Collection[str]) -> str | None:
    """Takes note of a field that does not exist; gives the one of the free fields that was probably meant."""
    near = ELSEWHERE.get(name)
    near = near if near in free else nearest(name, free)
    findings.add(
        "AL302",
        f"{call.name} has no field {name!r}",
        call.name_span(name),
        help=f"did you mean {near!r}?" if near else f"`agentlark docs {call.name}` lists its fields",
        fix=replacement(call.name_span(name), name, near),
        related=call.stack,
    )
    return near


def _positional(
    call: starlark.Call,
    args: tuple[object, ...],
    kwargs: Mapping[str, object],
    names: tuple[str, ...],
    required: int,
) -> dict[str, object]:
    """Arguments by name, for the builtins that take a few positional ones. Raises a located call error."""
    bound = dict(zip(names, args, strict=False))
    if len(args) > len(names):
        call.error(f"{call.name} takes at most {len(names)} arguments, got {len(args)}", code="AL210")
    for name, value in kwargs.items():
        if name not in names:
            near = nearest(name, names)
            help = f"did you mean {near}?" if near else f"it takes {' and '.join(names)}"
            call.error(f"{call.name} has no argument {name!r}", call.name_span(name), code="AL210", help=help)
        if name in bound:
            call.error(f"{call.name} got {name!r} twice", call.name_span(name), code="AL210")
        bound[name] = value
    for name in names[:required]:
        if name not in bound:
            call.error(f"{call.name} needs {name!r}", code="AL210")
    return bound


def _param(
    call: starlark.Call, args: tuple[object, ...], kwargs: Mapping[str, object], parameters: Parameters
) -> object:
    bound = _positional(call, args, kwargs, ("name", "default"), 1)
    name = bound["name"]
    if not isinstance(name, str):
        call.error("param takes a name", call.where(0), code="AL303")
    parameters.asked[name] = call
    given = parameters.given.get(name)
    if given is None:
        if "default" not in bound:
            call.error(
                f"the parameter {name!r} has no value", code="AL320", help=f"give it with --var {name}=…"
            )
        return bound["default"]
    try:
        return _like(given, starlark.to_python(bound.get("default")))
    except ValueError as error:
        call.error(f"--var {name}={given}: {error}", code="AL320")


def _like(given: str, default: object) -> object:
    """A `--var` text as a value of the default's type. Raises ValueError saying what was expected."""
    if isinstance(default, bool):
        if given.casefold() not in ("true", "false", "1", "0"):
            raise ValueError("expected true or false")
        return given.casefold() in ("true", "1")
    if isinstance(default, int | float):
        try:
            return type(default)(given)
        except ValueError:
            raise ValueError(f"expected {'an int' if isinstance(default, int) else 'a number'}") from None
    if isinstance(default, list | dict):
        raise ValueError("only strings, numbers and booleans can be given on the command line")
    return given
