"""Reading a cassette: every line is checked before anything is answered from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from agentlark.diagnostics import visible
from agentlark.strict_json import JsonRefused, strict_json
from orchestrator.backends.cassette.line import VERSION, Entry, Head
from orchestrator.core.errors import UserError
from orchestrator.core.frozen import Digest, Frozen
from orchestrator.core.turn import Done

_HEAD_BYTES = 32 * 2**20
"""The most that is read of a first line: it holds a task."""

_RECORD_AGAIN = "record it again: agentlark run --record FILE"

_Line = TypeVar("_Line", bound=Frozen)


@dataclass(frozen=True, slots=True)
class Numbered:
    """An entry and the line that it stands on."""

    line: int
    entry: Entry


@dataclass(slots=True)
class Cassette:
    """A checked cassette."""

    path: Path
    """Absolute, so that it is found again from elsewhere."""
    name: str
    head: Head
    entries: list[Numbered] = field(default_factory=list)
    """All of them, in the order in which the turns ended."""
    sent: dict[tuple[str, int, Digest], list[Numbered]] = field(default_factory=dict)
    """The attempts at each turn that the recorded run sent, by node, step and key."""
    recalled: dict[Digest, Done] = field(default_factory=dict)
    """What the recorded run took from earlier runs, by key."""
    by_key: dict[Digest, list[Numbered]] = field(default_factory=dict)

    def attempts(self, node: str, step: int, key: Digest) -> Sequence[Numbered]:
        """The attempts at a turn; those at the same turn elsewhere when this place has none."""
        return self.sent.get((node, step, key)) or self.by_key.get(key, ())[-1:]


def read_cassette(path: Path) -> Cassette:
    """The cassette in a file. Raises UserError, naming the line, when it is not one that can be replayed."""
    name = visible(str(path))
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UserError(
            f"the cassette {name} cannot be read: {error.strerror}", "name one that `run --record` wrote"
        ) from error
    lines = list(_lines(data, name))
    if not lines:
        raise UserError(f"{name} is not a cassette: it is empty", _RECORD_AGAIN)
    cassette = Cassette(path.resolve(), name, _head(lines[0][1], name))
    for number, text in lines[1:]:
        entry = _parsed(Entry, text, name, number)
        if entry.input.key() != entry.key:
            raise _wrong(name, number, "its key is not that of its input: one of them was edited")
        _take(cassette, Numbered(number, entry))
    return cassette


def refuse_to_replace(path: Path) -> None:
    """Refuse to write a cassette where there is something else that would be lost. Raises UserError."""
    name = visible(str(path))
    if not path.is_file():
        return
    try:
        with path.open("rb") as file:
            first = file.readline(_HEAD_BYTES)
    except OSError:
        return  # what is wrong will be told when it is opened to be written
    try:
        if first.strip():
            _head(first.decode("utf-8", "surrogatepass"), name)
    except (UserError, UnicodeDecodeError) as error:
        raise UserError(
            f"--record {name}: there is a file of another kind, which would be lost", "name another file"
        ) from error


def _take(cassette: Cassette, taken: Numbered) -> None:
    entry = taken.entry
    attempts = cassette.sent.setdefault(entry.place, [])
    if attempts and isinstance(attempts[-1].entry.outcome, Done):
        raise _wrong(
            cassette.name,
            taken.line,
            f"{entry.node}, step {entry.step}, has its answer on line {attempts[-1].line} already",
        )
    if entry.attempt == 1:
        attempts.clear()  # a resumed run asks anew
    attempts.append(taken)
    cassette.entries.append(taken)
    cassette.by_key.setdefault(entry.key, []).append(taken)
    if entry.origin == "reused" and isinstance(entry.outcome, Done):
        cassette.recalled.setdefault(entry.key, entry.outcome)


def _lines(data: bytes, name: str) -> Iterator[tuple[int, str]]:
    """The lines that are not empty, numbered from 1."""
    *whole, rest = data.split(b"\n")
    if rest.strip():
        raise _wrong(name, len(whole) + 1, "it was cut off: the last line has no end")
    for number, line in enumerate(whole, 1):
        if line.strip():
            try:
                yield number, line.decode("utf-8", "surrogatepass")
            except UnicodeDecodeError:
                raise _wrong(name, number, "it is not UTF-8 text") from None


def _head(text: str, name: str) -> Head:
    try:
        value = strict_json(text)
    except JsonRefused as error:
        raise UserError(f"{name} is not a cassette: line 1: {error}", _RECORD_AGAIN) from error
    version = value.get("cassette") if isinstance(value, Mapping) else None
    if version is None:
        raise UserError(f"{name} is not a cassette: its first line has no version", _RECORD_AGAIN)
    if version != VERSION:
        raise UserError(
            f"{name} is a cassette of version {version!r}, and this agentlark reads {VERSION}",
            "replay it with the agentlark that recorded it, or record it again",
        )
    return _parsed(Head, text, name, 1)


def _parsed(model: type[_Line], text: str, name: str, number: int) -> _Line:
    try:
        return model.model_validate(strict_json(text))
    except JsonRefused as error:
        raise _wrong(name, number, str(error)) from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise _wrong(name, number, f"{where}: {first['msg']}") from error


def _wrong(name: str, line: int, what: str) -> UserError:
    return UserError(f"{name}, line {line}: {what}", _RECORD_AGAIN)
