"""Short ways to run a program in a test."""

from __future__ import annotations

from typing import Any

import pytest

from agentlark import starlark
from agentlark.diagnostics import Diagnostic, Span


def value_of(expression: str, **options: Any) -> Any:
    """The plain form of what an expression evaluates to."""
    return starlark.to_python(run(f"result = {expression}", **options)["result"])


def run(text: str, **options: Any) -> starlark.Module:
    """The module a text defines."""
    return starlark.execute(text, filename=options.pop("filename", "test.lark"), **options)


def failures(text: str, **options: Any) -> tuple[Diagnostic, ...]:
    """The diagnostics of a text that cannot be run."""
    with pytest.raises(starlark.StarlarkError) as caught:
        run(text, **options)
    return caught.value.diagnostics


def failure(text: str, **options: Any) -> Diagnostic:
    """The one diagnostic of a text that cannot be run."""
    (only,) = failures(text, **options)
    return only


def shown(span: object) -> str:
    """The characters a span covers."""
    assert isinstance(span, Span)
    return span.source.text[span.start : span.end]
