"""`agentlark cache`: how much the journal keeps for reuse, and dropping what need not stay."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli.exits import program, say

if TYPE_CHECKING:
    from orchestrator.store.journal.gc import Footprint, Keeping

cache = typer.Typer(help="What the journal keeps for reuse.", no_args_is_help=True, rich_markup_mode=None)

KeepRuns = Annotated[
    int | None,
    typer.Option(
        "--keep-runs", min=0, metavar="N", help="Finished runs that stay (AGENTLARK_KEEP_RUNS, 100)."
    ),
]
KeepDays = Annotated[
    float | None,
    typer.Option("--keep-days", min=0, metavar="D", help="How long one stays (AGENTLARK_KEEP_DAYS, no end)."),
]
MaxBytes = Annotated[
    int | None,
    typer.Option(
        "--max-bytes", min=0, metavar="B", help="What all runs may take (AGENTLARK_MAX_BYTES, no bound)."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@cache.callback()
def _root() -> None:
    """What the journal keeps for reuse."""


@cache.command("stats")
def stats(
    keep_runs: KeepRuns = None,
    keep_days: KeepDays = None,
    max_bytes: MaxBytes = None,
    as_json: AsJson = False,
) -> None:
    """Say what is kept, how large it is, and how much `gc` would drop."""
    from orchestrator.cli.listing import print_listing
    from orchestrator.store.journal.gc import dispensable, footprints
    from orchestrator.wiring.reading import places_of

    path = places_of(Path.cwd()).paths.journal
    found = footprints(path)
    dropped = dispensable(found, _keeping(keep_runs, keep_days, max_bytes), datetime.now(UTC))
    size = path.stat().st_size if path.exists() else 0
    if as_json:
        _print_json({"bytes": size, "runs": [_told(one, one in dropped) for one in found]})
        return
    if not found:
        say("no run here yet")
        return
    rows = [
        (
            one.run,
            one.ending or "cut off",
            f"{one.turns:,}",
            f"{one.reused:,}",
            _size(one.bytes),
            "resumable, stays" if one.is_resumable else "would be dropped" if one in dropped else "stays",
        )
        for one in found[::-1]
    ]
    print_listing(("run", "ending", "turns", "reused", "size", "gc"), rows)
    say(f"{path}: {_size(size)}, {len(found):,} runs, {sum(one.turns for one in found):,} answers")
    if dropped:
        say(f"{program()} cache gc drops {_several(dropped)}")


@cache.command("gc")
def gc(
    keep_runs: KeepRuns = None,
    keep_days: KeepDays = None,
    max_bytes: MaxBytes = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be dropped.")] = False,
    as_json: AsJson = False,
) -> None:
    """Drop finished runs that need not stay, and pack the file; one that can be resumed always stays."""
    from orchestrator.store.journal.gc import Collected, collect, dispensable, footprints
    from orchestrator.wiring.reading import places_of

    paths = places_of(Path.cwd()).paths
    keeping, now = _keeping(keep_runs, keep_days, max_bytes), datetime.now(UTC)
    if dry_run:
        size = paths.journal.stat().st_size if paths.journal.exists() else 0
        done = Collected(tuple(dispensable(footprints(paths.journal), keeping, now)), size, size)
    else:
        done = collect(paths, keeping, now)
    if as_json:
        dropped = [_told(one, is_dropped=True) for one in done.dropped]
        _print_json({"dry_run": dry_run, "dropped": dropped, "before": done.before, "after": done.after})
    elif not done.dropped:
        say("nothing to drop")
    elif dry_run:
        say(f"would drop {_several(done.dropped)}: {', '.join(one.run for one in done.dropped)}")
    else:
        say(
            f"dropped {_several(done.dropped)}; the file has {_size(done.after)}, it had {_size(done.before)}"
        )


def _keeping(runs: int | None, days: float | None, max_bytes: int | None) -> Keeping:
    from orchestrator.core.settings import keep_bounds
    from orchestrator.store.journal.gc import KEPT_RUNS, Keeping

    kept = keep_bounds()
    return Keeping(
        runs=runs if runs is not None else int(kept.get("runs", KEPT_RUNS)),
        days=days if days is not None else kept.get("days"),
        bytes=max_bytes if max_bytes is not None else int(kept["bytes"]) if "bytes" in kept else None,
    )


def _told(one: Footprint, is_dropped: bool) -> dict[str, object]:
    return {
        "run": one.run,
        "started": one.started.isoformat(),
        "ending": one.ending,
        "resumable": one.is_resumable,
        "turns": one.turns,
        "reused": one.reused,
        "bytes": one.bytes,
        "dispensable": is_dropped,
    }


def _print_json(value: dict[str, object]) -> None:
    json.dump(value, sys.stdout, indent=2)
    sys.stdout.write("\n")


def _several(dropped: list[Footprint] | tuple[Footprint, ...]) -> str:
    from orchestrator.cli.words import several

    return f"{several(len(dropped), 'run')} ({_size(sum(one.bytes for one in dropped))})"


def _size(size: int) -> str:
    return f"{size / 1e6:,.1f} MB" if size >= 1e6 else f"{size / 1e3:,.1f} kB"
