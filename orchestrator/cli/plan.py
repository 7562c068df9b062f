"""`agentlark plan` and `agentlark why`: what a run would do, and why, without a call and without a write."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli.modes import Modes
from orchestrator.cli.options import AnswerOptions, PlaceOptions, SquadOptions, spread
from orchestrator.cli.words import several

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agentlark.model import Squad
    from orchestrator.core.turn import TurnInput
    from orchestrator.run.foresight import Forecast, ForeseenNode
    from orchestrator.wiring.runs import RunOptions

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]

SHOWN_FILES = 12

_WORDS = {"reused": "CACHED", "run": "RUN", "maybe": "MAYBE", "skipped": "SKIP"}


@spread
def plan(
    squad: SquadOptions,
    answers: AnswerOptions,
    modes: Modes,
    places: PlaceOptions,
    as_json: AsJson = False,
) -> None:
    """Say what a run would send, what it would take from the record, and why; nothing is sent or written."""
    found = _forecast(squad, answers, modes, places)
    if as_json:
        json.dump(_as_json(found), sys.stdout, indent=2)
        sys.stdout.write("\n")
        return
    typer.echo("\n".join(_lines(found)))


@spread
def why(
    agent: Annotated[str, typer.Argument(help="The agent's id, or a node `id@wave`.")],
    squad: SquadOptions,
    answers: AnswerOptions,
    modes: Modes,
    places: PlaceOptions,
    as_json: AsJson = False,
) -> None:
    """Say why an agent's turns would be sent or not, and what changed since the last run."""
    from agentlark.diagnostics import nearest
    from orchestrator.core.errors import UserError

    found = _forecast(squad, answers, modes, places)
    node = next((node for node in found.nodes if node.id == agent), None)
    if node is None:
        known = [node.id for node in found.nodes]
        near = nearest(agent, known)
        raise UserError(
            f"there is no agent {agent!r} in what would be run",
            f"did you mean {near!r}?" if near else f"there is {', '.join(known[:12])}",
        )
    known_turns = _recorded(found, node, places)
    if as_json:
        json.dump(_why_json(found, node, known_turns), sys.stdout, indent=2)
        sys.stdout.write("\n")
        return
    typer.echo("\n".join(_why_lines(found, node, known_turns)))


def _recorded(found: Forecast, node: ForeseenNode, places: PlaceOptions) -> dict[int, TurnInput]:
    """What the turns of a node were asked that the record has, by step."""
    from pathlib import Path

    from orchestrator.core.turn import TurnInput
    from orchestrator.wiring.reading import open_reader

    keys = found.reused.get(node.id)
    if not keys:
        return {}
    with open_reader(Path.cwd(), places.flags()) as journal:
        return {step: TurnInput.model_validate_json(journal.body(key)) for step, key in keys.items()}


def _forecast(squad: SquadOptions, answers: AnswerOptions, modes: Modes, places: PlaceOptions) -> Forecast:
    import asyncio
    from pathlib import Path

    from orchestrator.cli.exits import say
    from orchestrator.cli.findings import tell
    from orchestrator.wiring.foresight import foresee
    from orchestrator.wiring.runs import RunOptions

    found = squad.find()
    for notice in found.notices:
        say(notice)
    if found.diagnostics:
        tell(found.diagnostics)
    part = squad.part()
    options = RunOptions(
        folder=Path.cwd(),
        flags=modes.onto(answers.flags()),
        places=places.flags(),
        agents=part.agents,
        groups=part.groups,
        with_deps=part.with_deps,
    )
    return asyncio.run(foresee(found.squad, _task(squad.prompt, found.squad, options), options))


def _task(given: str | None, squad: Squad, options: RunOptions) -> str:
    """The task: as for a run, but that of the last run where none is given."""
    from orchestrator.cli.exits import say
    from orchestrator.cli.meant import squad_prompt
    from orchestrator.wiring.reading import last_record

    last = last_record(options.folder, options.places) if given is None and squad.prompt is None else None
    if last is None:
        return squad_prompt(given, squad)
    say(f"prompt: that of {last.slug}")
    return last.prompt


