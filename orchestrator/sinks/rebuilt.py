"""Logs of a recorded run, from its facts: what the log files had, or facts of one agent as NDJSON.

What was live only is lost: notes on waiting and prompt sizes, and what was streamed in attempts that failed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from agentlark.diagnostics import nearest
from orchestrator.core.errors import UserError
from orchestrator.core.facts import (
    Acted,
    AgentsEngaged,
    AgentsJoined,
    BlueprintRefused,
    Fact,
    HandedOff,
    NodeEnded,
    TurnEnded,
    TurnStarted,
)
from orchestrator.core.frozen import Digest
from orchestrator.schedule.node import agent_of
from orchestrator.sinks.logs import LogSink, texts_in


def rebuilt_log(
    name: str, facts: Iterable[tuple[int, Fact]], roles: Mapping[str, str], body: Callable[[Digest], bytes]
) -> str:
    """The text of a run's `<name>.log`; `roles` are those of the configured agents, by id.

    Raises UserError when the run had no such log, and whatever reading a body raises.
    """
    with TemporaryDirectory(prefix="agentlark-logs-") as folder:
        sink = LogSink(Path(folder), roles, texts_in(body))
        for number, fact in facts:
            sink.see(number, fact)
        sink.close()
        if sink.failure is not None:
            raise sink.failure
        path = Path(folder, f"{agent_of(name)}.log")
        if not path.is_file():
            raise no_log(name, Path(folder))
        return path.read_text(encoding="utf-8")


def no_log(name: str, folder: Path) -> UserError:
    """The error that a folder has no log of this name; it says which there are."""
    known = sorted(path.stem for path in folder.glob("*.log"))
    near = nearest(name, known)
    listed = ", ".join(known[:20]) + (f" and {len(known) - 20} more" if len(known) > 20 else "")
    remedy = f"did you mean {near!r}?" if near else f"there is {listed}" if known else "run a squad first"
    return UserError(f"there is no log of {name!r}", remedy)


def concerns(fact: Fact, agent: str) -> bool:
    """Whether a fact is about an agent: its turns, what it did, how it came and ended, what it handed on."""
    match fact:
        case TurnStarted() | TurnEnded() | Acted():
            return agent_of(fact.id.node) == agent
        case NodeEnded() | BlueprintRefused():
            return agent_of(fact.node) == agent
        case AgentsEngaged():
            return agent in fact.agents
        case AgentsJoined():
            handed = (name for each in fact.handoffs for name in (each.sender, each.receiver))
            return agent in (agent_of(fact.by), *(each.id for each in fact.agents), *handed)
        case HandedOff():
            return agent in (agent_of(fact.sender), agent_of(fact.receiver))
        case _:
            return False
