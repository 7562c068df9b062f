"""What the builtins take: every field with type, default and meaning, read off the models that check them.

`agentlark docs` prints it, the editor shows it, and the table of docs/language.md is `as_markdown()`: one
source, which a test holds together with the readers of `fields.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from agentlark.model import ID_PATTERN, Agent, Group, Limits, Orchestration, Relay

BUILTINS: dict[str, type[BaseModel]] = {
    "agent": Agent,
    "group": Group,
    "define_orchestration": Orchestration,
    "define_relay": Relay,
    "define_limits": Limits,
}
"""The model whose fields a builtin takes by keyword."""

_CALLED: dict[type[BaseModel], str] = {model: name for name, model in BUILTINS.items()}
_UNSET: dict[tuple[type[BaseModel], str], str] = {
    (Agent, "plan_prompt"): "from the role",
    (Agent, "follow_up_prompt"): "from the role",
    (Agent, "blueprint"): "the last Builder's",
    (Agent, "backend"): "the run's",
    (Agent, "model"): "the backend's",
    (Agent, "effort"): "the model's",
    (Agent, "max_output_tokens"): "16000",
    (Agent, "timeout_s"): "600",
    (Agent, "retries"): "2",
}
"""What holds when a field is left out, where the model does not say it."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field or parameter; `default` is "required" where there is none."""

    name: str
    type: str
    default: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Builtin:
    """A word that a configuration may use besides Starlark's own."""

    name: str
    signature: str
    meaning: str
    fields: tuple[Field, ...]


_FUNCTIONS = (
    Builtin(
        "prompt_file",
        "prompt_file(path)",
        "The text of a file. Its digest is among the compiled sources.",
        (
            Field(
                "path",
                "string",
                "required",
                "Relative to the file of the call, under the project root.",
            ),
        ),
    ),
    Builtin(
        "param",
        "param(name, default)",
        "A value from the command line (`--var name=value`), as a string, bool, int or float like the"
        " default. A `--var` that no `param` asks for is an error.",
        (
            Field("name", "string", "required", "What it is called on the command line."),
            Field("default", "string, bool, int or float", "none", "Without it, `--var` must give a value."),
        ),
    ),
    Builtin(
        "load",
        "load(path, names…)",
        "Starlark's own `load`: names of another file, which is evaluated once. Files that load each other"
        " are refused.",
        (
            Field("path", "string", "required", "Relative to the loading file, under the project root."),
            Field("names", "strings", "required", 'What is taken from it; `new = "old"` renames.'),
        ),
    ),
)


def builtins() -> tuple[Builtin, ...]:
    """All builtins, those of the squad first."""
    return (*(_of_model(name, model) for name, model in BUILTINS.items()), *_FUNCTIONS)


def builtin(name: str) -> Builtin | None:
    """The builtin of a name, which may be followed by brackets."""
    wanted = name.partition("(")[0]
    return next((each for each in builtins() if each.name == wanted), None)


def _of_model(name: str, model: type[BaseModel]) -> Builtin:
    fields = tuple(_field(model, field, info) for field, info in model.model_fields.items())
    return Builtin(name, f"{name}(…)", (model.__doc__ or "").strip(), fields)


def _field(model: type[BaseModel], name: str, info: FieldInfo) -> Field:
    type_ = "template" if name.endswith("_prompt") else type_words(info.annotation, info.metadata)
    return Field(name, type_, _default(model, name, info), info.description or "")


def _default(model: type[BaseModel], name: str, info: FieldInfo) -> str:
    told = _UNSET.get((model, name))
    if told is not None:
        return told
    if info.is_required():
        return "required"
    default = info.get_default(call_default_factory=True)
    if default is None or isinstance(default, BaseModel):
        return "unset"
    return "[]" if default == () else "{}" if default == {} else repr(default)


def type_words(annotation: Any, metadata: Sequence[Any] = ()) -> str:
    """A type as a file's author would call it, bounds included."""
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return type_words(parts[0], [*metadata, *parts[1:]])
    if origin in (Union, UnionType):
        return " or ".join(type_words(part, metadata) for part in parts if part is not NoneType)
    if origin is Literal:
        return " or ".join(f'"{part}"' for part in parts)
    if origin in (tuple, list):
        return f"list of {_plural(type_words(parts[0]))}"
    if origin is dict:
        return f"dict of {_plural(type_words(parts[1]))} by {type_words(parts[0])}"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return f"{_CALLED.get(annotation, annotation.__name__)}(…)"
    names = {str: "string", bool: "bool", int: "int", float: "number"}
    if annotation not in names:
        return "JSON value"
    return _bounded(names[annotation], metadata)


def _bounded(name: str, metadata: Sequence[Any]) -> str:
    bounds: dict[str, Any] = {}
    for entry in metadata:
        for constraint in getattr(entry, "metadata", None) or [entry]:
            for key in ("pattern", "ge", "gt", "le"):
                if getattr(constraint, key, None) is not None:
                    bounds[key] = getattr(constraint, key)
    if bounds.get("pattern") == ID_PATTERN:
        return "id"
    if "ge" in bounds and "le" in bounds:
        return f"{name} from {bounds['ge']} to {bounds['le']}"
    if "ge" in bounds:
        return f"{name} ≥ {bounds['ge']}"
    return f"{name} > {bounds['gt']}" if "gt" in bounds else name


def _plural(words: str) -> str:
    head, _, rest = words.partition(" ")
    if head.endswith("(…)"):
        return words
    return f"{head}s {rest}".rstrip()


BEGIN, END = "<!-- generated by `agentlark docs --markdown` -->", "<!-- end of what is generated -->"


def as_markdown() -> str:
    """The tables of docs/language.md, between the marks that enclose them."""
    parts = [BEGIN]
    for each in builtins():
        rows = [
            f"| `{field.name}` | {_cell(field.type)} | {_value(field.default)} | {_cell(field.meaning)} |"
            for field in each.fields
        ]
        table = "\n".join(["| field | type | default | meaning |", "|---|---|---|---|", *rows])
        parts += [f"### `{each.signature}`", each.meaning, table]
    return "\n\n".join([*parts, END]) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _value(default: str) -> str:
    return f"`{default}`" if default in ("True", "False", "[]", "{}") else default


def as_text(each: Builtin) -> str:
    """One builtin for a terminal: each field with a line on type and default, and one on its meaning."""
    lines = [each.signature, f"    {each.meaning}"]
    for field in each.fields:
        default = field.default if field.default == "required" else f"default: {field.default}"
        lines += ["", f"  {field.name}: {field.type} ({default})", f"      {field.meaning}"]
    return "\n".join(lines) + "\n"
