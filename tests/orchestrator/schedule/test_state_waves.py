"""The fold over waves: engagements, what they wait for and read, who is asked, what the answer is."""

from __future__ import annotations

from typing import Any

from agentlark.blueprint import Handoff
from orchestrator.core.facts import ApprovalAsked, ApprovalSettled, HandedOff, WavesEnded
from orchestrator.core.settings import Asked
from orchestrator.core.turn import Usage
from orchestrator.schedule.conduct import conducts_of
from orchestrator.schedule.state import RunState
from tests.doubles.facts import ended, engaged, joined, run_started, specialist, turn_ended
from tests.doubles.squads import a_squad, an_agent
from tests.doubles.virtual_time import EPOCH

ORCHESTRATOR = "autonomous-orchestrator"


def a_state(*, later: bool = False, **orchestration: Any) -> RunState:
    core = [an_agent("planner"), an_agent("coder", "planner"), an_agent("builder", "planner", blueprint=True)]
    rest = [[an_agent("docs", "builder", "coder")]] if later else []
    squad = a_squad(core, *rest, **orchestration)
    return RunState(squad, conducts_of(squad, Asked()))


GRAPH = {"planner": ["coder"], "coder": ["planner"]}


def in_relay(**fields: Any) -> RunState:
    return a_state(relay={"enabled": True, "graph": GRAPH, **fields})


def hand(sender: str, receiver: str, node: str | None, note: str = "note") -> HandedOff:
    return HandedOff(sender=sender, receiver=receiver, node=node, note=note, at=EPOCH)


def end_all(state: RunState) -> None:
    for node in state.in_order():
        state.apply(ended(node.id))


def again(state: RunState, wave: int = 1) -> RunState:
    """Everybody has ended; the coder handed back to the planner, who acts again with the coder behind it."""
    end_all(state)
    state.apply(hand("coder", "planner", None, "fix it"))
    state.apply(engaged("relay", *state.relay_wave("g0"), wave=wave))
    return state


# Engagements


def test_agents_engaged_again_wait_for_those_of_their_wave_and_read_the_newest_outputs() -> None:
    state = again(in_relay())
    planner, coder = state.nodes["planner@1"], state.nodes["coder@1"]
    assert (planner.waits, planner.reads) == ((), ("planner",))
    assert (coder.waits, coder.reads) == (("planner@1",), ("planner@1", "coder"))
    assert (planner.part, planner.wave, planner.agent.id) == ("relay", 1, "planner")
    assert state.notes(planner) == [("coder", "fix it")]
    assert state.undelivered("g0") == []


def test_work_handed_on_in_a_wave_arrives_there_and_back_at_the_next() -> None:
    state = again(in_relay())
    assert state.receiving_node(state.nodes["planner"], "coder") == "coder"
    assert state.receiving_node(state.nodes["planner@1"], "coder") == "coder@1"
    assert state.receiving_node(state.nodes["coder@1"], "planner") is None
    state.apply(hand("planner@1", "coder", "coder@1", "look"))
    assert state.notes(state.nodes["coder@1"]) == [("planner@1", "look")]


def test_who_gets_nothing_is_not_asked() -> None:
    state = again(in_relay())
    assert state.unasked(state.nodes["planner@1"]) is None
    assert state.unasked(state.nodes["coder@1"]) == ("skipped", "nothing was handed to it")
    assert state.unasked(state.nodes["coder"]) is None


def test_who_lacks_a_demanded_note_is_not_asked_either() -> None:
    state = in_relay(require_handoff_note=True)
    state.apply(ended("planner"))
    coder = state.nodes["coder"]
    assert state.unasked(coder) == ("blocked", "the baton from planner has no note")
    state.apply(hand("planner", "coder", "coder"))
    assert state.unasked(coder) is None
    wave = joined("builder", specialist("x"), specialist("y"))
    batons = (Handoff(sender="builder", receiver="x", note="n"), Handoff(sender="x", receiver="y", note=" "))
    state.apply(wave.model_copy(update={"handoffs": batons}))
    assert state.unasked(state.nodes["x"]) is None
    assert state.unasked(state.nodes["y"]) == ("blocked", "the baton from x to y has no note")


def test_a_sender_that_was_skipped_owes_nobody_a_note() -> None:
    state = in_relay(require_handoff_note=True)
    end_all(state)
    state.apply(hand("coder", "planner", None))
    state.apply(hand("builder", "coder", None))
    state.apply(engaged("relay", *state.relay_wave("g0"), wave=1))
    state.apply(ended("planner@1", "skipped"))
    assert state.unasked(state.nodes["coder@1"]) is None


