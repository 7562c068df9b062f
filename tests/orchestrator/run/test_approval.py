"""Consent: before a blueprint's agents spend anything, the run stops and waits for a person."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import pytest

from agentlark.blueprint import Blueprint
from orchestrator.core.commands import Command, Decide, Interrupt, StopNow
from orchestrator.core.errors import StoreError
from orchestrator.core.facts import (
    AgentsJoined,
    ApprovalAsked,
    ApprovalSettled,
    Notice,
    TurnEnded,
    WavesEnded,
)
from orchestrator.core.settings import Asked
from orchestrator.core.turn import Failed
from orchestrator.run.handle import RunHandle, RunResult
from orchestrator.schedule.growth import Caps
from tests.doubles.blueprints import baton, blueprint, done, entry
from tests.doubles.journal import MemoryJournal
from tests.doubles.performer import Reply, ScriptedPerformer
from tests.doubles.squads import a_squad, an_agent
from tests.doubles.stage import Stage
from tests.doubles.virtual_time import run_virtual

ORCHESTRATOR = "autonomous-orchestrator"
SQUAD = a_squad([an_agent("planner"), an_agent("builder", "planner", blueprint=True)], [an_agent("docs")])
PROPOSED = blueprint(entry("x"), entry("y", "x"))


def edited(text: str) -> Blueprint:
    """The blueprint in a text, as an editor reads it: whatever its agents are."""
    return Blueprint.model_validate_json(text)


def staged(journal: MemoryJournal | None = None, **fields: object) -> Stage:
    script = {"builder": ["plan", PROPOSED, done()], ORCHESTRATOR: [blueprint(entry("z")), done()]}
    given = {"asked": Asked(approve="blueprint"), "resumed": journal is not None, **fields}
    return Stage(SQUAD, ScriptedPerformer(script), journal or MemoryJournal(), **given)  # type: ignore[arg-type]  # fields of any kind


def until(step: Callable[[RunHandle, Stage], Awaitable[None]], stage: Stage) -> RunResult:
    """Play until the run waits for consent, do something, and run to the end."""

    async def play() -> RunResult:
        run = stage.started()
        while not run.awaiting():  # noqa: ASYNC110  # a second passes at once here
            await asyncio.sleep(1)
        await step(run, stage)
        return await run.result()

    return run_virtual(play())


def sending(*commands: Command) -> Callable[[RunHandle, Stage], Awaitable[None]]:
    async def step(run: RunHandle, stage: Stage) -> None:
        for command in commands:
            stage.inbox.send(command)
            await asyncio.sleep(1)

    return step


def test_nobody_of_a_wave_acts_before_somebody_has_said_yes() -> None:
    stage = staged()
    calls_meanwhile: list[str] = []

    async def wait_and_say_yes(run: RunHandle, stage: Stage) -> None:
        await asyncio.sleep(3600)
        calls_meanwhile.extend(call.agent for call in stage.performer.calls)
        run.decide(Decide(wave=1, approved=True, note="go"))

    result = until(wait_and_say_yes, stage)
    assert set(calls_meanwhile) == {"planner", "builder"}
    (asked,) = stage.facts(ApprovalAsked)
    (joined,) = stage.facts(AgentsJoined)
    assert asked.joining.agents == joined.agents
    (settled,) = stage.facts(ApprovalSettled)
    assert (settled.verdict, settled.note) == ("approved", "go")
    assert {name: result.ended[name].ending for name in ("x", "y", "docs")} == dict.fromkeys(
        ("x", "y", "docs"), "done"
    )
    assert result.consent == ()


def test_a_wave_that_is_refused_is_skipped_with_the_reason_and_the_run_goes_on() -> None:
    stage = staged(asked=Asked(approve="blueprint", autonomous=True))
    result = until(sending(Decide(wave=1, approved=False, note="too dear")), stage)
    assert not stage.facts(AgentsJoined)
    (ended,) = stage.facts(WavesEnded)
    assert (ended.ending, ended.reason) == ("rejected", "wave 1 was rejected: too dear")
    assert not stage.performer.of(ORCHESTRATOR)
    assert result.ended["docs"].ending == "done"
    assert result.ending.ending == "done"


def test_an_edited_blueprint_joins_as_the_person_left_it() -> None:
    stage = staged()
    mine = edited(blueprint(entry("mine", "planner", role="Poet"), summary="mine alone"))
    result = until(sending(Decide(wave=1, approved=True, blueprint=mine)), stage)
    (joined,) = stage.facts(AgentsJoined)
    assert (joined.summary, [agent.id for agent in joined.agents]) == ("mine alone", ["mine"])
    assert stage.facts(ApprovalSettled)[0].verdict == "edited"
    assert result.ended["mine"].ending == "done"
    assert "x" not in result.ended


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (blueprint(entry("docs")), "the id 'docs' is taken"),
        (blueprint(entry("a", "b"), entry("b", "a")), "a → b → a"),
        (blueprint(entry("x"), handoffs=[baton("builder", "x")]), "only a relay has handoffs"),
        (blueprint(*(entry(name) for name in "abc")), "at most 2 agents may join"),
    ],
)
def test_an_edit_that_may_not_join_is_said_and_the_wave_waits_on(text: str, reason: str) -> None:
    stage = staged(caps=Caps(agents=2))
    commands = (Decide(wave=1, approved=True, blueprint=edited(text)), Decide(wave=1, approved=True))
    result = until(sending(*commands), stage)
    assert reason in stage.watcher.of(Notice)[0].text
    assert stage.facts(ApprovalSettled)[0].verdict == "approved"
    assert result.ended["y"].ending == "done"


def test_as_many_agents_as_were_proposed_may_also_join_edited() -> None:
    stage = staged(caps=Caps(agents=2))
    until(sending(Decide(wave=1, approved=True, blueprint=edited(blueprint(entry("p"), entry("q"))))), stage)
    assert [agent.id for agent in stage.facts(AgentsJoined)[0].agents] == ["p", "q"]


def test_an_edit_in_a_relay_gives_every_note_that_is_demanded() -> None:
    squad = a_squad(
        [an_agent("builder", blueprint=True)],
        relay={"enabled": True, "require_handoff_note": True},
        autonomous=False,
    )
    answer = blueprint(entry("x"), handoffs=[baton("builder", "x")])
    stage = Stage(squad, ScriptedPerformer({"builder": ["plan", answer]}), asked=Asked(approve="wave"))

    async def edit(run: RunHandle, stage: Stage) -> None:
        noteless = Decide(wave=1, approved=True, blueprint=edited(blueprint(entry("x"))))
        assert run.edit_faults(noteless) == ("nobody hands x its baton",)
        run.decide(Decide(wave=1, approved=True))

    assert until(edit, stage).ended["x"].ending == "done"


def test_an_answer_for_a_wave_that_does_not_wait_is_said_and_changes_nothing() -> None:
    stage = staged()
    commands = (Decide(wave=7, approved=True), Decide(wave=1, approved=True), Decide(wave=1, approved=False))
    result = until(sending(*commands), stage)
    assert [notice.text for notice in stage.watcher.of(Notice)][:1] == ["wave 7 does not wait for consent"]
    assert [fact.verdict for fact in stage.facts(ApprovalSettled)] == ["approved"]
    assert result.ending.ending == "done"


def test_blueprint_asks_for_the_builders_alone_and_wave_for_all() -> None:
    counts = {}
    for approve in ("blueprint", "wave"):
        stage = staged(asked=Asked(approve=approve, autonomous=True))

        async def say_yes(run: RunHandle, stage: Stage) -> None:
            for _ in range(100):
                for wave in run.awaiting():
                    run.decide(Decide(wave=wave, approved=True))
                await asyncio.sleep(1)

        until(say_yes, stage)
        counts[approve] = [asked.joining.wave for asked in stage.facts(ApprovalAsked)]
    assert counts == {"blueprint": [1], "wave": [1, 3]}


@pytest.mark.parametrize(("command", "ending"), [(Interrupt(), "interrupted"), (StopNow(), "stopped")])
def test_a_run_that_waits_can_be_ended_and_gone_on_with_and_no_turn_is_repeated(
    command: Command, ending: str
) -> None:
    first = staged()
    result = until(sending(command), first)
    assert result.ending.ending == ending
    assert result.consent == (1,)
    again = staged(first.journal)
    again.performer = ScriptedPerformer({"builder": [done()]})
    result = until(sending(Decide(wave=1, approved=True)), again)
    assert result.ending.ending == "done"
    assert {call.agent for call in again.performer.calls} == {"x", "y", "docs", "builder"}
    assert [call.order.input.purpose for call in again.performer.of("builder")] == ["continuation"]
    assert len(again.facts(ApprovalAsked)) == 1


def test_a_wave_that_waits_survives_a_kill_at_any_commit_after_it_was_proposed() -> None:
    whole = staged()
    expected = until(sending(Decide(wave=1, approved=True)), whole)
    kinds = [[fact.kind for fact in commit] for commit in whole.journal.commits]
    proposed = next(at for at, commit in enumerate(kinds) if "approval-asked" in commit)
    settled = next(at for at, commit in enumerate(kinds) if "approval-settled" in commit)
    assert {"turn-ended", "node-ended"} < {*kinds[proposed]}
    for cut in range(proposed + 1, settled + 1):
        journal = MemoryJournal()
        journal.commits, journal.bodies = whole.journal.commits[:cut], dict(whole.journal.bodies)
        recorded = {fact.key for fact in journal.all_facts if isinstance(fact, TurnEnded)}
        again = staged(journal)
        again.performer = ScriptedPerformer({"builder": [done()]})
        assert until(sending(Decide(wave=1, approved=True)), again).answers == expected.answers
        assert not recorded & {call.order.key for call in again.performer.calls}


def test_agents_that_wait_for_one_that_failed_meanwhile_are_blocked_once_the_wave_may_join() -> None:
    squad = a_squad([an_agent("slow"), an_agent("builder", blueprint=True)])
    script: dict[str, Sequence[Reply]] = {
        "builder": ["plan", blueprint(entry("x", "slow"), entry("y", "x"), entry("z"))],
        "slow": [Failed(error="broken", paid="no")],
    }
    stage = Stage(squad, ScriptedPerformer(script), asked=Asked(approve="wave"))
    result = until(sending(Decide(wave=1, approved=True)), stage)
    assert {name: result.ended[name].ending for name in "xyz"} == {
        "x": "blocked",
        "y": "blocked",
        "z": "done",
    }
    assert result.ended["x"].reason == "slow failed"


def test_a_journal_that_cannot_record_the_answer_ends_the_run() -> None:
    stage = staged()
    stage.journal.fails_on = "approval-settled"
    with pytest.raises(StoreError, match="the disk is full"):
        until(sending(Decide(wave=1, approved=True)), stage)
