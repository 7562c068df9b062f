"""The timeline in lines as wide as a terminal: a row for each node, what it did and what it waited for.

    agent       0 s                      12.5 s
    planner   * ████████
    builder   *         ░░▒▒▒▒▒██████████         for limits 2.1 s, for a job 1.0 s

A cell shows what took most of its time; whatever was done at all takes a cell at least.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from agentlark.diagnostics import visible
from orchestrator.schedule.timeline import WAITS, Bar, Span, SpanKind, Timeline

Paint: TypeAlias = Callable[[str, SpanKind], str]
"""Gives cells the colour of what they show."""

LEAST_CHART = 16
MOST_NAME = 28
MOST_NOTE = 44

GLYPHS: dict[SpanKind, str] = {
    "work": "█",
    "lost": "▚",
    "reused": "◆",
    "slot": "░",
    "limit": "▒",
    "retry": "╌",
}
WORDS: dict[SpanKind, str] = {
    "work": "at work",
    "lost": "outcome lost",
    "reused": "reused",
    "slot": "for a job or budget",
    "limit": "for a provider's limits",
    "retry": "after a failure",
}
_SHORT = {"slot": "for a job", "limit": "for limits", "retry": "after failures"}


def as_text(
    timeline: Timeline, width: int = 100, paint: Paint = lambda text, kind: text, least_wait_s: float = 0.05
) -> str:
    """The timeline in lines of `width` columns at most, colours aside; waits of `least_wait_s` are noted."""
    names = [_cut(bar.node, MOST_NAME) for bar in timeline.bars]
    name_width = max(len("agent"), *map(len, names), 0)
    notes = [_note(bar, least_wait_s) for bar in timeline.bars]
    note_width = max((len(note) for note in notes), default=0)
    chart = width - name_width - 3 - (note_width + 1 if note_width else 0)
    if chart < LEAST_CHART:  # what each waited for is told by --json and by the picture
        notes = [""] * len(notes)
        chart = max(LEAST_CHART, width - name_width - 3)
    whole = max(timeline.seconds, 1e-9)
    lines = [f"{'agent':<{name_width}}   {_axis(timeline.seconds, chart)}"]
    for bar, name, note in zip(timeline.bars, names, notes, strict=True):
        mark = "*" if bar.is_critical else " "
        row = f"{name:<{name_width}} {mark} {_cells(bar.spans, whole, chart, paint)} {note}"
        lines.append(row.rstrip())
    lines += ["", *_legend(timeline, paint), *told(timeline)]
    return "".join(f"{line}\n" for line in lines)


def told(timeline: Timeline) -> list[str]:
    """The critical path and what it is made of, and the moments of the run, in words."""
    lines: list[str] = []
    if path := timeline.critical_bars():
        lines.append(
            f"* critical path, {seconds(timeline.seconds)}: {' → '.join(visible(bar.node) for bar in path)}"
        )
        parts = {kind: sum(bar.seconds(kind) for bar in path) for kind in ("work", "lost", *WAITS)}
        shown = ", ".join(f"{WORDS[kind]} {seconds(took)}" for kind, took in parts.items() if took >= 0.05)
        lines.append(f"  {shown or 'all of it from records'}")
    lines += [f"  {seconds(mark.at_s):>9}  {visible(mark.label)}" for mark in timeline.marks]
    return lines


def seconds(number: float) -> str:
    """A time as people say it: seconds, then minutes, then hours."""
    if number < 60:
        return f"{number:.1f} s"
    minutes, rest = divmod(round(number), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def _axis(whole: float, chart: int) -> str:
    end = seconds(whole)
    return f"{'0 s':<{chart - len(end)}}{end}"


def _cells(spans: Sequence[Span], whole: float, chart: int, paint: Paint) -> str:
    kinds: list[SpanKind | None] = [None] * chart
    most = [0.0] * chart
    for span in spans:
        first = min(chart - 1, int(span.begin_s / whole * chart))
        last = min(chart - 1, max(first, int(span.end_s / whole * chart - 1e-9)))
        for cell in range(first, last + 1):
            within = min(span.end_s, (cell + 1) * whole / chart) - max(span.begin_s, cell * whole / chart)
            weight = within + (0.0 if span.kind in WAITS else 1e-6)
            if kinds[cell] is None or weight > most[cell]:
                kinds[cell], most[cell] = span.kind, weight
    for span in spans:  # what is too short to be the most of any cell
        cell = min(chart - 1, int(span.begin_s / whole * chart))
        if span.kind not in WAITS and kinds[cell] in WAITS and not _has(kinds, span, whole, chart):
            kinds[cell] = span.kind
    return _painted(kinds, paint)


def _has(kinds: Sequence[SpanKind | None], span: Span, whole: float, chart: int) -> bool:
    first = min(chart - 1, int(span.begin_s / whole * chart))
    last = min(chart - 1, int(span.end_s / whole * chart))
    return span.kind in kinds[first : last + 1]


def _painted(kinds: Sequence[SpanKind | None], paint: Paint) -> str:
    runs: list[tuple[SpanKind | None, int]] = []
    for kind in kinds:
        if runs and runs[-1][0] == kind:
            runs[-1] = (kind, runs[-1][1] + 1)
        else:
            runs.append((kind, 1))
    return "".join(" " * count if kind is None else paint(GLYPHS[kind] * count, kind) for kind, count in runs)


def _note(bar: Bar, least_wait_s: float) -> str:
    if bar.standing in ("blocked", "cancelled", "failed", "not started"):
        return bar.standing
    waits = [(bar.seconds(kind), kind) for kind in WAITS]
    told = [f"{_SHORT[kind]} {seconds(took)}" for took, kind in waits if took >= least_wait_s]
    return _cut(", ".join(told), MOST_NOTE)


def _legend(timeline: Timeline, paint: Paint) -> list[str]:
    present = {span.kind for bar in timeline.bars for span in bar.spans}
    shown = "  ".join(
        f"{paint(GLYPHS[kind], kind)} {words}" for kind, words in WORDS.items() if kind in present
    )
    return [shown] if shown else []


def _cut(text: str, most: int) -> str:
    text = visible(text)
    return text if len(text) <= most else text[: most - 1] + "…"
