"""What a node sees of its run, gathered when it starts: nothing that depends on what else is running."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from orchestrator.core.frozen import Digest
from orchestrator.core.turn import Done
from orchestrator.run.prompting import Receivers, Surroundings
from orchestrator.schedule.admission import rules_for
from orchestrator.schedule.growth import Caps
from orchestrator.schedule.node import Node, agent_of
from orchestrator.schedule.review import Review, Said, review
from orchestrator.schedule.state import RunState


class Answers:
    """The texts of nodes' outputs; those just recorded are kept, others are read back once."""

    def __init__(self, state: RunState, body: Callable[[Digest], bytes]) -> None:
        self._state = state
        self._body = body
        self._texts: dict[Digest, str] = {}

    def keep(self, digest: Digest, text: str) -> None:
        """Keep the text of an answer that has just been given."""
        self._texts[digest] = text

    def of(self, node: str) -> str | None:
        """The text of the answer that stands for a node; None when it has none."""
        digest = self._state.output_digest(node)
        if digest is None:
            return None
        if digest not in self._texts:
            self.keep(digest, self.text(digest))
        return self._texts[digest]

    def text(self, digest: Digest) -> str:
        """The text of an answer, read from its body unless it is kept; any thread may ask."""
        kept = self._texts.get(digest)
        return Done.model_validate_json(self._body(digest)).message.text if kept is None else kept


def surroundings(
    node: Node, state: RunState, answers: Answers, *, task: str, caps: Caps, concise: bool
) -> Surroundings:
    """The surroundings of a node that starts now."""
    conduct = state.conduct(node.group)
    looks_back = node.part in ("continuation", "orchestration")
    upstream = {up.id: text for up in state.upstream(node) if (text := answers.of(up.id)) is not None}
    previous = None
    if node.part == "relay":
        previous = upstream.pop(node.reads[-1], None)
    return Surroundings(
        task=task,
        outputs={} if looks_back else {agent_of(name): text for name, text in upstream.items()},
        notes=state.notes(node),
        previous=previous,
        receivers=Receivers() if concise else receivers_of(node, state),
        rules=rules_for(state, node, caps) if node.gives_blueprint else None,
        review=_review(upstream, state, conduct.review_limit) if looks_back else Review(),
        waves_left=conduct.max_waves - state.waves_spent(node.group) + 1,
        carries_out=_carried_out(node, state),
        concise=concise,
    )


def receivers_of(node: Node, state: RunState) -> Receivers:
    """To whom a node may hand its work on; who gives a blueprint says so in it."""
    relay = state.conduct(node.group).relay
    if relay is None or node.gives_blueprint or node.part not in ("configured", "relay"):
        return Receivers()
    places = state.places(node.group)
    return Receivers(
        places.forward(relay.graph, node.agent.id),
        places.back(relay.graph, node.agent.id),
        relay.requires_note,
    )


def _review(upstream: Mapping[str, str], state: RunState, limit: int) -> Review:
    return review([Said(name, state.nodes[name].wave, text) for name, text in upstream.items()], limit)


def _carried_out(node: Node, state: RunState) -> tuple[str, ...]:
    """The chain of specialists that a continuation, or an implementer of one, is about."""
    asked = node if node.part == "continuation" else state.nodes.get(node.by or "")
    if asked is None or asked.part != "continuation":
        return ()
    return tuple(name for name in asked.reads if state.nodes[name].part == "specialist")
