"""The closing block of a run: what ran, how long, where things lie, what to do next."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from orchestrator.cli.exits import program
from orchestrator.cli.words import several
from orchestrator.run.handle import RunResult
from orchestrator.schedule.budget import RUN, Refusal
from orchestrator.sinks.describe import labels, one_line, tokens


def closing_block(result: RunResult, output: Path | None) -> str:
    """Some lines of text, the last ones commands to try."""
    lines = ["", f"── {result.run}: {result.ending.ending} ──"]
    lines += labels(result.simulated, result.replayed)
    counts: Counter[str] = Counter(ended.ending for ended in result.ended.values())
    states = [
        *sorted(counts.items()),
        ("started", len(result.cut_short)),
        ("not started", len(result.not_started)),
    ]
    told = ", ".join(f"{count} {standing}" for standing, count in states if count)
    lines.append(f"agents     {told}")
    sent = f"{result.turns:,} sent" if result.turns else "none sent"
    took = f", {tokens(result.usage)} tokens" if result.turns else ""
    lines.append(f"turns      {sent}{took}, {result.seconds:.1f} s")
    if result.reused:
        how = "replayed" if result.replayed else "cached"
        saved = f"{tokens(result.saved)} tokens not paid for again"
        lines.append(f"{how:<10} {several(result.reused, 'turn')}, {saved}")
    lines += [
        f"waves      {each.group}: {each.ending}, {one_line(each.reason)}" for each in result.waves_ended
    ]
    lines += [f"consent    wave {wave} waits for it" for wave in result.consent]
    for name, ended in result.ended.items():
        if ended.ending in ("failed", "blocked"):
            cause, _, remedy = (ended.reason or "").partition("\n  help: ")
            lines.append(f"  {name} {ended.ending}: {one_line(cause, 1000)}")
            lines += [f"    help: {one_line(remedy, 1000)}"] if remedy else []
    if result.ending.reason and result.ending.ending == "failed":
        lines.append(f"reason     {one_line(result.ending.reason, 1000)}")
    lines += _capped(result.refusal) if result.refusal and result.ending.ending == "capped" else ()
    lines += [f"overshoot  {each}" for each in result.overshoots]
    if output is not None:
        lines.append(f"answer     {output}")
    paths = result.paths
    lines += [
        f"logs       {_shown(paths.logs)}/ (timeline.log has it all in order)",
        f"audit      {_shown(paths.journal)} (AgentFS: /runs/{result.run}/)"
        if paths.keeps_trail
        else "audit      none kept (--no-agentfs): nothing to resume, nothing to reuse",
        f"artifacts  {_shown(paths.artifacts)}",
    ]
    lines += [f"warning    {complaint}" for complaint in result.silent]
    return "\n".join([*lines, *(f"next       {command}" for command in _next(result))])


def _capped(refusal: Refusal) -> Iterator[str]:
    """What ended a run, and how it could go on."""
    yield f"cap        {refusal}"
    if refusal.account != RUN:
        name = f"{refusal.what} in the limits of {refusal.account}"
        yield f"  help: raise {name}, then {program()} run: what is recorded is not paid for again"


def _raised(refusal: Refusal) -> str:
    """The flag that would let a run go on after its cap was reached, with room for about as much again."""
    if refusal.what == "deadline_s":
        return f"--deadline {refusal.cap * 2:.0f}s"
    enough = max(refusal.needed, refusal.cap * 2)
    value = f"{enough:.2f}" if refusal.what == "max_cost" else f"{enough:.0f}"
    return f"--{refusal.what.replace('_', '-')} {value}"


def _next(result: RunResult) -> list[str]:
    if not result.paths.keeps_trail:
        return [f"{program()} memory:inspect --session {result.run} --content"]
    if result.consent:
        which = f" --wave {result.consent[0]}" if len(result.consent) > 1 else ""
        answer = f"{program()} approve {result.run}{which}   (or reject, or edit)"
        return [answer, f"{program()} resume {result.run}"]
    if result.ending.ending == "capped" and result.refusal is not None and result.refusal.account == RUN:
        return [
            f"{program()} resume {result.run} {_raised(result.refusal)}   (or more; what is recorded stays)"
        ]
    if result.ending.ending != "done":
        return [f"{program()} resume {result.run}   (recorded turns are never sent again)"]
    shown = result.final[0] if result.final else next(iter(result.answers), "AGENT")
    commands = [f"{program()} show {shown}", f"{program()} show {shown} --json   (prompt, answer, tokens)"]
    if result.simulated:
        commands.append(f"ANTHROPIC_API_KEY=… {program()} run --prompt …   (a real model)")
    return commands


def _shown(path: Path) -> str:
    relative = os.path.relpath(path)
    return relative if not relative.startswith("..") else str(path)
