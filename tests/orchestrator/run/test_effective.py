"""Every effective setting with where it came from."""

from __future__ import annotations

from typing import Any

from agentlark.model import Limits, Squad
from orchestrator.core.settings import Asked, Flags, settle
from orchestrator.run.effective import effective
from tests.doubles.squads import a_squad, an_agent
from tests.doubles.stage import CARD


def shown(squad: Squad, environ: dict[str, str] | None = None, **flags: Any) -> dict[str, tuple[object, str]]:
    given = Flags(**{"backend": "fake", **flags})
    found = effective(squad, given, settle(given, environ or {}), {"fake": CARD})
    assert len({each.name for each in found}) == len(found)
    return {each.name: (each.value, each.origin) for each in found}


def squad(**orchestration: Any) -> Squad:
    return a_squad(
        [an_agent("a"), an_agent("b", blueprint=True, model="m-9")], [an_agent("c")], **orchestration
    )


def test_what_nobody_said_is_built_in() -> None:
    found = shown(squad())
    assert found["jobs"] == (16, "built in")
    assert found["concise"] == ("off", "built in")
    assert found["g0.autonomous"] == (False, "built in")
    assert found["g0.max_waves"] == (5, "built in")
    assert found["g0.approve"] == (None, "built in")
    assert found["a.backend"] == ("fake", "--backend")
    assert found["a.model"] == ("fake-1", "the default of fake")


def test_flags_and_the_configuration_are_named_with_what_they_beat() -> None:
    asked = Asked(autonomous=True, max_waves=9, approve="wave")
    found = shown(squad(autonomous=False, approve="blueprint"), jobs=2, max_depth=3, asked=asked)
    assert found["jobs"] == (2, "--jobs")
    assert found["max-depth"] == (3, "--max-depth")
    assert found["g0.autonomous"] == (False, "the configuration, beats --autonomous")
    assert found["g0.max_waves"] == (9, "--max-waves")
    assert found["g0.approve"] == ("wave", "--approve, beats the configuration")


def test_a_relay_says_that_it_implies_autonomous_and_limits_waves() -> None:
    found = shown(squad(max_waves=8), asked=Asked(relay=True))
    assert found["g0.relay"] == (True, "--relay")
    assert found["g0.autonomous"] == (True, "relay implies it (--relay)")
    assert found["g0.max_waves"][0] == 5


def test_a_group_without_waves_has_no_settings_of_its_own() -> None:
    assert not [name for name in shown(squad()) if name.startswith("g1.")]


def test_models_come_from_the_agent_the_flag_or_the_cheap_tier() -> None:
    assert shown(squad())["b.model"] == ("m-9", "the configuration")
    assert shown(squad(), model="m-1")["b.model"] == ("m-1", "--model")
    assert shown(squad(), mini=True)["b.model"] == ("fake-0", "--mini")


def test_the_environment_is_named_where_it_decides() -> None:
    found = shown(squad(), {"ORCHESTRATED_CODEX_BACKEND": "fake"}, backend=None)
    assert found["a.backend"] == ("fake", "ORCHESTRATED_CODEX_BACKEND")


def test_caps_are_shown_where_they_are_set() -> None:
    limited = a_squad([an_agent("a", limits=Limits(max_turns=3)), an_agent("b")])
    found = shown(limited, limits=Limits(max_cost=2.5))
    assert found["limits.max_cost"] == (2.5, "the command line")
    assert found["a.limits.max_turns"] == (3, "the configuration")
    assert not [name for name in found if name.startswith("b.limits")]
