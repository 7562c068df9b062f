"""The picture as Mermaid and Graphviz read it."""

from __future__ import annotations

from orchestrator.schedule.graph import Picture, Vertex, one_line, standing_of
from orchestrator.schedule.history import Standing

_COLOURS: dict[Standing, str] = {
    "done": "#2e7d32",
    "skipped": "#757575",
    "failed": "#c62828",
    "blocked": "#ef6c00",
    "cancelled": "#6a1b9a",
    "started": "#1565c0",
    "not started": "#9e9e9e",
}
"""The border of a node in Mermaid and DOT, by its standing."""


def as_mermaid(picture: Picture) -> str:
    """The picture as a Mermaid flowchart; nodes have names of our own, for ids may be Mermaid's words."""
    names = {vertex.id: f"n{number}" for number, vertex in enumerate(picture.vertices)}
    lines = ["flowchart TD"]
    for number, (title, members) in enumerate(picture.sections()):
        lines.append(f"  subgraph s{number}[{_mermaid_text(title)}]")
        lines += [f"    {names[vertex.id]}[{_mermaid_text(*_caption(vertex))}]" for vertex in members]
        lines.append("  end")
    for edge in picture.edges:
        ends = names[edge.source], names[edge.target]
        match edge.kind:
            case "depends_on" | "relay":
                lines.append(f"  {ends[0]} --> {ends[1]}")
            case "blueprint":
                lines.append(f"  {ends[0]} -.->|adds| {ends[1]}")
            case "handoff":
                lines.append(f"  {ends[0]} ==>|{_mermaid_text(one_line(edge.note) or 'handoff')}| {ends[1]}")
    for standing, colour in _COLOURS.items():
        of = [names[vertex.id] for vertex in picture.vertices if vertex.state == standing]
        if of:
            kind = standing.replace(" ", "_")
            lines += [f"  classDef {kind} stroke:{colour},stroke-width:2px", f"  class {','.join(of)} {kind}"]
    return "".join(f"{line}\n" for line in lines)


def _mermaid_text(*lines: str) -> str:
    """A quoted text of Mermaid's, in which nothing is markup but the breaks between these lines."""
    safe = (
        "".join(char if _is_plain(char) else f"#{ord(char)};" for char in one_line(line)) for line in lines
    )
    return f'"{"<br/>".join(safe)}"'


def _is_plain(char: str) -> bool:
    return char.isalnum() or char in " .,:-_/()@+←→⇢…"


def as_dot(picture: Picture) -> str:
    """The picture in Graphviz's language."""
    lines = ["digraph squad {", "  rankdir=TB;", '  node [shape=box, style=rounded, fontname="sans-serif"];']
    for number, (title, members) in enumerate(picture.sections()):
        lines += [f"  subgraph cluster_{number} {{", f"    label={_dot_text(title)};"]
        for vertex in members:
            colour = f", color={_dot_text(_COLOURS[vertex.state])}, penwidth=2" if vertex.state else ""
            lines.append(f"    {_dot_text(vertex.id)} [label={_dot_text(*_caption(vertex))}{colour}];")
        lines.append("  }")
    styles = {
        "depends_on": "",
        "relay": "",
        "blueprint": ' [style=dashed, label="adds"]',
    }
    for edge in picture.edges:
        note = f" [style=bold, label={_dot_text(one_line(edge.note))}]"
        lines.append(f"  {_dot_text(edge.source)} -> {_dot_text(edge.target)}{styles.get(edge.kind, note)};")
    return "\n".join([*lines, "}", ""])


def _dot_text(*lines: str) -> str:
    r"""A quoted text of DOT's: quotes and backslashes are escaped, `\n` is between these lines."""
    safe = (one_line(line).replace("\\", "\\\\").replace('"', '\\"') for line in lines)
    return '"' + r"\n".join(safe) + '"'


def _caption(vertex: Vertex) -> list[str]:
    return [vertex.id, vertex.role] + ([standing_of(vertex)] if vertex.state else [])