def test_the_batons_of_a_wave_go_to_its_agents_or_to_the_next_engagement() -> None:
    state = in_relay()
    batons = (
        Handoff(sender="builder", receiver="x", note="start"),
        Handoff(sender="x", receiver="y", note=" "),
        Handoff(sender="x", receiver="coder", note=""),
    )
    wave = joined("builder", specialist("y"), specialist("x"))
    state.apply(wave.model_copy(update={"handoffs": batons}))
    assert state.nodes["y"].waits == ("x",)
    assert state.nodes["y"].reads == ()
    assert state.notes(state.nodes["x"]) == [("builder", "start")]
    assert state.notes(state.nodes["y"]) == []
    assert [each.receiver for each in state.undelivered("g0")] == ["coder"]


def test_without_its_demanded_note_a_baton_to_a_configured_agent_is_not_handed_on() -> None:
    state = in_relay(require_handoff_note=True)
    wave = joined("builder", specialist("x"))
    batons = (Handoff(sender="x", receiver="coder", note=" "),)
    state.apply(wave.model_copy(update={"handoffs": batons}))
    assert state.undelivered("g0") == []


def test_notes_come_in_the_senders_order_whoever_handed_on_first() -> None:
    state = again(in_relay())
    for sender in ("builder", "planner", "coder"):
        state.apply(hand(sender, "coder", "coder@1"))
    assert [sender for sender, _ in state.notes(state.nodes["coder@1"])] == ["planner", "coder", "builder"]


def test_the_newest_engagement_is_the_last_that_has_or_may_get_an_answer() -> None:
    state = again(in_relay())
    assert state.newest("planner") == "planner@1"
    state.apply(ended("planner@1"))
    assert state.newest("planner") == "planner@1"
    state.apply(ended("coder@1", "skipped"))
    assert state.newest("coder") == "coder"
    lost = again(in_relay())
    lost.apply(ended("planner@1", "failed"))
    assert lost.newest("planner") == "planner"


def test_a_skipped_node_lets_those_behind_it_go_on() -> None:
    state = again(in_relay())
    state.apply(ended("planner@1", "skipped"))
    assert state.take_blocked() == []
    assert state.has_done("planner@1")
    assert not state.is_lost("planner@1")


def test_a_specialist_reads_the_same_whether_what_it_depends_on_was_skipped_before_or_after_it_joined() -> (
    None
):
    before, after = again(in_relay()), again(in_relay())
    for state in (before, after):
        state.apply(ended("planner@1"))
    before.apply(ended("coder@1", "skipped"))
    before.apply(joined("builder", specialist("x", "coder"), wave=2))
    after.apply(joined("builder", specialist("x", "coder"), wave=2))
    after.apply(ended("coder@1", "skipped"))
    for state in (before, after):
        assert [node.id for node in state.upstream(state.nodes["x"])] == ["coder"]


def test_who_is_asked_what_comes_next_looks_back_on_the_group_and_what_leads_to_it() -> None:
    squad = a_squad(
        [an_agent("lone"), an_agent("up")], [an_agent("builder", "up", blueprint=True), an_agent("b")]
    )
    state = RunState(squad)
    end_all(state)
    state.apply(joined("builder", specialist("x"), specialist("y", "x"), group="g1"))
    state.apply(engaged("orchestration", ORCHESTRATOR, wave=2, group="g1"))
    state.apply(engaged("continuation", "builder", wave=3, group="g1"))
    assert state.nodes[f"{ORCHESTRATOR}@2"].reads == ("up", "builder", "b", "x", "y")
    assert state.nodes["builder@3"].reads == ("up", "builder", "x", "y")
    assert state.nodes[f"{ORCHESTRATOR}@2"].gives_blueprint
    assert not state.nodes[f"{ORCHESTRATOR}@2"].agent.blueprint


def test_implementers_of_a_continuation_read_all_that_it_rests_on_and_wait_for_their_own() -> None:
    state = a_state()
    end_all(state)
    state.apply(joined("builder", specialist("x"), specialist("y", "x")))
    state.apply(engaged("continuation", "builder", wave=2))
    state.apply(joined("builder@2", specialist("v", "y"), wave=2))
    assert state.nodes["v"].reads == ("planner", "builder", "x", "y")
    assert state.nodes["v"].waits == ("y",)
    assert state.nodes["v"].depth == 3


