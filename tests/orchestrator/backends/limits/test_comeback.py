"""When servers say to come back, sensibly and otherwise."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.backends.limits.comeback import LONGEST_QUOTA_S, LONGEST_RETRY_S, reset, retry_after

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("stated", "seconds"),
    [
        ("7", 7.0),
        (" 0.5 ", 0.5),
        ("0", 0.0),
        ("1e2", 100.0),
        ("Sun, 01 Mar 2026 12:00:30 GMT", 30.0),
        ("Sunday, 01-Mar-26 12:01:00 GMT", 60.0),
        ("2026-03-01T12:00:05Z", 5.0),
        ("2026-03-01T13:00:05+01:00", 5.0),
    ],
)
def test_seconds_and_dates_are_understood(stated: str, seconds: float) -> None:
    assert retry_after({"retry-after": stated}, NOW) == (seconds, "")


@pytest.mark.parametrize(
    ("stated", "note"),
    [
        ("-3", "in the past"),
        ("Sun, 01 Mar 2026 11:59:00 GMT", "in the past"),
        ("nan", "no time"),
        ("soon", "no time"),
        ("Sun, 99 Mar 2026 11:59:00 GMT", "no time"),
        ("0x10", "no time"),
        ("٧", "no time"),
    ],
)
def test_what_is_no_time_to_come_is_not_believed_and_said(stated: str, note: str) -> None:
    found = retry_after({"retry-after": stated}, NOW)
    assert found.seconds is None
    assert note in found.note and stated in found.note


@pytest.mark.parametrize("stated", ["31536000", "1e400", "9" * 300, "Mon, 01 Mar 2027 12:00:00 GMT"])
def test_a_year_ahead_is_a_day_and_said(stated: str) -> None:
    found = retry_after({"retry-after": stated}, NOW)
    assert found.seconds == LONGEST_RETRY_S
    assert "too far ahead" in found.note
    assert len(found.note) < 150


def test_milliseconds_are_preferred() -> None:
    assert retry_after({"retry-after-ms": "250", "retry-after": "9"}, NOW).seconds == 0.25


def test_the_servers_own_clock_is_what_its_dates_are_compared_with() -> None:
    headers = {"retry-after": "Thu, 01 Jan 2026 00:00:20 GMT", "date": "Thu, 01 Jan 2026 00:00:00 GMT"}
    assert retry_after(headers, NOW).seconds == 20


@pytest.mark.parametrize("stated", ["2026-03-01T17:00:00Z", str(int(NOW.timestamp()) + 5 * 3600)])
def test_the_reset_of_a_quota_is_a_time_or_seconds_since_1970(stated: str) -> None:
    assert reset("x-reset", {"x-reset": stated}, NOW).seconds == 5 * 3600


def test_a_quota_may_last_a_month_and_no_longer() -> None:
    assert reset("x", {"x": "2026-03-31T12:00:00Z"}, NOW).seconds == 30 * 86_400
    assert reset("x", {"x": "2027-03-01T12:00:00Z"}, NOW).seconds == LONGEST_QUOTA_S
    assert reset("x", {}, NOW) == (None, "")


@given(st.text(), st.text())
def test_nothing_that_a_server_says_is_beyond_bounds(stated: str, date: str) -> None:
    found = retry_after({"retry-after": stated, "date": date}, NOW)
    assert found.seconds is None or 0 <= found.seconds <= LONGEST_RETRY_S
