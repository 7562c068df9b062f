"""Who answers whom: flag and environment beat an agent's own fields, and what is lacking is an error."""

from __future__ import annotations

from dataclasses import replace

import pytest

from orchestrator.core.errors import UserError
from orchestrator.core.settings import DEFAULT_MAX_TOKENS, DEFAULT_RETRIES, DEFAULT_TIMEOUT_S, Flags, settle
from orchestrator.run.assignment import assign, backend_choice, backends_of
from tests.doubles.squads import a_squad, an_agent
from tests.doubles.stage import CARD

PLAIN = replace(CARD, name="plain", default_model="plain-1", offers_tools=False)
CARDS = {"fake": CARD, "plain": PLAIN}


def test_an_agent_that_names_nothing_takes_the_defaults() -> None:
    given = assign(an_agent("a"), settle(Flags(fallback="plain"), {}), CARDS)
    assert (given.card, given.model, given.effort, given.tools) == (PLAIN, "plain-1", None, ())
    assert (given.max_tokens, given.timeout_s, given.retries) == (
        DEFAULT_MAX_TOKENS,
        DEFAULT_TIMEOUT_S,
        DEFAULT_RETRIES,
    )


def test_an_agents_own_fields_are_taken() -> None:
    ceilings = {"max_output_tokens": 1, "timeout_s": 2, "retries": 0}
    agent = an_agent("a", backend="fake", model="m", effort="max", tools=("t",), **ceilings)
    given = assign(agent, settle(Flags(fallback="plain"), {}), CARDS)
    assert (given.card, given.model, given.effort, given.tools) == (CARD, "m", "max", ("t",))
    assert (given.max_tokens, given.timeout_s, given.retries) == (1, 2, 0)


def test_a_flag_beats_the_backend_and_the_model_of_an_agent() -> None:
    agent = an_agent("a", backend="plain", model="m")
    given = assign(agent, settle(Flags(backend="fake", model="n"), {}), CARDS)
    assert (given.card, given.model) == (CARD, "n")


def test_the_environment_beats_the_backend_of_an_agent() -> None:
    settings = settle(Flags(), {"ORCHESTRATED_CODEX_BACKEND": "fake"})
    choice = backend_choice(an_agent("a", backend="plain"), settings)
    assert (choice.value, choice.origin) == ("fake", "ORCHESTRATED_CODEX_BACKEND")


def test_a_model_named_for_one_backend_is_not_asked_of_another() -> None:
    agent = an_agent("a", backend="plain", model="plain-only")
    assert assign(agent, settle(Flags(backend="fake"), {}), CARDS).model == "fake-1"


def test_a_model_named_without_a_backend_goes_to_whichever_answers() -> None:
    assert assign(an_agent("a", model="m"), settle(Flags(backend="fake"), {}), CARDS).model == "m"


@pytest.mark.parametrize(
    ("asked", "remedy"), [("fak", "did you mean 'fake'?"), ("zzz", "there is fake, plain")]
)
def test_a_backend_that_does_not_exist_is_an_error_that_says_who_asked(asked: str, remedy: str) -> None:
    with pytest.raises(UserError, match=rf"no backend '{asked}' \(from --backend\)") as raised:
        assign(an_agent("a"), settle(Flags(backend=asked), {}), CARDS)
    assert raised.value.remedy == remedy


def test_tools_on_a_backend_without_tools_are_an_error_that_names_both() -> None:
    with pytest.raises(UserError, match=r"a is to use tools \(shell, web\), and the backend plain has none"):
        assign(an_agent("a", tools=("shell", "web")), settle(Flags(backend="plain"), {}), CARDS)


def test_the_backends_a_squad_needs_are_listed_with_who_first_chose_each() -> None:
    squad = a_squad([an_agent("a"), an_agent("b", backend="plain")], [an_agent("c", backend="plain")])
    needed = backends_of(squad, settle(Flags(fallback="fake"), {}))
    assert {name: choice.origin for name, choice in needed.items()} == {
        "fake": "the run's record",
        "plain": "backend = 'plain' of b",
    }
