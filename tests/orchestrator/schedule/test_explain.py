"""Why a turn is not reused: its changed ingredients, causes before what follows from them."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.core.frozen import digest_of
from orchestrator.core.turn import Recollection, TurnInput
from orchestrator.schedule.explain import changes, prompt_diff, reason

ONE, TWO, THREE = (digest_of(word.encode()) for word in ("one", "two", "three"))
TURN = TurnInput(
    agent="planner",
    purpose="plan",
    backend="anthropic",
    model="m-1",
    prompt="Ship it",
    prior=ONE,
    inputs={"docs/a.md": ONE, "docs/b.md": TWO},
    memory=(Recollection(agent="researcher", type="plan", text=ONE),),
)


def why(**changed: Any) -> str:
    return reason(changes(TURN, TURN.model_copy(update=changed)))


def test_the_same_key_has_no_reason() -> None:
    assert changes(TURN, TURN) == ()
    assert why() == ""


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"prompt": "Ship the MVP"}, "its prompt changed"),
        ({"model": "m-2"}, "its model changed: m-1 → m-2"),
        ({"backend": "rehearsal"}, "its backend changed: anthropic → rehearsal"),
        ({"options": {"effort": "high"}}, "its options changed"),
        ({"output_schema": {}}, "the form of its answer changed"),
        ({"tools": ("shell",)}, "its tools changed"),
        ({"tree": ONE}, "the files it works in changed"),
        ({"prior": TWO}, "its thread so far changed"),
        ({"prior": TWO, "prompt": "x"}, "its prompt changed"),
        ({"prompt": "x", "model": "m-2"}, "its model changed: m-1 → m-2; its prompt changed"),
    ],
)
def test_what_changed_is_named(changed: dict[str, Any], said: str) -> None:
    assert why(**changed) == said


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"docs/a.md": TWO, "docs/b.md": TWO}, "docs/a.md changed"),
        ({"docs/a.md": ONE}, "docs/b.md is gone"),
        ({"docs/a.md": ONE, "docs/b.md": TWO, "docs/c.md": ONE}, "docs/c.md is new"),
        ({"docs/b.md": ONE, "docs/c.md": ONE}, "docs/a.md is gone, docs/b.md changed, docs/c.md is new"),
        ({f"{n}.md": ONE for n in range(9)}, "0.md is new, 1.md is new, 2.md is new and 8 more"),
        ({}, "docs/a.md is gone, docs/b.md is gone"),
    ],
)
def test_files_are_named_and_explain_the_prompt_that_they_stand_in(inputs: dict[str, str], said: str) -> None:
    assert why(inputs=inputs, prompt="another", prior=TWO) == said
    assert why(inputs=inputs, prompt="another", model="m-2") == f"{said}; its model changed: m-1 → m-2"


@pytest.mark.parametrize(
    ("memory", "said"),
    [
        ((), "its memory changed: a plan of researcher is gone"),
        (
            (Recollection(agent="builder", type="summary", text=TWO), *TURN.memory),
            "its memory changed: a summary of builder is new",
        ),
    ],
)
def test_artifacts_are_named_by_who_left_them(memory: tuple[Recollection, ...], said: str) -> None:
    assert why(memory=memory, prompt="another") == said


def test_memory_in_another_order_is_another_memory() -> None:
    both = (*TURN.memory, Recollection(agent="builder", type="plan", text=TWO))
    before, after = (TURN.model_copy(update={"memory": order}) for order in (both, both[::-1]))
    assert reason(changes(before, after)) == "its memory changed: in another order"


def test_a_change_keeps_what_it_was_and_is() -> None:
    (change,) = changes(TURN, TURN.model_copy(update={"model": "m-2"}))
    assert (change.field, change.before, change.after, change.parts) == ("model", "m-1", "m-2", ())


def test_a_diff_of_prompts_has_no_file_names() -> None:
    assert prompt_diff("a\nb\nc", "a\nx\nc") == ["@@ -1,3 +1,3 @@", " a", "-b", "+x", " c"]
    assert prompt_diff("same", "same") == []
