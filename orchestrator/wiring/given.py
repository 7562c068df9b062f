"""What the agents of a folder's run are given: the project's files, and the folder's memory."""

from __future__ import annotations

from functools import cache, partial

from agentlark.inputs import read_inputs
from agentlark.model import Squad
from agentlark.project import find_root
from orchestrator.core.memory import Remembered
from orchestrator.core.paths import RunPaths
from orchestrator.core.redact import Redactor
from orchestrator.run.given import Memory, ReadInputs
from orchestrator.store.artifacts import open_artifacts
from orchestrator.store.artifacts.recall import recall


def inputs_of(paths: RunPaths) -> ReadInputs:
    """Reads files of the project that the run's folder belongs to, and none of those that runs write."""
    trail = (paths.journal.with_name(f"{paths.journal.name}{end}") for end in ("", "-wal", "-shm", "-mark"))
    own = (paths.logs, paths.memory, paths.layout, *trail)
    return partial(read_inputs, find_root(paths.folder / "agents.lark"), skip=own)


def memory_of(squad: Squad, paths: RunPaths, redactor: Redactor, *, simulated: bool) -> Memory:
    """What the squad's agents remember as the artifact file stands now; rehearsed and real never mix."""
    asking = [agent for agent in squad.agents() if agent.memory]
    reader = open_artifacts(paths.artifacts) if asking else None
    if reader is None:
        return {}
    with reader:

        @cache
        def remembered(terms: tuple[str, ...], limit: int) -> tuple[Remembered, ...]:
            """The memory of all agents that ask alike."""
            found = recall(reader, terms, limit, simulated)
            return tuple(one.model_copy(update={"text": redactor.text(one.text)}) for one in found)

        return {agent.id: remembered(agent.memory, agent.memory_limit) for agent in asking}
