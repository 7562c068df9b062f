"""Dates, times and ages mean what people mean by them."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from orchestrator.core.errors import UserError
from orchestrator.memory.moments import moment_of
from tests.orchestrator.memory.conftest import BEGUN


@pytest.mark.parametrize(
    ("text", "ago"),
    [("90m", timedelta(minutes=90)), ("12h", timedelta(hours=12)), (" 2w", timedelta(weeks=2))],
)
def test_an_age_is_counted_back_from_now(text: str, ago: timedelta) -> None:
    assert moment_of(text, "--since", BEGUN) == BEGUN - ago


def test_a_date_is_local_unless_it_says() -> None:
    assert moment_of("2026-03-01", "--since", BEGUN) == datetime(2026, 3, 1).astimezone()
    assert moment_of("2026-03-01T12:00Z", "--since", BEGUN) == BEGUN


@pytest.mark.parametrize("text", ["", "soon", "3y", "-1d", "2026-02-30", "999999w"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="--until"):
        moment_of(text, "--until", BEGUN)
