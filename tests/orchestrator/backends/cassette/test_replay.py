"""A recorded run and its replay: turn by turn the same, whatever came of them, and nothing is asked live."""

from __future__ import annotations

import stat
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

from hypothesis import given

from agentlark.model import Squad
from orchestrator.backends.cassette.line import Head
from orchestrator.backends.cassette.player import CassettePlayer
from orchestrator.backends.cassette.reading import Cassette, read_cassette
from orchestrator.backends.cassette.recorder import CassetteRecorder, open_cassette
from orchestrator.core.facts import Acted, Action, Fact, NodeEnded, TurnEnded
from orchestrator.core.turn import Deferred, Failed, Usage
from tests.doubles.journal import MemoryJournal
from tests.doubles.performer import ScriptedPerformer, tells
from tests.doubles.squads import a_squad, an_agent
from tests.doubles.stage import Stage
from tests.doubles.virtual_time import EPOCH, LoopClock
from tests.doubles.worlds import World
from tests.orchestrator.run.test_waves_properties import bounded, squads, staged, worlds

SQUAD = a_squad([an_agent("a"), an_agent("b", "a", follow_up_enabled=False)])


def taped(stage: Stage, path: Path) -> Cassette:
    """What a recorder makes of a stage's journal."""
    recorder = CassetteRecorder(open_cassette(path), Head(run="r", task="t", settings={}), stage.journal)
    recorder.close()
    assert recorder.failure is None
    return read_cassette(path)


def replay(stage: Stage, cassette: Cassette) -> Stage:
    """The same run anew, answered by the cassette."""
    stage.performer = ScriptedPerformer()
    stage.replay = CassettePlayer(cassette, LoopClock())
    return stage


def told(facts: Iterable[Fact]) -> list[str]:
    """Turns, actions and endings without times and where the answers came from; no two of them alike."""
    kept = (fact for fact in facts if isinstance(fact, TurnEnded | Acted | NodeEnded))
    without = {"at": EPOCH, "until": None, "duration_ms": 0, "elapsed_s": 0.0, "origin": "live"}
    return sorted(
        fact.model_copy(
            update={name: to for name, to in without.items() if hasattr(fact, name)}
        ).model_dump_json()
        for fact in kept
    )


def test_a_replay_gives_every_turn_again_and_asks_nobody(tmp_path: Path) -> None:
    first = Stage(SQUAD)
    first.play()
    again = replay(Stage(SQUAD), taped(first, tmp_path / "tape"))
    result = again.play()
    assert told(again.journal.all_facts) == told(first.journal.all_facts)
    assert again.performer.calls == []
    assert {fact.origin for fact in again.facts(TurnEnded)} == {"replayed"}
    assert result.ending.ending == "done"
    assert stat.S_IMODE((tmp_path / "tape").stat().st_mode) == 0o600


def test_what_failed_was_put_off_or_was_done_meanwhile_is_replayed_without_waiting(tmp_path: Path) -> None:
    failed = Failed(error="overloaded", paid="unknown", usage=Usage(input=3), retryable=True)
    late = Deferred(until=EPOCH + timedelta(hours=1), reason="quota")
    acting = tells(Action(action="command_execution", title="ls", detail={"exit": 0}), answer="listed")
    refused = Failed(error="no\n  help: do otherwise", paid="no")
    first = Stage(SQUAD, ScriptedPerformer({"a": [failed, late, failed, acting], "b": [refused]}))
    assert first.play().ending.ending == "failed"
    again = replay(Stage(SQUAD), taped(first, tmp_path / "tape"))
    result = again.play()
    assert told(again.journal.all_facts) == told(first.journal.all_facts)
    assert result.seconds < 1


@bounded
@given(squads(), worlds)
def test_any_run_is_replayed_turn_by_turn_also_one_that_reused_another(
    tmp_path_factory: object, squad: Squad, world: World
) -> None:
    path = tmp_path_factory.mktemp("tape") / "tape"  # type: ignore[attr-defined]  # pytest's factory
    earlier = staged(squad, world)
    earlier.play()
    other = World(world.seed + 1, world.hostile)
    for first in (earlier, staged(squad, other, MemoryJournal(earlier=earlier.journal))):
        if first is not earlier:
            first.play()
        again = replay(staged(squad, other), taped(first, path))
        again.play()
        assert told(again.journal.all_facts) == told(first.journal.all_facts)
        assert again.performer.calls == []


def test_a_turn_that_is_not_on_the_cassette_fails_unpaid_and_names_the_nearest(tmp_path: Path) -> None:
    first = Stage(SQUAD)
    first.play()
    cassette = taped(first, tmp_path / "tape")
    changed = a_squad([an_agent("a", plan_prompt="plan it well"), *SQUAD.groups[0].agents[1:]])
    again = replay(Stage(changed), cassette)
    result = again.play()
    assert again.endings() == {"a": "failed", "b": "blocked"}
    reason = result.ended["a"].reason or ""
    assert "has no answer for a, step 1 (plan); the nearest is line 2 (a, step 1, plan)" in reason
    assert "its prompt changed: 'plan the task' → 'plan it well'" in reason
    assert "--record" in reason
    assert again.facts(TurnEnded)[0].paid == "no"
    assert again.performer.calls == []


def test_the_nearest_entry_of_an_unknown_agent_is_the_most_similar_one(tmp_path: Path) -> None:
    first = Stage(
        a_squad([an_agent("a", plan_prompt="count sheep"), an_agent("b", plan_prompt="draw a fox")])
    )
    first.play()
    again = replay(Stage(a_squad([an_agent("z", plan_prompt="draw a vox")])), taped(first, tmp_path / "tape"))
    reason = again.play().ended["z"].reason or ""
    assert "(b, step 1, plan): agent changed" in reason


def test_a_replay_that_was_cut_off_goes_on_from_the_cassette(tmp_path: Path) -> None:
    first = Stage(SQUAD)
    first.play()
    cassette = taped(first, tmp_path / "tape")
    whole = replay(Stage(SQUAD), cassette)
    whole.play()
    for commits in range(1, len(whole.journal.commits)):
        killed = MemoryJournal()
        killed.commits = whole.journal.commits[:commits]
        killed.bodies = dict(whole.journal.bodies)
        again = replay(Stage(SQUAD, journal=killed, resumed=True), cassette)
        again.play()
        assert told(killed.all_facts) == told(first.journal.all_facts)
        assert again.performer.calls == []


def test_the_recording_of_a_resumed_run_has_the_turns_of_earlier_sessions(tmp_path: Path) -> None:
    first = Stage(SQUAD)
    first.play()
    killed = MemoryJournal()
    killed.commits = first.journal.commits[:5]
    killed.bodies = dict(first.journal.bodies)
    resumed = Stage(SQUAD, journal=killed, resumed=True)
    resumed.play()
    again = replay(Stage(SQUAD), taped(resumed, tmp_path / "tape"))
    again.play()
    assert told(again.journal.all_facts) == told(first.journal.all_facts)
