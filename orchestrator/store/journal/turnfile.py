"""The one file of a turn: what was asked and what came of it, as JSON, stored once.

The input and the answer stand in it byte for byte as they were hashed, so that the turn key and the
answer's digest can be verified on a slice of the file. What only the fact knows (node, step, ending, time,
an error) stands before them. Names: `02-follow-up.json` for an answer, `02-follow-up.attempt-1.json` for
an attempt that brought none.
"""

from __future__ import annotations

import json
from typing import NamedTuple

from pydantic_core import to_json

from orchestrator.core.facts import Acted, TurnEnded
from orchestrator.store.agentfs.files import ToolCall

SCHEMA_VERSION = 1


class Slices(NamedTuple):
    """Where input and answer stand in a turn's file, in bytes; size 0 where there is none."""

    key_start: int
    key_size: int
    answer_start: int
    answer_size: int


def turn_name(fact: TurnEnded) -> str:
    """The name of a turn's file in the folder of its node."""
    stem = f"{fact.id.step:02d}-{fact.purpose}"
    return f"{stem}.json" if fact.ending == "done" else f"{stem}.attempt-{fact.attempt}.json"


def turn_file(fact: TurnEnded, asked: bytes, answer: bytes) -> tuple[bytes, Slices]:
    """The file of a turn and where its parts stand; `asked` and `answer` are canonical JSON, or empty."""
    head = (_turn_head(fact) + ',\n"input":').encode()
    middle = b',\n"answer":'
    content = b"".join((head, asked or b"null", middle, answer or b"null", b"}\n"))
    after = len(head) + (len(asked) or 4) + len(middle)
    return content, Slices(len(head), len(asked), after, len(answer))


def parts(content: bytes) -> tuple[bytes, bytes]:
    """Input and answer as they stand in a turn's file, found by its lines; empty where a line is missing."""
    lines = [line for line in content.split(b"\n") if line.startswith((b'"input":', b'"answer":'))]
    asked, given, *_ = (*lines, b"", b"")
    return asked[len(b'"input":') : -len(b",")], given[len(b'"answer":') : -len(b"}")]


def _turn_head(fact: TurnEnded) -> str:
    run, node, step = fact.id
    head = (
        f'{{"schema_version":{SCHEMA_VERSION},"run":{_quoted(run)},"node":{_quoted(node)},"step":{step},'
        f'"purpose":"{fact.purpose}","attempt":{fact.attempt},"ending":"{fact.ending}","origin":"{fact.origin}",'
        f'"simulated":{"true" if fact.simulated else "false"},"at":"{fact.at.isoformat()}"'
    )
    if fact.ending != "done":
        usage = fact.usage.model_dump_json() if fact.usage else "null"
        head += f',"error":{_quoted(fact.error)},"paid":"{fact.paid}","usage":{usage}'
    return head


def _quoted(text: str | None) -> str:
    return json.dumps(text, ensure_ascii=False)


def event_name(seq: int, fact: Acted) -> str:
    """The name of an action's file in the events folder of its run."""
    return f"{seq:06d}-{fact.action}.json"


def event_file(seq: int, fact_json: str) -> bytes:
    """The file of an action: its fact and its number."""
    return f'{{"schema_version":{SCHEMA_VERSION},"seq":{seq},\n"fact":{fact_json}}}\n'.encode()


def tool_call(fact: Acted, event: str) -> ToolCall:
    """An action as an AgentFS tool call; `event` is the path of its file."""
    run, node, step = fact.id
    parameters = {
        "run": run,
        "node": node,
        "step": step,
        "number": fact.number,
        "title": fact.title,
        "detail": fact.detail,
        "simulated": fact.simulated,
        "event": event,
    }
    return ToolCall(
        name=fact.action,
        parameters=to_json(parameters, inf_nan_mode="strings").decode(),
        result='{"ok":true}' if fact.ok else None,
        error=None if fact.ok else fact.title or fact.action,
        started_at=int(fact.at.timestamp() - fact.duration_ms / 1000),
        completed_at=int(fact.at.timestamp()),
        duration_ms=fact.duration_ms,
    )
