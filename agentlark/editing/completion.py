"""What could be written at an offset: fields of a call, ids of agents, names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from agentlark.editing.lookup import agent_mentions
from agentlark.editing.mentions import Role, is_value_of, role_of
from agentlark.editing.outline import Outline, Text
from agentlark.editing.projects import Texts
from agentlark.editing.wording import KEYWORDS, describe, fields, names
from agentlark.model import EFFORTS, MEMORY_KINDS


class Kind(StrEnum):
    """What a proposal is."""

    field = "field"
    agent = "agent"
    value = "value"
    builtin = "builtin"
    function = "function"
    name = "name"
    keyword = "keyword"


@dataclass(frozen=True, slots=True)
class Proposal:
    """Something that could be written: `insert` takes the place of the text between two offsets."""

    label: str
    kind: Kind
    insert: str
    start: int
    end: int
    markdown: str | None = None


def complete(path: Path, offset: int, texts: Texts) -> list[Proposal]:
    """All proposals for an offset, the likeliest first; none in comments and prose."""
    known = texts.outline(path)
    if known is None:
        return []
    text = known.text_at(offset)
    if text is not None:
        return list(_in_string(path, text, texts))
    token = known.token_at(offset)
    if token is not None and (token.kind in ("comment", "string") or token.text == "."):
        return []
    typed = token is not None and token.kind == "name" and token.start < offset
    start, end = (token.start, token.end) if token is not None and typed else (offset, offset)
    before = known.token_before(start)
    if before is not None and before.text == ".":
        return []
    return [*_fields(known, start, end), *_names(known, start, end)]


def _in_string(path: Path, text: Text, texts: Texts) -> Iterator[Proposal]:
    role = role_of(text)
    if role in (Role.dependency, Role.edge):
        own = text.around.around if text.around is not None else None
        ids = dict.fromkeys(
            mention.id
            for _, mention in agent_mentions(path, texts)
            if mention.role is Role.agent and (own is None or mention.text.around is not own)
        )
        for id in ids:
            yield Proposal(id, Kind.agent, id, *text.inside)
    elif text.argument == "effort" and text.around is not None and text.around.name == "agent":
        for effort in EFFORTS:
            yield Proposal(effort, Kind.value, effort, *text.inside)
    elif text.around is not None and is_value_of(text.around, "agent", "memory"):
        agents = (mention.id for _, mention in agent_mentions(path, texts) if mention.role is Role.agent)
        terms = [*(f"agent:{id}" for id in agents), *(f"{kind}:" for kind in MEMORY_KINDS if kind != "agent")]
        for term in dict.fromkeys(terms):
            yield Proposal(term, Kind.value, term, *text.inside)


def _fields(known: Outline, start: int, end: int) -> Iterator[Proposal]:
    """The fields of the call around that are not written yet, where an argument may begin."""
    bracket = known.bracket_at(start)
    before = known.token_before(start)
    if bracket is None or bracket.name is None or before is None or before.text not in ("(", ","):
        return
    after = known.token_after(end)
    equals = "" if after is not None and after.text == "=" else " = "
    for field, markdown in fields(bracket.name).items():
        given = bracket.keywords.get(field)
        if given is None or (given.start, given.end) == (start, end):
            yield Proposal(field, Kind.field, f"{field}{equals}", start, end, markdown)


def _names(known: Outline, start: int, end: int) -> Iterator[Proposal]:
    bound = {
        each.name: Kind.function if each.kind == "function" else Kind.name
        for each in known.bindings
        if each.name and each.scope[0] <= start < each.scope[1] and each.start != start
    }
    for name, kind in sorted(bound.items()):
        yield Proposal(name, kind, name, start, end)
    for name in names():
        if name not in bound:
            yield Proposal(name, Kind.builtin, name, start, end, describe(name))
    for word in KEYWORDS:
        yield Proposal(word, Kind.keyword, word, start, end)
