"""Programs and layouts made up by chance: formatted they are the same program, and stay as they are."""

from __future__ import annotations

import os
from random import Random

import pytest

from agentlark import starlark
from agentlark.fmt import format_text
from agentlark.fmt.meaning import difference
from agentlark.starlark import StarlarkError
from agentlark.starlark.syntax import tree
from tests.fuzz.configurations import Grammar
from tests.fuzz.layouts import strewn

ROUNDS = 40 if os.environ.get("AGENTLARK_SOAK") else 4


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_any_program_in_any_layout_is_formatted_once_and_for_all(seed: int) -> None:
    random = Random(seed)
    parsed = 0
    for _ in range(100):
        text = strewn(random, Grammar(random).file())
        try:
            before = starlark.parse(text, filename="x.lark")
        except StarlarkError:
            with pytest.raises(StarlarkError):
                format_text(text, filename="x.lark")
            continue
        parsed += 1
        after = format_text(text, filename="x.lark")
        file = starlark.parse(after, filename="x.lark")
        assert difference(before, file) is None
        assert _comments(file) == _comments(before)
        assert format_text(after, filename="x.lark") == after
        assert not any(line != line.rstrip() for line in after.split("\n") if '"""' not in after)
    assert parsed > 30


def _comments(file: tree.File) -> list[str]:
    return sorted(file.source.text[each.start : each.end].strip() for each in starlark.comments(file.source))
