"""`agentlark agentfs:read`: the audit trail, newest first."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli.agentfs_options import TrailPath, trail_path
from orchestrator.cli.exits import say
from orchestrator.cli.memory_options import AsJson

if TYPE_CHECKING:
    from pydantic import JsonValue

    from orchestrator.store.agentfs.trail import Entry


def agentfs_read(
    path: TrailPath = None,
    session: Annotated[
        str | None, typer.Option("--session", metavar="SLUG", help="Of this run (not a zellij session).")
    ] = None,
    agent: Annotated[str | None, typer.Option("--agent", help="Of this agent.")] = None,
    events: Annotated[
        bool, typer.Option("--events", help="With what agents did: commands, files, tools.")
    ] = False,
    limit: Annotated[int, typer.Option("--limit", min=0, help="The newest N; 0 for all.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List turns, newest first."""
    from orchestrator.store.agentfs.trail import Looked, entries, open_trail

    trail = open_trail(trail_path(path))
    if trail is None:
        say(f"there is no AgentFS file {trail_path(path)} yet: run a squad first")
        return
    try:
        found = entries(trail, Looked(session, agent, events, limit or None))
    finally:
        trail.close()
    if as_json:
        for entry in found:
            sys.stdout.write(json.dumps(_json(entry), ensure_ascii=sys.stdout.isatty()) + "\n")
    elif found:
        from orchestrator.cli.listing import print_listing

        print_listing(("when", "run", "agent", "what", "text"), [_row(entry) for entry in found])
    else:
        say("nothing matches" if session or agent else "no turns yet")


def _json(entry: Entry) -> dict[str, JsonValue]:
    known: dict[str, JsonValue] = {"kind": entry.kind, "session": entry.session, "node": entry.node}
    if entry.content is None:
        return {**known, "file": entry.name, "broken": "not a JSON object"}
    return {**known, "file": entry.name, "content": entry.content}


def _row(entry: Entry) -> tuple[str, ...]:
    """When, which run, who, what, and the words of it."""
    content = entry.content
    if content is None:
        return ("", entry.session, entry.node, entry.name, "broken: not a JSON object")
    fact = content.get("fact")
    source = fact if isinstance(fact, dict) else content
    ending = content.get("ending", "")
    what = entry.name.removesuffix(".json") + (f" {ending}" if ending not in ("", "done") else "")
    return (_when(source.get("at")), entry.session, entry.node, what, _words(content, source))


def _when(at: JsonValue) -> str:
    from datetime import datetime

    try:
        return f"{datetime.fromisoformat(str(at)).astimezone():%Y-%m-%d %H:%M}"
    except ValueError:
        return ""


def _words(content: dict[str, JsonValue], source: dict[str, JsonValue]) -> str:
    """What was answered, or why nothing was; of an action its title; of anything else the JSON itself."""
    answer = content.get("answer")
    message = answer.get("message") if isinstance(answer, dict) else None
    if isinstance(message, dict) and "text" in message:
        return str(message["text"])
    told = source.get("title") or source.get("error")
    return str(told) if told else json.dumps(content, ensure_ascii=False)
