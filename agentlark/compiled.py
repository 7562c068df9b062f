"""The compiled form as bytes: the same squad gives the same bytes, always.

Fields stand in the models' order, prompts in full, and what nobody set is left out, so that a diff shows
what changed. Mappings whose order means nothing are sorted; a follow_up_schema keeps the order its author
gave it, because models read properties in order.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from pydantic import JsonValue, ValidationError
from pydantic_core import to_json

from agentlark.check import check_squad
from agentlark.diagnostics import Diagnostic, Pointer
from agentlark.errors import ConfigError
from agentlark.model import Squad
from agentlark.project import Unreadable, decode, read_file
from agentlark.strict_json import JsonRefused, strict_json


def emit(squad: Squad) -> str:
    """The squad as JSON text that ends with a newline."""
    data = {"schema_version": squad.schema_version, **squad.model_dump(mode="json", exclude_unset=True)}
    for group in data["groups"]:
        relay = (group.get("orchestration") or {}).get("relay")
        if relay and relay.get("graph"):
            relay["graph"] = dict(sorted(relay["graph"].items()))
    return to_json(data, indent=2).decode() + "\n"


def write_if_changed(path: Path, text: str) -> bool:
    """Whether the file had to be written; it is replaced in one step, so that no reader sees half of it."""
    data = text.encode("utf-8", "surrogatepass")
    if path.exists() and not path.is_file():
        path.write_bytes(data)  # a device or a pipe cannot be compared or replaced
        return True
    try:
        if path.read_bytes() == data:
            return False
    except OSError:
        pass  # absent or unreadable: writing will tell
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
    return True


def json_schema() -> dict[str, JsonValue]:
    """The JSON Schema of the compiled form."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Squad.model_json_schema()}


class _Pointers:
    """Places in a compiled file: JSON pointers, since its lines are nobody's."""

    def __init__(self, file: str) -> None:
        self._file = file

    def group(self, group: int, *path: str | int) -> Pointer:
        return Pointer(self._file, "/".join([f"/groups/{group}", *map(str, path)]))

    def key(self, group: int, *path: str | int) -> Pointer:
        return self.group(group, *path)

    def agent(self, group: int, agent: int, *path: str | int) -> Pointer:
        return self.group(group, "agents", agent, *path)


def load_compiled(path: Path, shown: str | None = None) -> Squad:
    """The squad in a compiled file, checked as a source file would be. Raises ConfigError."""
    name = shown or str(path)
    try:
        text = decode(read_file(path))
    except Unreadable as error:
        raise ConfigError(
            [
                Diagnostic(
                    "AL330",
                    f"{name}: {error}",
                    help=error.remedy or "name a file that `agentlark compile` wrote",
                )
            ]
        ) from error
    return parse_compiled(text, name)


def parse_compiled(text: str, name: str) -> Squad:
    """The squad in a compiled text, checked. Raises ConfigError with every finding."""
    again = "compile it again with `agentlark compile`"
    try:
        data = strict_json(text)
    except JsonRefused as error:
        raise ConfigError([Diagnostic("AL330", str(error), Pointer(name, ""), help=again)]) from error
    version = data.get("schema_version") if isinstance(data, dict) else None
    if version != 1:
        message = f"schema_version is {version!r}, and this agentlark reads 1"
        raise ConfigError([Diagnostic("AL330", message, Pointer(name, ""), help=again)])
    try:
        squad = Squad.model_validate_json(json.dumps(data))
    except ValidationError as error:
        raise ConfigError(list(_problems(error, name, again))) from error
    check_whole(squad, name)
    return squad


def read_checked(text: str) -> Squad:
    """The squad in a text that `emit` made of a checked squad, and that nobody has touched since.

    It is not checked again. Raises pydantic's ValidationError for any other text.
    """
    return Squad.model_validate_json(text)


def check_whole(squad: Squad, name: str) -> None:
    """Refuse a squad that is wrong, wherever it came from. Raises ConfigError with every finding."""
    found = check_squad(squad, _Pointers(name))
    if any(diagnostic.severity == "error" for diagnostic in found):
        raise ConfigError(found)


def _problems(error: ValidationError, name: str, remedy: str) -> Iterator[Diagnostic]:
    for problem in error.errors(include_url=False):
        pointer = "".join(f"/{part}" for part in problem["loc"])
        yield Diagnostic("AL330", problem["msg"], Pointer(name, pointer), help=remedy)
