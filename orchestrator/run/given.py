"""What an agent is given beside what its run says: the files it declares, and what it remembers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from pydantic import TypeAdapter

from agentlark.diagnostics import visible
from agentlark.inputs import Inputs
from agentlark.model import Agent
from orchestrator.core.errors import UserError
from orchestrator.core.frozen import Digest, canonical, digest_of
from orchestrator.core.memory import Remembered
from orchestrator.core.redact import Redactor
from orchestrator.core.turn import Recollection

MEMORY = "memory"
"""The name under which a run's settings keep what its agents remember."""

Memory = Mapping[str, tuple[Remembered, ...]]
"""What agents remember, by id; frozen when their run starts."""

ReadInputs = Callable[[Sequence[str]], Inputs]
"""Reads what patterns match. Raises Unreadable when that is too much to look at."""

NAMED = 5
"""How many files a notice names."""

_MEMORY: TypeAdapter[dict[str, tuple[Remembered, ...]]] = TypeAdapter(dict[str, tuple[Remembered, ...]])


@dataclass(frozen=True, slots=True)
class Given:
    """Files and memory, without secrets, as they go into the first prompt of an engagement."""

    files: Inputs = field(default_factory=Inputs)
    memory: tuple[Remembered, ...] = ()

    @property
    def inputs(self) -> dict[str, Digest]:
        """The digests of what was read, by path."""
        return {file.path: digest_of(canonical([file.text, file.is_cut])) for file in self.files.files}

    @property
    def recollections(self) -> tuple[Recollection, ...]:
        """What of memory is in the key."""
        return tuple(one.recollection() for one in self.memory)

    @property
    def texts(self) -> dict[str, str]:
        """Every text, by path or by what it is."""
        remembered = "".join(one.text for one in self.memory)
        files = {file.path: file.text for file in self.files.files}
        return files | ({"memory": remembered} if remembered else {})

    def notices(self) -> Iterator[str]:
        """What a person should know of the files that were not read, or not whole."""
        files = self.files
        for pattern in files.unmatched:
            yield f"inputs: {pattern!r} matches no file"
        for what, paths in (
            ("too long, and cut", [file.path for file in files.files if file.is_cut]),
            ("left out for lack of room", files.no_room),
        ):
            if paths:
                yield f"inputs: {what}: {_listed(paths)}"
        by_reason: dict[str, list[str]] = {}
        for path, reason in files.refused:
            by_reason.setdefault(reason, []).append(path)
        for reason, paths in by_reason.items():
            yield f"inputs: not read ({reason}): {_listed(paths)}"


def _listed(paths: Sequence[str]) -> str:
    more = f" and {len(paths) - NAMED} more" if len(paths) > NAMED else ""
    return ", ".join(visible(path) for path in paths[:NAMED]) + more


def no_inputs(patterns: Sequence[str]) -> Inputs:
    """Reads nothing: for runs that belong to no project."""
    return Inputs(unmatched=tuple(patterns))


async def given_to(agent: Agent, read: ReadInputs, memory: Memory, redactor: Redactor) -> Given:
    """What an agent is given now. Raises Unreadable when its patterns make one look at too many files."""
    remembered = memory.get(agent.id, ())
    if not agent.inputs:
        return Given(memory=remembered)
    inputs = await asyncio.to_thread(read, agent.inputs)
    files = tuple(replace(file, text=redactor.text(file.text)) for file in inputs.files)
    return Given(replace(inputs, files=files), remembered)


def kept_memory(memory: Memory) -> dict[str, str]:
    """Memory as a run's settings keep it, so that a resumed run and a replay have the same."""
    return {MEMORY: _MEMORY.dump_json(dict(memory)).decode()} if any(memory.values()) else {}


def memory_in(kept: Mapping[str, str], where: str) -> Memory:
    """Memory as it was kept, of settings that somebody may have edited. Raises UserError that says where."""
    try:
        return _MEMORY.validate_json(kept.get(MEMORY, "{}"))
    except ValueError as error:
        raise UserError(
            f"{where}: what agents remember cannot be read: {error}", "record it again"
        ) from error
