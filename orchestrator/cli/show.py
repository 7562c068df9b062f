"""`agentlark show`: what an agent answered, or how it is configured."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.exits import answer
from orchestrator.cli.show_config import show_config
from orchestrator.cli.variables import Variables, variables_of


class TurnName(StrEnum):
    """The two turns of an agent."""

    plan = "plan"
    follow_up = "follow-up"


def show(
    agent: Annotated[str, typer.Argument(help="The agent's id, or `id@wave` for one of its engagements.")],
    turn: Annotated[TurnName | None, typer.Option("--turn", help="Its plan or its follow-up.")] = None,
    run: Annotated[str | None, typer.Option("--run", help="The run's slug; by default the last one.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole turn as JSON.")] = False,
    config: Annotated[
        bool,
        typer.Option("--config", help="Instead: its settings, the line that made each, who depends on it."),
    ] = False,
    file: Annotated[
        Path, typer.Option("--agents-lark", metavar="FILE", help="With --config: the configuration.")
    ] = Path("configs/agents.lark"),
    var: Variables = None,
) -> None:
    """Print what an agent answered in the last run, or how it is configured."""
    if config:
        if turn or run:
            raise typer.BadParameter("--turn and --run are about answers, --config is not")
        show_config(agent, file, variables_of(var), as_json=as_json)
        return
    from agentlark.compiled import parse_compiled
    from orchestrator.run.recall import recall
    from orchestrator.run.records import find_run
    from orchestrator.wiring.reading import open_reader

    with open_reader(Path.cwd()) as journal:
        record = find_run(journal, run)
        configured = [each.id for each in parse_compiled(record.squad, record.slug).agents()]
        found = recall(journal, record.slug, configured, agent, turn.value if turn else None)
    if not as_json:
        answer(found.done.message.text)
        return
    whole = {
        "run": record.slug,
        "agent": agent,
        "turn": found.ended.purpose,
        "step": found.ended.id.step,
        "backend": found.input.backend,
        "model": found.input.model,
        "prompt": found.input.prompt,
        "text": found.done.message.text,
        "usage": found.done.usage.model_dump(),
        "simulated": found.done.simulated,
        "origin": found.ended.origin,
        "ended": found.ended.at.isoformat(),
    }
    json.dump(whole, sys.stdout, indent=2, ensure_ascii=False)
    sys.stdout.write("\n")