# Upstream and the answer


def test_a_later_group_reads_the_newest_outputs_and_the_specialists_of_all_waves() -> None:
    state = a_state(later=True, relay={"enabled": True, "graph": GRAPH})
    for name in ("planner", "coder", "builder"):
        state.apply(ended(name))
    state.apply(joined("builder", specialist("x")))
    state.apply(hand("coder", "planner", None))
    state.apply(engaged("relay", "planner", "coder", wave=2))
    state.apply(ended("planner@2"))
    state.apply(ended("coder@2"))
    state.apply(engaged("orchestration", ORCHESTRATOR, wave=3))
    state.apply(joined(f"{ORCHESTRATOR}@3", specialist("y"), wave=3))
    assert [node.id for node in state.upstream(state.nodes["docs"])] == ["builder", "x", "coder@2", "y"]


def final(state: RunState) -> list[str]:
    return [node.id for node in state.final()]


def test_of_several_waves_the_newest_gives_the_answer_beside_agents_that_nobody_waits_for() -> None:
    state = a_state()
    state.apply(joined("builder", specialist("x")))
    assert final(state) == ["coder", "x"]
    state.apply(engaged("orchestration", ORCHESTRATOR, wave=2))
    assert final(state) == ["coder", "x"]
    state.apply(joined(f"{ORCHESTRATOR}@2", specialist("y"), specialist("z", "y"), wave=2))
    assert final(state) == ["coder", "z"]


def test_an_agent_that_acted_again_answers_with_its_newest_engagement() -> None:
    state = again(in_relay())
    assert final(state) == ["builder", "coder@1"]
    state.apply(ended("planner@1"))
    state.apply(ended("coder@1", "skipped"))
    assert final(state) == ["coder", "builder"]


# Consent, counting, resuming


def test_a_group_has_not_ended_while_a_wave_of_it_waits_for_consent() -> None:
    state = a_state()
    end_all(state)
    state.apply(ApprovalAsked(joining=joined("builder", specialist("x")), at=EPOCH))
    assert (state.group_has_ended, state.waves, state.joined_agents) == (False, 1, 0)
    state.apply(ApprovalSettled(wave=1, verdict="rejected", at=EPOCH))
    assert (state.group_has_ended, state.awaiting) == (True, {})


def test_only_waves_of_the_orchestrator_and_the_relay_count_against_the_limit() -> None:
    state = again(in_relay())
    state.apply(engaged("orchestration", ORCHESTRATOR, wave=2))
    state.apply(engaged("continuation", "builder", wave=3))
    assert state.waves_spent("g0") == 2
    assert [each.wave for each in state.engaged_in("g0")] == [1, 2, 3]


def test_tallies_count_an_agents_engagements_together_and_reused_turns_apart() -> None:
    state = again(in_relay())
    state.apply(turn_ended("planner", usage=Usage(input=1)))
    state.apply(turn_ended("planner@1", usage=Usage(input=2)))
    state.apply(turn_ended("coder", usage=Usage(input=4), origin="reused"))
    tallies = state.metrics().by_agent
    assert list(tallies) == ["planner", "coder"]
    assert (tallies["planner"].turns, tallies["planner"].usage.input) == (2, 3)
    assert (tallies["coder"].reused, tallies["coder"].saved.input, tallies["coder"].turns) == (1, 4, 0)
    assert (state.turns, state.reused, state.usage.input, state.saved.input) == (2, 1, 3, 4)


def test_a_resumed_run_forgets_that_a_failure_ended_its_waves_and_nothing_else() -> None:
    state = a_state(later=True, autonomous=True)
    state.apply(WavesEnded(group="g0", ending="failed", reason="x", at=EPOCH))
    state.apply(WavesEnded(group="g1", ending="done", reason="y", at=EPOCH))
    state.apply(run_started(resumed=True))
    assert list(state.waves_ended) == ["g1"]


def test_a_resumed_run_keeps_its_waves_and_notes() -> None:
    state = again(in_relay())
    state.apply(ended("planner@1", "failed"))
    for node, reason in state.take_blocked():
        state.apply(ended(node.id, "blocked", reason))
    state.apply(run_started(resumed=True))
    ready = state.take_ready()
    assert ready is not None
    assert ready.id == "planner@1"
    assert state.take_ready() is None
    assert state.take_blocked() == []
    assert state.notes(ready) == [("coder", "fix it")]
