"""The records of runs: which one is meant, and what a resumed run takes over."""

from __future__ import annotations

import pytest

from agentlark.model import Limits
from orchestrator.core.errors import UserError
from orchestrator.core.settings import Asked, Flags, Pace, settle
from orchestrator.run.records import kept_settings, with_recorded


def resumed(started: Flags, now: Flags | None = None, environ: dict[str, str] | None = None) -> Flags:
    """The flags of a run that was started with some and is resumed with others."""
    return with_recorded(now or Flags(), kept_settings(settle(started, environ or {})))


FULL = Flags(
    backend="rehearsal",
    model="m-1",
    base_url="http://localhost:1",
    jobs=3,
    fail_fast=True,
    asked=Asked(autonomous=True, parallel=True, relay=True, max_waves=2, approve="wave", review_limit=2000),
    concise="full",
    max_agents=0,
    max_depth=7,
    rehearsal_delay_s=0.5,
)


@pytest.mark.parametrize("flags", [FULL, Flags(), Flags(mini=True, concise="concise"), Flags(jobs=1)])
def test_what_a_run_was_started_with_holds_when_it_is_resumed(flags: Flags) -> None:
    first, again = settle(flags, {}), settle(resumed(flags), {})
    for name in ("model", "base_url", "backend"):
        before, now = getattr(first, name), getattr(again, name)
        assert (before and before.value) == (now and now.value)
    for name in (
        "mini",
        "jobs",
        "fail_fast",
        "asked",
        "concise",
        "max_agents",
        "max_depth",
        "rehearsal_delay_s",
    ):
        assert getattr(first, name) == getattr(again, name), name
    assert first.fallback.value == again.fallback.value


def test_the_backend_a_run_fell_back_to_stays_whatever_keys_are_set_now() -> None:
    flags = resumed(Flags())
    assert settle(flags, {"ANTHROPIC_API_KEY": "k" * 20}).fallback.value == "rehearsal"


@pytest.mark.parametrize(
    "now",
    [
        Flags(jobs=9),
        Flags(model="m-2"),
        Flags(backend="other"),
        Flags(max_agents=5),
        Flags(max_depth=1),
        Flags(concise="concise"),
        Flags(rehearsal_delay_s=2.0),
    ],
)
def test_a_flag_given_now_replaces_the_recorded_one_and_nothing_else(now: Flags) -> None:
    found = resumed(FULL, now)
    kept = resumed(FULL)
    for name in (
        "jobs",
        "model",
        "backend",
        "max_agents",
        "max_depth",
        "concise",
        "rehearsal_delay_s",
        "fail_fast",
    ):
        given = getattr(now, name)
        default = getattr(Flags(), name)
        assert getattr(found, name) == (getattr(kept, name) if given == default else given), name


def test_what_is_asked_of_groups_is_replaced_field_by_field() -> None:
    found = resumed(FULL, Flags(asked=Asked(max_waves=4, approve="blueprint"))).asked
    assert (found.max_waves, found.approve, found.relay, found.review_limit) == (4, "blueprint", True, 2000)


def test_the_cheap_model_and_a_named_one_replace_each_other() -> None:
    assert resumed(Flags(mini=True), Flags(model="m-2")).mini is False
    flags = resumed(Flags(model="m-1"), Flags(mini=True))
    assert (flags.mini, flags.model) == (True, None)
    settle(flags, {})


def test_no_credential_is_kept() -> None:
    kept = kept_settings(settle(Flags(), {"ANTHROPIC_API_KEY": "sk-very-secret-1"}))
    assert "sk-very-secret-1" not in "".join(kept.values())


def test_contradictions_are_refused_also_on_resume() -> None:
    with pytest.raises(UserError, match="contradict"):
        settle(Flags(mini=True, model="m"), {})


def test_caps_that_are_given_replace_the_recorded_ones_one_by_one() -> None:
    before = Flags(limits=Limits(max_cost=2, max_turns=5, deadline_s=60))
    assert resumed(before).limits == before.limits
    again = resumed(before, Flags(limits=Limits(max_turns=9, max_tokens=100)))
    assert again.limits == Limits(max_cost=2, max_turns=9, max_tokens=100, deadline_s=60)
    assert resumed(Flags(), Flags(limits=Limits(max_turns=0))).limits == Limits(max_turns=0)


def test_a_pace_is_taken_over_unless_another_is_given() -> None:
    started = Flags(pace=Pace(50, 30_000))
    assert resumed(started).pace == Pace(50, 30_000)
    assert resumed(started, Flags(pace=Pace(requests=5))).pace == Pace(5, 30_000)
    assert resumed(Flags()).pace == Pace()
