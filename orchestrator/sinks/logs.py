"""Log files: one per agent with what it says as it says it, and `timeline.log` for the whole run.

Escape sequences are spelled out, so that a log can be followed in any terminal. A simulated or replayed run
says so on the first lines of every file. Text arrives as signals; if none came, the recorded answer is
written. What comes within `GATHER_S` is written together, each file opened once: opening costs more than all
the rest.

An earlier run's log is written over and then cut, never emptied first: file systems take a file that is
emptied, written and closed for one being replaced and see to it at once (`auto_da_alloc` in ext4(5)), which
takes several times as long.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from agentlark.diagnostics import visible
from agentlark.model import ID_PATTERN
from orchestrator.core.facts import (
    Acted,
    AgentsEngaged,
    AgentsJoined,
    BlueprintRefused,
    Fact,
    HandedOff,
    InterruptAsked,
    NodeEnded,
    PromptMeasured,
    RunStarted,
    Signal,
    TextDelta,
    TurnEnded,
    TurnStarted,
    Waiting,
)
from orchestrator.core.frozen import Digest
from orchestrator.core.turn import Done, TurnId
from orchestrator.sinks.describe import (
    clock_time,
    describe,
    how_it_ended,
    labels_of,
    one_line,
    time_of,
    wait_in_words,
)
from orchestrator.sinks.queue import QueueSink

TIMELINE = "timeline"
INTERRUPT = "interrupt"
GATHER_S = 0.03
"""A line is on the disk this long after it came, or a little later."""
HEADS_S = 0.4
"""So long the first lines of a log wait for more, for in a run of many agents most get some at once."""


class LogSink(QueueSink):
    """Writes `<agent>.log`, `timeline.log` and, once the run was interrupted, `interrupt.log` into a folder.

    `agents` are the configured agents' roles by id; `text_of` gives the text of a recorded answer. A new run
    replaces what is in the files it writes and removes the logs of other agents, a resumed one appends. Links
    are not followed: an agent may have put one there to have a file written that it cannot write itself.
    """

    gather_s = GATHER_S
    idle_s = HEADS_S

    def __init__(self, folder: Path, agents: Mapping[str, str], text_of: Callable[[Digest], str]) -> None:
        super().__init__("logs")
        self._folder = folder
        self._roles = dict(agents)
        self._text_of = text_of
        self._started: RunStarted | None = None
        self._streamed: dict[TurnId, str] = {}
        """The last text that came of each turn that is being answered."""
        self._texts: dict[str, list[str]] = {}
        """What is still to be written, by the name of the log."""
        self._headless: dict[str, None] = {}
        """The agents whose logs still lack their first lines, in order."""
        self._heads_due = 0.0
        self._stale: set[str] = set()
        """The logs that hold an earlier run's text until they are first written."""

    def handle(self, seq: int | None, item: Fact | Signal) -> None:
        """Write one item to the logs it belongs to."""
        if isinstance(item, RunStarted):
            self._open(item)
        if isinstance(item, TextDelta):
            self._text(item)
            return
        line = describe(item)
        if line is not None:
            self._write(TIMELINE, "".join(f"{time_of(item)}  {part}\n" for part in line.splitlines()))
        if self._started is not None:  # what is decided between two sessions stands in the timeline alone
            self._to_agents(item)

    def _open(self, started: RunStarted) -> None:
        self._started = started
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not started.resumed:
            self._stale = {TIMELINE, *self._roles}
            self._remove_others()
        self._write(TIMELINE, _lines(labels_of(started)))
        self._heads_due = time.monotonic() + HEADS_S
        self._headless = dict.fromkeys(self._roles)

    def _remove_others(self) -> None:
        """Remove the logs of agents that are not in this run; whatever else is in the folder stays."""
        for path in self._folder.glob("*.log"):
            is_other = path.stem not in self._stale and re.fullmatch(ID_PATTERN, path.stem)
            if is_other and path.is_file() and not path.is_symlink():
                path.unlink()

    def _admit(self, agent: str, role: str) -> None:
        self._roles[agent] = role
        self._headless[agent] = None

    def _head(self, agent: str) -> str:
        assert self._started is not None
        labels = _lines(labels_of(self._started))
        return f"{labels}{self._started.run}: {agent} ({one_line(self._roles[agent])})\n"

    def _text(self, delta: TextDelta) -> None:
        self._streamed[delta.id] = delta.text
        self._write(_agent(delta.id.node), visible(delta.text))

    def _to_agents(self, item: Fact | Signal) -> None:
        match item:
            case TurnStarted():
                self._streamed.pop(item.id, None)
                again = f", attempt {item.attempt}" if item.attempt > 1 else ""
                model = visible(item.model)
                self._rule(item.id.node, f"{item.purpose} · {model}{again} · {clock_time(item.at)}")
            case TurnEnded():
                self._turn_ended(item)
            case Acted():
                result = "" if item.ok else " (failed)"
                self._write(_agent(item.id.node), f"  ▸ {item.action}{result}: {one_line(item.title)}\n")
            case Waiting():
                again = wait_in_words(item) if item.until else f"again in {item.seconds:.1f} s"
                self._write(_agent(item.id.node), f"  … {one_line(item.reason)}; {again}\n")
            case AgentsJoined():
                for specialist in item.agents:
                    self._admit(specialist.id, specialist.role)
                for each in item.handoffs:
                    self._handed(each.sender, each.receiver, each.note)
            case NodeEnded():
                self._node_ended(item)
            case BlueprintRefused():
                for reason in item.reasons:
                    self._write(_agent(item.node), f"  ✗ {one_line(reason)}\n")
            case AgentsEngaged():
                self._engaged(item)
            case HandedOff():
                self._handed(item.sender, item.receiver, item.note)
            case InterruptAsked():
                self._write(INTERRUPT, visible(item.summary) + "\n")
            case PromptMeasured():
                self._write(_agent(item.id.node), f"  {describe(item)}\n")
            case _:
                pass

    def _turn_ended(self, fact: TurnEnded) -> None:
        agent = _agent(fact.id.node)
        shown = self._streamed.pop(fact.id, None)
        if fact.answer is not None and shown is None:
            shown = self._text_of(fact.answer)
            self._write(agent, visible(shown))
        if shown is not None and not shown.endswith("\n"):
            self._write(agent, "\n")
        error = f" · {one_line(fact.error)}" if fact.error else ""
        self._rule(fact.id.node, f"{fact.purpose} {how_it_ended(fact, ' · ')}{error}")

    def _engaged(self, fact: AgentsEngaged) -> None:
        for agent in fact.agents:
            if agent not in self._roles:
                self._admit(agent, "says what the group does next")

    def _handed(self, sender: str, receiver: str, note: str) -> None:
        line = f"  ⇢ {one_line(sender)} hands on to {one_line(receiver)}: {one_line(note)}\n"
        for name in {_agent(sender), _agent(receiver)} & self._roles.keys():
            self._write(name, line)

    def _node_ended(self, fact: NodeEnded) -> None:
        reason = f": {one_line(fact.reason, 2000)}" if fact.reason else ""
        assert self._started is not None
        tail = _lines(labels_of(self._started))
        self._write(_agent(fact.node), f"{fact.node} is {fact.ending}{reason}\n{tail}")

    def _rule(self, node: str, title: str) -> None:
        self._write(_agent(node), f"\n── {title} ──\n")

    def _write(self, name: str, text: str) -> None:
        parts = self._texts.setdefault(name, [])
        if name in self._headless:
            del self._headless[name]
            parts.append(self._head(name))
        parts.append(text)

    def flush(self) -> None:
        """Write what has gathered, each file once; logs that have their first lines only when it is time."""
        texts, self._texts = self._texts, {}
        for name, parts in texts.items():
            self._append(name, "".join(parts))
        if self._headless and time.monotonic() >= self._heads_due:
            self.idle()

    def idle(self) -> None:
        """Write the first lines of logs that have nothing else."""
        agents, self._headless = self._headless, {}
        for agent in agents:
            self._append(agent, self._head(agent))

    def finish(self) -> None:
        """Write what is left."""
        self.idle()

    def _append(self, name: str, text: str) -> None:
        is_stale = name in self._stale
        self._stale.discard(name)
        flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | (0 if is_stale else os.O_APPEND)
        with os.fdopen(os.open(f"{self._folder}/{name}.log", flags, 0o600), "wb") as file:
            file.write(text.encode("utf-8", "backslashreplace"))
            if is_stale:
                file.truncate()


def texts_in(body: Callable[[Digest], bytes]) -> Callable[[Digest], str]:
    """What gives the text of a recorded answer, read from its body."""
    return lambda digest: Done.model_validate_json(body(digest)).message.text


def _lines(texts: Sequence[str]) -> str:
    return "".join(f"{text}\n" for text in texts)


def _agent(node: str) -> str:
    """The agent of a node: an engagement `id@wave` goes on in the log of `id`."""
    return node.partition("@")[0]
