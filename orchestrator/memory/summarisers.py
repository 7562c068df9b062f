"""The squad that writes summaries: one agent per gathering, one turn each, nobody waits for anybody."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agentlark.model import Agent, Group, Squad
from agentlark.prompts import render
from agentlark.resources import shipped_text
from orchestrator.core.frozen import canonical, digest_of
from orchestrator.core.ports import BackendCard, Tell
from orchestrator.core.turn import Done, Message, Outcome, TurnOrder, Usage
from orchestrator.memory.extract import extract
from orchestrator.store.artifacts import Artifact
from orchestrator.store.artifacts.condensing import EXTRACTIVE, Gathering

PROMPT = "templates/prompts/memory/summary.md"

MATERIAL_CHARS = 24_000
"""Characters of recorded text in one prompt; shared out evenly."""

SUMMARY_WORDS = 300
SUMMARY_TOKENS = 1200

EXTRACTIVE_CARD = BackendCard(
    name=EXTRACTIVE,
    default_model=EXTRACTIVE,
    cheap_model=EXTRACTIVE,
    window_tokens=MATERIAL_CHARS,
    where="this process; no model is asked",
)


@dataclass(frozen=True, slots=True)
class Material:
    """A gathering, the backend that is to summarise it, and the words in which it is asked.

    Made of the artifacts and kept without them: those of a large store would fill the memory.
    """

    gathering: Gathering
    backend: str
    prompt: str
    extract: str = ""
    """The summary itself, where no model is asked."""


class Extractive:
    """The Performer of summaries that no model writes."""

    def __init__(self, materials: Sequence[Material]) -> None:
        self._materials: Mapping[str, Material] = {each.gathering.summariser: each for each in materials}

    async def perform(self, order: TurnOrder, tell: Tell) -> Outcome:
        """The beginnings of the texts of the summariser's artifacts."""
        text = self._materials[order.input.agent].extract
        return Done(message=Message(role="assistant", text=text), usage=Usage())


def squad_of(materials: Sequence[Material]) -> Squad:
    """The summarisers of the materials."""
    agents = tuple(
        Agent(
            id=material.gathering.summariser,
            role="Summariser",
            plan_prompt=as_template(material.prompt),
            follow_up_prompt="",
            follow_up_enabled=False,
            backend=material.backend,
            max_output_tokens=SUMMARY_TOKENS,
        )
        for material in materials
    )
    return Squad(groups=(Group(id="memory", agents=agents),))


def material_of(of: Gathering, artifacts: Sequence[Artifact], backend: str) -> Material:
    """The material of a gathering's artifacts, oldest first.

    No run or id stands in the prompt, so that the same texts give the same key.
    """
    if backend == EXTRACTIVE:
        sources = [[one.type, one.text, f"{one.created:%Y-%m-%d}"] for one in artifacts]
        digest = digest_of(canonical(sources))
        prompt = f"Quote the beginnings of {len(sources)} texts of {of.agent} on {of.topic} ({digest})."
        return Material(of, backend, prompt, extract(of, artifacts))
    room = MATERIAL_CHARS // len(artifacts)
    texts = [{"type": artifact.type, "text": _cut(artifact.text, room)} for artifact in artifacts]
    variables = {"agent": of.agent, "topic": of.topic, "texts": texts, "words": SUMMARY_WORDS}
    return Material(of, backend, render(shipped_text(PROMPT), variables))


def as_template(text: str) -> str:
    """A template that gives the text: what looks like template syntax in it is spelled as a value."""
    return re.sub(r"\{(?=[{%#])", '{{ "{" }}', text)


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else f"{text[: max(0, room - 4)]} […]"
