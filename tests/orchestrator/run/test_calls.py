"""Getting one answer: attempts, deadlines, quotas, and what is redacted on the way."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from itertools import pairwise

import pytest

from orchestrator.core.facts import Acted, Action, TextDelta, TurnEnded, TurnStarted, Waiting
from orchestrator.core.ports import Tell
from orchestrator.core.redact import MARK
from orchestrator.core.turn import Deferred, Failed, Outcome, TurnInput, TurnOrder, Usage
from tests.doubles.performer import ScriptedPerformer, done, never, tells
from tests.doubles.squads import a_squad, an_agent
from tests.doubles.stage import Stage
from tests.doubles.virtual_time import EPOCH

BUSY = Failed(error="busy", paid="no", retryable=True)
SECRET = "hunter2-hunter2"


def one(*replies: object, **agent: object) -> Stage:
    """A stage with one agent that takes only a plan turn, answered so."""
    squad = a_squad([an_agent("a", **{"follow_up_enabled": False, **agent})])
    return Stage(squad, ScriptedPerformer({"a": replies}))  # type: ignore[dict-item]


# Retries


def test_a_retryable_failure_is_sent_again_and_each_attempt_is_recorded() -> None:
    stage = one(BUSY, BUSY, "fine", retries=2)
    result = stage.play()
    assert result.answers == {"a": "fine"}
    assert [(fact.attempt, fact.ending, fact.error) for fact in stage.facts(TurnEnded)] == [
        (1, "failed", "busy"),
        (2, "failed", "busy"),
        (3, "done", None),
    ]
    assert [fact.attempt for fact in stage.facts(TurnStarted)] == [1, 2, 3]
    assert len({call.order.key for call in stage.performer.calls}) == 1


@pytest.mark.parametrize("retries", [0, 1, 3])
def test_a_failed_turn_is_sent_again_as_often_as_the_agent_says(retries: int) -> None:
    stage = one(*[BUSY] * 9, retries=retries)
    result = stage.play()
    assert len(stage.performer.calls) == retries + 1
    reason = "busy" if not retries else f"busy (after {retries + 1} attempts)"
    assert (result.ended["a"].ending, result.ended["a"].reason) == ("failed", reason)


def test_what_cannot_succeed_is_not_sent_again() -> None:
    stage = one(Failed(error="refused", paid="yes", usage=Usage(input=7, output=0)), retries=5)
    result = stage.play()
    assert len(stage.performer.calls) == 1
    ended = stage.facts(TurnEnded)[0]
    assert (ended.ending, ended.paid, ended.usage, ended.answer) == ("failed", "yes", Usage(input=7), None)
    assert result.usage.input == 7


def test_the_input_of_a_failed_turn_is_recorded_too() -> None:
    stage = one(Failed(error="refused", paid="no"))
    stage.play()
    key = stage.facts(TurnEnded)[0].key
    assert TurnInput.model_validate_json(stage.journal.body(key)).prompt == "plan the task"


def test_waits_grow_and_stay_below_a_minute() -> None:
    stage = one(*[BUSY] * 20, retries=12)
    stage.play()
    waits = [signal.seconds for signal in stage.watcher.of(Waiting)]
    assert len(waits) == 12
    assert 0.5 <= waits[0] <= 1
    assert all(1.9 <= later / earlier <= 2.1 for earlier, later in pairwise(waits[:6]))
    assert 30 <= waits[-1] <= 60
    assert max(waits) <= 60


def test_waits_are_really_waited() -> None:
    stage = one(BUSY, BUSY, "fine", retries=2)
    result = stage.play()
    assert result.seconds == pytest.approx(sum(signal.seconds for signal in stage.watcher.of(Waiting)))


def test_agents_that_failed_together_do_not_come_back_together() -> None:
    names = [f"n{number}" for number in range(8)]
    squad = a_squad([an_agent(name, follow_up_enabled=False) for name in names])
    stage = Stage(squad, ScriptedPerformer({name: [BUSY] for name in names}))
    stage.play()
    assert len({signal.seconds for signal in stage.watcher.of(Waiting)}) == 8


def test_the_provider_decides_how_long_to_wait_when_it_says_so() -> None:
    stage = one(BUSY.model_copy(update={"retry_after_s": 123.0}), "fine")
    assert stage.play().seconds == 123
    assert [(signal.seconds, signal.reason) for signal in stage.watcher.of(Waiting)] == [(123, "busy")]


def test_an_agent_that_waits_between_attempts_leaves_its_job_to_others() -> None:
    squad = a_squad([an_agent("a"), an_agent("b")])
    slow = BUSY.model_copy(update={"retry_after_s": 100.0})
    stage = Stage(squad, ScriptedPerformer({"a": [slow]}, takes_s={"b": 3}), jobs=1)
    stage.play()
    assert stage.performer.of("b")[0].began_s == 0
    assert [call.began_s for call in stage.performer.of("a")] == [0, 100, 100]


def test_an_agent_whose_wait_is_over_waits_for_a_free_job() -> None:
    squad = a_squad([an_agent("a"), an_agent("b")])
    slow = BUSY.model_copy(update={"retry_after_s": 1.0})
    stage = Stage(squad, ScriptedPerformer({"a": [slow]}, takes_s={"b": 3}), jobs=1)
    stage.play()
    assert stage.performer.most_at_once == 1
    assert [call.began_s for call in stage.performer.of("a")] == [0, 6, 6]


# Deferred


def test_a_deferred_turn_is_asked_again_when_its_time_has_come_and_counts_as_no_failure() -> None:
    later = Deferred(until=EPOCH + timedelta(seconds=500), reason="quota")
    stage = one(later, BUSY, "fine", retries=1)
    result = stage.play()
    assert result.answers == {"a": "fine"}
    assert stage.performer.calls[1].began_s == 500
    first = stage.facts(TurnEnded)[0]
    assert (first.ending, first.error, first.paid, first.usage) == ("deferred", "quota", "no", None)


def test_a_deferred_turn_holds_no_job() -> None:
    later = Deferred(until=EPOCH + timedelta(seconds=500), reason="quota")
    stage = Stage(a_squad([an_agent("a"), an_agent("b")]), ScriptedPerformer({"a": [later]}), jobs=1)
    stage.play()
    assert stage.performer.of("b")[-1].began_s == 0


def test_a_deferral_until_a_time_that_is_past_is_asked_again_at_once() -> None:
    stage = one(Deferred(until=EPOCH - timedelta(days=1), reason="quota"), "fine")
    assert stage.play().seconds == 0


def test_a_deferral_without_a_time_zone_is_refused_where_it_is_made() -> None:
    with pytest.raises(ValueError, match="timezone"):
        Deferred(until=EPOCH.replace(tzinfo=None), reason="quota")


# Deadlines


def test_a_turn_that_takes_too_long_is_cut_off_and_sent_again() -> None:
    stage = one(never, "fine", timeout_s=30, retries=1)
    result = stage.play()
    assert result.answers == {"a": "fine"}
    first = stage.facts(TurnEnded)[0]
    assert (first.ending, first.error, first.paid) == (
        "failed",
        "no answer within 30 s (timeout_s)",
        "unknown",
    )
    assert 30 <= (stage.performer.calls[0].ended_s or 0) <= 35


def test_the_deadline_is_handed_on_with_the_order() -> None:
    stage = one("fine", timeout_s=12.5, max_output_tokens=77)
    stage.play()
    order = stage.performer.calls[0].order
    assert (order.deadline_s, order.max_tokens) == (12.5, 77)


def test_a_timeout_of_the_backends_own_is_not_called_our_deadline() -> None:
    stage = one(TimeoutError("connect timed out"), timeout_s=30)
    reason = stage.play().ended["a"].reason or ""
    assert "connect timed out" in reason
    assert "timeout_s" not in reason


# A Performer that breaks


def test_a_backend_that_raises_is_a_failed_turn_of_that_agent_alone() -> None:
    squad = a_squad([an_agent("a"), an_agent("b")])
    stage = Stage(squad, ScriptedPerformer({"a": [KeyError("native")]}))
    result = stage.play()
    assert result.ended["b"].ending == "done"
    assert result.ended["a"].reason == "the backend fake broke: KeyError: 'native'"
    ended = stage.turns("a")[0]
    assert (ended.ending, ended.paid) == ("failed", "unknown")


# Redaction


def secretly(*replies: object, task: str = "the task", **agent: object) -> Stage:
    stage = one(*replies, **agent)
    stage.secrets = [SECRET]
    stage.task = task
    return stage


def nowhere(stage: Stage, secret: str = SECRET) -> None:
    """The secret is in no recorded body, no fact, and nothing that anybody watched."""
    assert not [body for body in stage.journal.bodies.values() if secret.encode() in body]
    assert not [fact for fact in stage.journal.all_facts if secret in fact.model_dump_json()]
    assert not [item for _, item in stage.watcher.seen if secret in item.model_dump_json()]


def test_a_secret_in_a_prompt_is_gone_before_the_key_is_taken() -> None:
    stage = secretly(task=f"use {SECRET}")
    stage.play()
    order = stage.performer.calls[0].order
    assert order.input.prompt == f"plan use {MARK}"
    assert order.key == order.input.key()
    nowhere(stage)


def test_a_secret_in_an_answer_is_gone_before_it_is_recorded_or_handed_on() -> None:
    squad = a_squad([an_agent("a"), an_agent("b", "a")])
    stage = Stage(squad, ScriptedPerformer({"a": [f"plan {SECRET}", f"answer {SECRET}"]}), secrets=[SECRET])
    result = stage.play()
    assert result.answers["a"] == f"answer {MARK}"
    assert stage.performer.of("a")[1].order.thread[1].text == f"plan {MARK}"
    assert stage.performer.of("b")[0].prompt == f"plan the task [a: answer {MARK}]"
    nowhere(stage)


def test_native_blocks_that_hold_a_secret_are_dropped_and_others_kept() -> None:
    squad = a_squad([an_agent("a"), an_agent("b")])
    script = {"a": [done("x", native=[{"text": f"it is {SECRET}"}])], "b": [done("x", native=[{"id": 7}])]}
    stage = Stage(squad, ScriptedPerformer(script), secrets=[SECRET])
    stage.play()
    assert stage.performer.of("a")[1].order.thread[1].native is None
    assert stage.performer.of("b")[1].order.thread[1].native == [{"id": 7}]
    nowhere(stage)


def test_a_secret_split_over_two_pieces_of_streamed_text_is_never_shown() -> None:
    stage = secretly(tells("first line\nit is hunter2-", "hunter2, and", " more\n", "last"))
    stage.play()
    assert (
        "".join(signal.text for signal in stage.watcher.of(TextDelta))
        == f"first line\nit is {MARK}, and more\nlast"
    )
    nowhere(stage)


def test_text_is_shown_while_it_is_streamed_a_line_at_a_time() -> None:
    shown: list[str] = []

    async def reply(order: TurnOrder, tell: Tell) -> Outcome:
        for text in ("one\ntw", "o", "\nthree"):
            await tell(TextDelta(id=order.id, text=text))
            shown.append("".join(signal.text for signal in stage.watcher.of(TextDelta)))
        return done("x")

    stage = one(reply)
    stage.play()
    assert shown == ["one\n", "one\n", "one\ntwo\n"]
    assert "".join(signal.text for signal in stage.watcher.of(TextDelta)) == "one\ntwo\nthree"


def test_a_private_key_streamed_line_by_line_is_never_shown() -> None:
    begin, end = "-----BEGIN RSA PRIVATE KEY-----", "-----END RSA PRIVATE KEY-----"
    stage = one(tells(f"look:\n{begin}\nMIIEow", f"IBAAKCAQEA\nAbCdEf\n{end}\nthat ", "was it\n"))
    stage.play()
    assert "".join(signal.text for signal in stage.watcher.of(TextDelta)) == f"look:\n{MARK}\nthat was it\n"
    nowhere(stage, "AbCdEf")


def test_a_private_key_whose_end_never_comes_is_never_shown() -> None:
    stage = one(tells("look:\n-----BEGIN PRIVATE KEY-----\n", "MIIEow\n", "AbCdEf\n"))
    stage.play()
    assert "".join(signal.text for signal in stage.watcher.of(TextDelta)) == f"look:\n{MARK}"


def test_a_known_secret_of_several_lines_is_never_shown() -> None:
    secret = "first-half-of-it\nsecond-half-of-it"
    stage = one(tells("so: first-half", "-of-it\nsecond-half-", "of-it.\n", "bye"))
    stage.secrets = [secret]
    stage.play()
    assert "".join(signal.text for signal in stage.watcher.of(TextDelta)) == f"so: {MARK}.\nbye"


def test_what_looked_like_the_start_of_a_secret_is_shown_once_it_turns_out_not_to_be() -> None:
    stage = one(tells("so: first-half-of-it\nsomething ", "else\n"))
    stage.secrets = ["first-half-of-it\nsecond-half-of-it"]
    stage.play()
    assert (
        "".join(signal.text for signal in stage.watcher.of(TextDelta))
        == "so: first-half-of-it\nsomething else\n"
    )


def test_a_secret_in_what_an_agent_did_is_never_recorded() -> None:
    action = Action(
        action="command_execution",
        title=f"curl -H {SECRET}",
        detail={"argv": ["curl", SECRET], SECRET: {"deep": SECRET}},
    )
    stage = secretly(tells(action))
    stage.play()
    acted = stage.facts(Acted)[0]
    assert (acted.title, acted.detail) == (f"curl -H {MARK}", {"argv": ["curl", MARK], MARK: {"deep": MARK}})
    nowhere(stage)


@pytest.mark.parametrize(
    "reply",
    [
        Failed(error=f"401 for {SECRET}", paid="no"),
        RuntimeError(f"401 for {SECRET}"),
        BUSY.model_copy(update={"error": f"429 for {SECRET}"}),
        Deferred(until=EPOCH, reason=f"429 for {SECRET}"),
    ],
)
def test_a_secret_in_an_error_is_gone_before_it_is_recorded_or_shown(
    reply: Failed | Exception | Deferred,
) -> None:
    stage = secretly(reply)
    stage.play()
    assert MARK in (stage.facts(TurnEnded)[0].error or "")
    nowhere(stage)


# What an agent did


def test_what_an_agent_does_is_recorded_as_it_happens_and_numbered() -> None:
    actions = [Action(action="command_execution", title=f"step {number}") for number in (1, 2)]
    stage = one(tells(*actions))
    stage.play()
    assert [(acted.number, acted.title, acted.id.node) for acted in stage.facts(Acted)] == [
        (1, "step 1", "a"),
        (2, "step 2", "a"),
    ]
    kinds = [fact.kind for fact in stage.journal.all_facts]
    assert kinds.index("turn-started") < kinds.index("acted") < kinds.index("turn-ended")


def test_the_rest_of_a_line_is_shown_even_when_the_turn_fails() -> None:
    async def reply(order: TurnOrder, tell: Tell) -> Outcome:
        await tell(TextDelta(id=order.id, text="half a li"))
        await asyncio.sleep(1)
        return Failed(error="cut", paid="unknown")

    stage = one(reply)
    stage.play()
    assert [signal.text for signal in stage.watcher.of(TextDelta)] == ["half a li"]