def _lines(found: Forecast) -> list[str]:
    width = max((len(node.id) for node in found.nodes), default=0)
    lines = [_line(node, width) for node in found.nodes]
    lines += [f"        {group}: further agents cannot be foreseen" for group in found.open_groups]
    maybe = f", {several(found.maybe_turns, 'turn')} more maybe" if found.maybe_turns else ""
    reused = f", {several(found.reused_turns, 'turn')} from the record" if found.reused_turns else ""
    lines.append(f"{several(found.turns, 'turn')} to send{maybe}{reused}")
    if found.turns or found.maybe_turns:
        lines.append(f"at most {found.tokens:,} tokens, retries and repairs aside; {_cost(found)}")
        lines += [f"files read: {_files(found.files)}"] if found.files else []
        seconds = f" ({found.critical_s:.1f} s the last time)" if found.critical_s is not None else ""
        lines.append(f"critical path: {' → '.join(found.critical_path)}{seconds}")
    return lines


def _files(paths: tuple[str, ...]) -> str:
    from agentlark.diagnostics import visible

    more = f" and {len(paths) - SHOWN_FILES:,} more" if len(paths) > SHOWN_FILES else ""
    return ", ".join(map(visible, paths[:SHOWN_FILES])) + more


def _cost(found: Forecast) -> str:
    if not found.is_billed:
        return "nothing is billed"
    return "cost: no price is known" if found.cost is None else f"at most ${found.cost:,.2f}"


def _line(node: ForeseenNode, width: int) -> str:
    turns = several(node.turns + node.maybe_turns + node.reused_turns, "turn")
    wave = f", wave {node.wave}" if node.wave else ""
    reason = f"  {node.reason}" if node.reason else ""
    return f"{_WORDS[node.prospect]:<6}  {node.id:<{width}}  {turns}{wave}{reason}"


def _as_json(found: Forecast) -> dict[str, object]:
    return {
        "agents": [asdict(node) for node in found.nodes],
        "turns": found.turns,
        "maybe_turns": found.maybe_turns,
        "reused_turns": found.reused_turns,
        "tokens_at_most": found.tokens,
        "cost_at_most": None if found.cost is None else float(found.cost),
        "files": list(found.files),
        "critical_path": list(found.critical_path),
        "critical_seconds": found.critical_s,
        "open_groups": list(found.open_groups),
    }


def _why_lines(found: Forecast, node: ForeseenNode, recorded: Mapping[int, TurnInput]) -> list[str]:
    from orchestrator.schedule.explain import prompt_diff

    said = {"reused": "is answered from the record", "run": "is sent", "maybe": "may be sent"}
    lines = [f"{node.id} {said.get(node.prospect, 'is skipped')}{': ' if node.reason else ''}{node.reason}"]
    for step, turn in sorted(recorded.items()):
        lines += ["", f"── step {step}, {turn.purpose}: is on record ──"]
        lines += [f"{name:<14} {value}" for name, value in _ingredients(turn)]
    for miss in found.misses.get(node.id, ()):
        turn = miss.order.input
        lines += ["", f"── step {miss.order.id.step}, {turn.purpose}: {miss.reason} ──"]
        lines += [f"{name:<14} {value}" for name, value in _ingredients(turn)]
        for change in miss.changes:
            if change.field == "prompt" and miss.past is not None:
                lines += [
                    "",
                    "the prompt since the last run:",
                    *prompt_diff(miss.past.input.prompt, turn.prompt),
                ]
    return lines


def _ingredients(turn: TurnInput) -> list[tuple[str, str]]:
    """What goes into a turn's key, in words."""
    from agentlark.diagnostics import visible

    return [
        ("key", turn.key()),
        ("backend", turn.backend),
        ("model", turn.model),
        ("options", json.dumps(turn.options, sort_keys=True)),
        ("tools", ", ".join(turn.tools) or "none"),
        ("prompt", f"{len(turn.prompt):,} characters"),
        ("thread so far", turn.prior or "none"),
        ("form", "JSON" if turn.output_schema is not None else "prose"),
        ("files", turn.tree or "none"),
        ("inputs", ", ".join(map(visible, turn.inputs)) or "none"),
        ("memory", ", ".join(f"{each.agent} ({each.type})" for each in turn.memory) or "none"),
    ]


def _why_json(found: Forecast, node: ForeseenNode, recorded: Mapping[int, TurnInput]) -> dict[str, object]:
    misses = found.misses.get(node.id, ())
    return {
        **asdict(node),
        "recorded": [
            {"step": step, "purpose": turn.purpose, "key": turn.key()}
            for step, turn in sorted(recorded.items())
        ],
        "misses": [
            {
                "step": miss.order.id.step,
                "purpose": miss.order.input.purpose,
                "reason": miss.reason,
                "key": miss.order.key,
                "changes": [asdict(change) for change in miss.changes],
            }
            for miss in misses
        ],
    }
