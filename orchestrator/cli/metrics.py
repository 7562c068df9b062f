"""`agentlark metrics`, and the table that `--metrics` prints: what each agent, each wave and the run took."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli.words import several

if TYPE_CHECKING:
    from orchestrator.core.ports import RunRecord
    from orchestrator.core.turn import Usage
    from orchestrator.schedule.tally import Metrics, Tally

UNKNOWN = "?"


def metrics(
    run: Annotated[
        str | None, typer.Argument(metavar="RUN", help="The run's slug; by default the last one.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say what a run took, by agent and by wave: turns, tokens, cost, time, and what reuse saved."""
    from orchestrator.wiring.reading import open_reader, recorded_run

    with open_reader(Path.cwd()) as journal:
        found = recorded_run(journal, run)
    record, taken = found.record, found.state.metrics()
    if as_json:
        json.dump(_as_json(record, taken), sys.stdout, indent=2)
        sys.stdout.write("\n")
        return
    typer.echo(metrics_table(taken, simulated=record.simulated).lstrip("\n"))


def metrics_table(metrics: Metrics, *, simulated: bool) -> str:
    """The metrics as a table, led by a heading; columns in which there is nothing are left out.

    Nothing is billed for what is simulated, so it has no columns of money.
    """
    rows = [
        *((name, tally) for name, tally in metrics.by_agent.items()),
        *((f"wave {wave}", tally) for wave, tally in metrics.by_wave.items()),
        ("all", metrics.whole),
    ]
    shown = [
        (title, cells)
        for title, show in _COLUMNS
        if not (simulated and title in _MONEY)
        and (any(cells := [show(tally) for _, tally in rows]) or title in _ALWAYS)
    ]
    columns = [("", [name for name, _ in rows]), *shown]
    widths = [max(len(title), *map(len, cells)) for title, cells in columns]
    about = ", tokens are estimated" if metrics.whole.usage.estimated else ""
    lines = ["", f"── metrics{about} ──", _line([title for title, _ in columns], widths)]
    lines += [_line([cells[row] for _, cells in columns], widths) for row in range(len(rows))]
    if metrics.lost.turns:
        at_most = f"at most {metrics.lost.tokens:,} tokens"
        lines.append(f"not counted: {several(metrics.lost.turns, 'turn')} without a known outcome, {at_most}")
    return "\n".join(lines)


def _line(cells: list[str], widths: list[int]) -> str:
    first, *others = (
        cell.rjust(width) if place else cell.ljust(width)
        for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return "  ".join([first, *others]).rstrip()


def _number(value: int) -> str:
    return f"{value:,}" if value else ""


def _seconds(value: float) -> str:
    return f"{value:,.1f}" if value >= 0.05 else ""


def _dollars(value: Decimal | None) -> str:
    return UNKNOWN if value is None else f"{value:,.4f}" if value else ""


_Column = Callable[["Tally"], str]

_COLUMNS: tuple[tuple[str, _Column], ...] = (
    ("turns", lambda tally: _number(tally.turns)),
    ("input", lambda tally: _number(tally.usage.input)),
    ("output", lambda tally: _number(tally.usage.output)),
    ("cached", lambda tally: _number(tally.usage.cached)),
    ("reasoning", lambda tally: _number(tally.usage.reasoning)),
    ("cost $", lambda tally: _dollars(tally.cost)),
    ("model s", lambda tally: _seconds(tally.model_s)),
    ("waiting s", lambda tally: _seconds(tally.waiting_s)),
    ("reused", lambda tally: _number(tally.reused)),
    ("tokens saved", lambda tally: _number(tally.saved.input + tally.saved.output)),
    ("$ saved", lambda tally: _dollars(tally.saved_cost)),
)
_ALWAYS = ("turns", "input", "output")
_MONEY = ("cost $", "$ saved")


def _as_json(record: RunRecord, metrics: Metrics) -> dict[str, object]:
    """The metrics as JSON. Costs are US dollars, null where a price is unknown or nothing is billed."""
    lost, simulated = metrics.lost, record.simulated
    return {
        "run": record.slug,
        "simulated": simulated,
        "agents": [{"agent": name, **_tally(tally, simulated)} for name, tally in metrics.by_agent.items()],
        "waves": [{"wave": wave, **_tally(tally, simulated)} for wave, tally in metrics.by_wave.items()],
        "total": _tally(metrics.whole, simulated),
        "outcome_unknown": {
            "turns": lost.turns,
            "tokens_at_most": lost.tokens,
            "cost_at_most": None if simulated or lost.unpriced else float(lost.cost),
        },
    }


def _tally(tally: Tally, simulated: bool) -> dict[str, object]:
    return {
        "turns": tally.turns,
        "attempts_paid": tally.attempts,
        **_usage(tally.usage),
        "estimated": tally.usage.estimated,
        "cost": None if simulated else _amount(tally.cost),
        "model_seconds": round(tally.model_s, 3),
        "waiting_seconds": round(tally.waiting_s, 3),
        "reused": tally.reused,
        "saved": {**_usage(tally.saved), "cost": None if simulated else _amount(tally.saved_cost)},
    }


def _usage(usage: Usage) -> dict[str, int]:
    return {
        "input": usage.input,
        "output": usage.output,
        "cached": usage.cached,
        "reasoning": usage.reasoning,
    }


def _amount(cost: Decimal | None) -> float | None:
    return None if cost is None else float(cost)
