"""Prompt templates: the shipped ones are right, values stay values, and nothing reaches Python."""

from __future__ import annotations

import pytest

from agentlark.prompts import (
    VARIABLES,
    TemplateFailed,
    Turn,
    default_prompt,
    inspect_template,
    render,
    render_frame,
)
from agentlark.resources import shipped_folder

ROLES = sorted(path.name for path in (shipped_folder() / "templates" / "prompts" / "roles").iterdir())

VALUES: dict[str, object] = {
    "task": "Ship the MVP",
    "agent": {"id": "a", "role": "A"},
    "group": {"id": "g"},
    "outputs": {"planner": "the plan", "b-2": "more"},
    "plan": "my outline",
}


@pytest.mark.parametrize("turn", ["plan", "follow-up"])
@pytest.mark.parametrize("role", ROLES)
def test_a_shipped_prompt_uses_only_what_its_turn_knows(role: str, turn: Turn) -> None:
    text = default_prompt(role, turn)
    assert inspect_template(text, turn, frozenset()) == ()
    assert render(text, {name: VALUES[name] for name in VARIABLES[turn]}).strip()


@pytest.mark.parametrize("role", ROLES)
def test_a_shipped_plan_prompt_gives_the_task_and_every_output(role: str) -> None:
    text = render(default_prompt(role, "plan"), VALUES)
    for part in ("Ship the MVP", "# Output of planner\nthe plan", "# Output of b-2\nmore"):
        assert part in text


def test_a_role_without_prompts_of_its_own_shares_the_default_ones() -> None:
    for role in ("Chief of Staff", "", "…"):
        assert default_prompt(role, "plan") == default_prompt("default", "plan")
    assert default_prompt(" PLANNER ", "plan") == default_prompt("Planner", "plan")


@pytest.mark.parametrize(
    "evil", ["{{ 7 * 7 }}", "{% for x in y %}", "{# gone #}", "{{ task }}", "\\{{", "{% raw %}"]
)
def test_values_are_never_template_source(evil: str) -> None:
    values = {**VALUES, "task": evil, "outputs": {"planner": evil}, "brief": evil, "summary": evil}
    values |= {"carries_out": [evil], "logs": [evil]}
    assert render("{{ task }}|{{ outputs['planner'] }}", values) == f"{evil}|{evil}"
    assert evil in render_frame("specialist-plan", values)


@pytest.mark.parametrize(
    "attack",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ agent.__init__.__globals__ }}",
        "{{ task|attr('__class__') }}",
        "{{ outputs.__class__ }}",
        "{{ '{0.__class__}'.format(task) }}",
        "{% set x = outputs.update({'a': 'b'}) %}",
        "{{ cycler }}",
        "{{ self._TemplateReference__context }}",
        "{% include 'x' %}",
        "{% import 'os' as os %}",
    ],
)
def test_the_sandbox_holds(attack: str) -> None:
    try:
        text = render(attack, VALUES)
    except TemplateFailed:
        return
    assert text in ("", "Ship the MVP"), text


@pytest.mark.parametrize(
    "bomb",
    [
        "{{ 'x' * 1000000000 }}",
        "{{ task * 100000000 }}",
        "{{ 9 ** 9 ** 9 }}",
        "{{ '%1000000000d' % 1 }}",
        "{{ task.ljust(1000000000) }}",
        "{{ task.center(1000000000) }}",
        "{{ '{:1000000000}'.format(1) }}",
        "{{ task|center(1000000000) }}",
        "{{ '%1000000000d'|format(1) }}",
        "{% for a in long %}{% for b in long %}{{ long }}{% endfor %}{% endfor %}",
    ],
)
def test_a_template_cannot_make_a_large_text_out_of_a_small_one(bomb: str) -> None:
    with pytest.raises(TemplateFailed):
        render(bomb, {**VALUES, "long": "x" * 10_000})
    inspect_template(bomb, "plan", frozenset())


def test_numbers_can_be_counted_with() -> None:
    assert render("{{ 2 * 3 + 7 % 4 }}", VALUES) == "9"


def test_a_text_without_marks_is_taken_as_it_is() -> None:
    assert render("100 % {sure}\n", {}) == "100 % {sure}\n"


def test_what_a_template_asks_for_and_does_not_get_is_said() -> None:
    with pytest.raises(TemplateFailed, match="missing"):
        render("{{ missing }}", VALUES)


def test_complaints_come_in_line_order_with_the_nearest_name() -> None:
    text = "{{ task }}\n{{ tsk }}\n{{ outputs['planer'] }}{{ outputs.planner }}\n{{ group.name }}"
    complaints = inspect_template(text, "plan", frozenset({"planner"}))
    assert [complaint.line for complaint in complaints] == [2, 3, 4]
    assert complaints[0].help is not None and "did you mean 'task'?" in complaints[0].help
    assert complaints[1].help == "did you mean 'planner'?"


def test_a_role_of_any_length_has_a_prompt() -> None:
    assert default_prompt("x" * 5000, "plan") == default_prompt("nobody knows me", "plan")
