"""What differs between two runs."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from agentlark.model import Squad
from orchestrator.core.ports import RunRecord
from orchestrator.run.comparison import SHOWN_LINES, Comparison, Side, compare, look_at, text_diff
from orchestrator.schedule.history import history_of
from orchestrator.schedule.state import RunState
from tests.doubles.performer import Reply, ScriptedPerformer
from tests.doubles.squads import a_squad, an_agent
from tests.doubles.stage import Stage
from tests.doubles.virtual_time import EPOCH

SQUAD = a_squad([an_agent("a"), an_agent("b", "a")])


def side(name: str, squad: Squad = SQUAD, task: str = "the task", **script: list[Reply]) -> Side:
    """A run as it was recorded."""
    stage = Stage(squad, ScriptedPerformer(dict(script)), task=task)
    stage.play()
    record = RunRecord(
        slug="r", squad=squad.model_dump_json(), prompt=task, settings={}, simulated=False, started=EPOCH
    )
    history = history_of(RunState(squad), (fact for _, fact in stage.journal.facts("r")))
    return replace(look_at(stage.journal, record, history), run=name)


def verdicts(found: Comparison) -> dict[str, str]:
    return {each.node: each.verdict for each in found.members}


def test_runs_that_were_asked_the_same_and_said_the_same_are_the_same() -> None:
    found = compare(side("A"), side("B"))
    assert verdicts(found) == {"a": "same", "b": "same"}
    assert (found.task, found.same_squad, found.only_before, found.only_after) == ((), True, (), ())


def test_another_answer_shows_in_the_answer_and_below_it_in_prompts() -> None:
    found = compare(side("A"), side("B", a=["a plan", "another result"]))
    assert verdicts(found) == {"a": "changed", "b": "changed"}
    a, b = found.members
    (turn,) = a.turns
    assert (turn.turn, turn.prompt) == ("follow-up", ())
    assert turn.answer == ("@@ -1 +1 @@", "-a follow-up", "+another result")
    assert b.turns[0].turn == "plan"
    assert b.turns[0].prompt == (
        "@@ -1 +1 @@",
        "-plan the task [a: a follow-up]",
        "+plan the task [a: another result]",
    )
    assert [change.field for change in b.turns[0].inputs] == ["prompt"]


def test_agents_of_one_run_alone_are_named() -> None:
    found = compare(side("A"), side("B", a_squad([an_agent("a"), an_agent("c", "a")])))
    assert (found.only_before, found.only_after, found.same_squad) == (("b",), ("c",), False)
    assert verdicts(found) == {"a": "same"}


def test_another_task_changes_everybody_and_is_shown() -> None:
    found = compare(side("A"), side("B", task="another task"))
    assert found.task == ("@@ -1 +1 @@", "-the task", "+another task")
    assert set(verdicts(found).values()) == {"changed"}


def test_a_turn_of_one_run_alone_says_whose_it_is() -> None:
    shorter = a_squad([an_agent("a", follow_up_enabled=False), an_agent("b", "a")])
    found = compare(side("A"), side("B", shorter))
    assert [(turn.turn, turn.only) for turn in found.members[0].turns] == [("follow-up", "A")]


def test_tokens_and_time_are_told_for_the_whole_and_change_no_verdict() -> None:
    one, other = side("A"), side("B")
    member = replace(other.members["a"], seconds=9.0)
    found = compare(one, replace(other, members={**other.members, "a": member}))
    assert verdicts(found)["a"] == "same"
    assert found.members[0].seconds[1] == 9.0
    assert found.seconds[1] - found.seconds[0] == 9.0 - one.members["a"].seconds


def test_long_lines_are_cut_around_what_differs() -> None:
    before, after = "x" * 5000 + "OLD" + "y" * 5000, "x" * 5000 + "NEW" + "y" * 5000
    lines = text_diff(f"first\n{before}\n{before}", f"first\n{after}\n{after}")
    assert [line[:1] for line in lines] == ["@", " ", "-", "-", "+", "+"]
    assert all("OLD" in line for line in lines if line.startswith("-"))
    assert all("NEW" in line for line in lines if line.startswith("+"))
    assert max(map(len, lines)) < 200


def test_a_long_diff_says_how_much_is_left() -> None:
    lines = text_diff("\n".join(map(str, range(500))), "")
    assert len(lines) == SHOWN_LINES + 1
    assert lines[-1] == f"… {501 - SHOWN_LINES:,} more lines"


@given(st.text(), st.text())
def test_a_diff_is_empty_for_equal_texts_only(before: str, after: str) -> None:
    assert bool(text_diff(before, after)) == (before != after)
