"""Where something is defined, where it is used, and what it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from agentlark.editing.mentions import Mention, Role, mentions, role_of
from agentlark.editing.outline import Binding, Outline, Text, Token
from agentlark.editing.projects import Spot, Texts, loaded_from, related
from agentlark.editing.wording import describe, fields

_MOST_LOADS = 20
_REFERENCES = (Role.agent, Role.dependency, Role.edge)


@dataclass(frozen=True, slots=True)
class Explanation:
    """What something is, as Markdown, and the offsets of what was asked about."""

    markdown: str
    start: int
    end: int


def definitions(path: Path, offset: int, texts: Texts) -> list[Spot]:
    """Where what stands at an offset is defined; empty when that is not known."""
    known = texts.outline(path)
    if known is None:
        return []
    text = known.text_at(offset)
    if text is not None:
        return list(_of_text(path, known, text, texts))
    token = known.token_at(offset)
    if token is None or token.kind != "name":
        return []
    binding = known.binding(token.text, token.start)
    return [] if binding is None else [_followed(path, binding, texts)]


def uses(path: Path, offset: int, texts: Texts) -> list[Spot]:
    """Every place that names the agent whose id stands at an offset, its definition included."""
    known = texts.outline(path)
    text = known.text_at(offset) if known is not None else None
    if text is None or role_of(text) not in _REFERENCES:
        return []
    return [
        Spot(each, *found.text.inside)
        for each, found in agent_mentions(path, texts)
        if found.id == text.value
    ]


def agent_mentions(path: Path, texts: Texts) -> Iterator[tuple[Path, Mention]]:
    """Every place in the related files that names an agent."""
    for each in related(path, texts):
        known = texts.outline(each)
        for mention in mentions(known) if known is not None else ():
            if mention.role in _REFERENCES:
                yield each, mention


def explain(path: Path, offset: int, texts: Texts) -> Explanation | None:
    """What stands at an offset: a field, a builtin, an agent, a name of the file."""
    known = texts.outline(path)
    if known is None:
        return None
    text = known.text_at(offset)
    if text is not None:
        markdown = _agent(path, text.value, texts) if role_of(text) in _REFERENCES else None
        return Explanation(markdown, text.start, text.end) if markdown else None
    token = known.token_at(offset)
    if token is None or token.kind != "name":
        return None
    markdown = _name(path, known, token, texts)
    return Explanation(markdown, token.start, token.end) if markdown else None


def _of_text(path: Path, known: Outline, text: Text, texts: Texts) -> Iterator[Spot]:
    if role_of(text) in _REFERENCES:
        yield from _defined(path, text.value, texts)
        return
    call = text.around.name if text.around is not None else None
    if call == "load":
        binding = next((each for each in known.bindings if each.source and _is_within(text, each)), None)
        source = next((each for each in known.texts if each.around is text.around), text)
        if source is not text and binding is None:
            name = text.value
            binding = Binding(name, text.start, text.end, "loaded", (0, 0), (source.value, name))
        if source is not text and binding is not None:
            yield _followed(path, binding, texts)
            return
    if call in ("load", "prompt_file"):
        target = loaded_from(path, text.value)
        if target is not None and texts.read(target) is not None:
            yield Spot(target, 0, 0)


def _is_within(text: Text, binding: Binding) -> bool:
    return text.start <= binding.start <= text.end


def _defined(path: Path, id: str, texts: Texts) -> list[Spot]:
    """Where an agent gets its id; where that is computed, the arguments of calls that are equal to it."""
    made: list[Spot] = []
    for each in related(path, texts):
        known = texts.outline(each)
        for text in known.texts if known is not None else ():
            if text.value != id:
                continue
            if role_of(text) is Role.agent:
                return [Spot(each, *text.inside)]
            if role_of(text) is None and text.around is not None and text.around.name not in (None, "load"):
                made.append(Spot(each, *text.inside))
    return made


def _followed(path: Path, binding: Binding, texts: Texts) -> Spot:
    """The place of a binding; a loaded name is followed into the file that defines it."""
    for _ in range(_MOST_LOADS):
        if binding.source is None:
            break
        target = loaded_from(path, binding.source[0])
        known = texts.outline(target) if target is not None else None
        there = known.binding(binding.source[1], len(known.text)) if known is not None else None
        if target is None or there is None:
            break
        path, binding = target, there
    return Spot(path, binding.start, binding.end)


def _agent(path: Path, id: str, texts: Texts) -> str | None:
    for spot in _defined(path, id, texts):
        known = texts.outline(spot.path)
        text = known.text_at(spot.start) if known is not None else None
        if known is None or text is None:
            continue
        lines = [f"**{id}**"]
        role = next(
            (each.value for each in known.texts if each.around is text.around and each.argument == "role"), ""
        )
        lines += [f"agent, {role}"] if role else ["agent"]
        upstream = [
            f"`{each.id}`"
            for each in mentions(known)
            if each.role is Role.dependency
            and each.text.around is not None
            and each.text.around.around is text.around
        ]
        lines += [f"depends on {', '.join(upstream)}"] if upstream else []
        return "\n\n".join(lines)
    return None


def _name(path: Path, known: Outline, token: Token, texts: Texts) -> str | None:
    bracket = known.bracket_at(token.start)
    if bracket is not None and bracket.name and bracket.keywords.get(token.text) is token:
        field = fields(bracket.name).get(token.text)
        if field is not None:
            return field
    binding = known.binding(token.text, token.start)
    if binding is None:
        return describe(token.text)
    spot = _followed(path, binding, texts)
    there = texts.outline(spot.path)
    return _written(there, spot) if there is not None else None


def _written(known: Outline, spot: Spot) -> str:
    """The line that defines a name, with the docstring of a function."""
    start = known.text.rfind("\n", 0, spot.start) + 1
    end = known.text.find("\n", spot.end)
    line = known.text[start : len(known.text) if end < 0 else end].strip()
    shown = f"```starlark\n{line[:200]}\n```"
    if not line.startswith("def "):
        return shown
    first = next((text for text in known.texts if text.start > spot.end and text.around is None), None)
    colon = known.token_before(first.start) if first is not None else None
    if first is None or colon is None or colon.text != ":":
        return shown
    return f"{shown}\n{first.value.strip()}"
