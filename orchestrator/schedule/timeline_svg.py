"""The timeline as a picture that needs nothing beside itself: SVG, and an HTML page around it.

Everything that came from a squad or a provider is escaped; there is no script, and nothing is fetched.
Colours follow the reader's light or dark scheme. Each bar says more when it is pointed at.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from agentlark.diagnostics import visible
from orchestrator.schedule.timeline import Bar, SpanKind, Timeline
from orchestrator.schedule.timeline_text import WORDS, seconds, told

_LEFT = 220
_CHART = 900
_RIGHT = 30
_TOP = 64
_ROW = 24
_BAR = 14
_TICKS = 8
_MOST_NAME = 30

_STYLE = """
svg { font: 12px system-ui, sans-serif; background: #fff; color: #222 }
text { fill: #222 } .dim { fill: #777 } .axis { stroke: #ddd } .mark { stroke: #b58; stroke-dasharray: 3 3 }
.work { fill: #4a7fb5 } .lost { fill: #b0413e } .reused { fill: #3a9a5b } .slot { fill: #d7dbe0 }
.limit { fill: #e3b34c } .retry { fill: #d98a6a } .path { fill: none; stroke: #c2410c; stroke-width: 2 }
.critical { font-weight: 600 }
@media (prefers-color-scheme: dark) {
svg { background: #16181c } text { fill: #e6e6e6 } .dim { fill: #9aa0a8 } .axis { stroke: #33373d }
.slot { fill: #454b54 } .path { stroke: #fb923c } }
"""


def as_svg(timeline: Timeline) -> str:
    """The timeline as one SVG document."""
    height = _TOP + _ROW * len(timeline.bars) + 56
    width = _LEFT + _CHART + _RIGHT
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}"'
        f' height="{height}" role="img" aria-label="{_safe(f"timeline of {timeline.run}")}">',
        f"<style>{_STYLE}</style>",
        f'<text x="16" y="24" font-size="15" font-weight="600">{_safe(_title(timeline))}</text>',
        *_axis(timeline, height),
        *(part for row, bar in enumerate(timeline.bars) for part in _bar(timeline, row, bar)),
        *_path(timeline),
        *_legend(timeline, height - 20),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def as_html(timeline: Timeline) -> str:
    """The timeline as one page: the picture, and in words the critical path and what else happened."""
    words = "\n".join(_safe(line) for line in told(timeline))
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{_safe(_title(timeline))}</title>"
        "<style>body { margin: 1rem; font: 14px system-ui, sans-serif } div { overflow-x: auto }"
        " @media (prefers-color-scheme: dark) { body { background: #16181c; color: #e6e6e6 } }</style>"
        "</head>\n"
        f"<body><div>\n{as_svg(timeline)}</div>\n<pre>{words}</pre>\n</body></html>\n"
    )


def _title(timeline: Timeline) -> str:
    count = len(timeline.bars)
    return f"{timeline.run}: {seconds(timeline.seconds)}, {count} node{'s' * (count != 1)}"


def _x(timeline: Timeline, at_s: float) -> float:
    return _LEFT + _CHART * at_s / max(timeline.seconds, 1e-9)


def _y(row: int) -> float:
    return _TOP + _ROW * row


def _axis(timeline: Timeline, height: int) -> Iterator[str]:
    bottom = height - 50
    for tick in range(_TICKS + 1):
        at_s = timeline.seconds * tick / _TICKS
        x = _x(timeline, at_s)
        yield f'<line class="axis" x1="{x:.1f}" y1="{_TOP - 8}" x2="{x:.1f}" y2="{bottom}"/>'
        yield f'<text class="dim" x="{x:.1f}" y="{_TOP - 14}" text-anchor="middle">{seconds(at_s)}</text>'
    for mark in timeline.marks:
        x = _x(timeline, mark.at_s)
        yield f'<line class="mark" x1="{x:.1f}" y1="{_TOP - 8}" x2="{x:.1f}" y2="{bottom}">'
        yield f"<title>{_safe(f'{seconds(mark.at_s)}: {mark.label}')}</title></line>"


def _bar(timeline: Timeline, row: int, bar: Bar) -> Iterator[str]:
    y = _y(row)
    name = bar.node if len(bar.node) <= _MOST_NAME else bar.node[: _MOST_NAME - 1] + "…"
    style = ' class="critical"' if bar.is_critical else ""
    yield f'<text x="{_LEFT - 10}" y="{y + 11}" text-anchor="end"{style}>{_safe(name)}'
    yield f"<title>{_safe(f'{bar.role}, group {bar.group}, wave {bar.wave}: {bar.standing}')}</title></text>"
    for span in bar.spans:
        x = _x(timeline, span.begin_s)
        width = max(1.5, _x(timeline, span.end_s) - x)
        what = f"{bar.node}, {WORDS[span.kind]}, {seconds(span.begin_s)} to {seconds(span.end_s)}"
        label = f"{what}: {span.label}" if span.label else what
        yield (
            f'<rect class="{span.kind}" x="{x:.1f}" y="{y}" width="{width:.1f}" height="{_BAR}" rx="2">'
            f"<title>{_safe(label)}</title></rect>"
        )
    if bar.standing not in ("done", "skipped"):
        x = _x(timeline, bar.spans[-1].end_s if bar.spans else 0.0)
        yield f'<text class="dim" x="{x + 6:.1f}" y="{y + 11}">{_safe(bar.standing)}</text>'


def _path(timeline: Timeline) -> Iterator[str]:
    """A line along the critical path, from each node's end to the next one's beginning."""
    rows = {bar.node: row for row, bar in enumerate(timeline.bars)}
    points: list[str] = []
    for bar in timeline.critical_bars():
        y = _y(rows[bar.node]) + _BAR + 2.5
        begin_s = bar.ready_s if bar.ready_s is not None else bar.spans[0].begin_s
        points += [
            f"{_x(timeline, begin_s):.1f},{y:.1f}",
            f"{_x(timeline, bar.ended_s or begin_s):.1f},{y:.1f}",
        ]
    if points:
        yield f'<polyline class="path" points="{" ".join(points)}"><title>critical path</title></polyline>'


def _legend(timeline: Timeline, y: int) -> Iterator[str]:
    present: set[SpanKind] = {span.kind for bar in timeline.bars for span in bar.spans}
    x = _LEFT
    for kind, words in WORDS.items():
        if kind in present:
            yield f'<rect class="{kind}" x="{x}" y="{y - 10}" width="12" height="12" rx="2"/>'
            yield f'<text x="{x + 18}" y="{y}">{_safe(words)}</text>'
            x += 34 + 7 * len(words)
    if timeline.critical:
        yield f'<polyline class="path" points="{x},{y - 4} {x + 14},{y - 4}"/>'
        yield f'<text x="{x + 20}" y="{y}">critical path</text>'


def _safe(text: str) -> str:
    """A text without control characters, fit for markup."""
    return escape(visible(text.replace("\n", " ")), quote=True)
