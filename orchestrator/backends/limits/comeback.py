"""When a server says to come back: its headers read, bounded, and what is odd about them put in words.

Sources: RFC 9110, 10.2.3 (`retry-after`: seconds or a date) and 5.6.7 (dates); RFC 3339 and seconds since
1970 for times of resets.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import NamedTuple

LONGEST_RETRY_S = 86_400.0
LONGEST_QUOTA_S = 32 * 86_400.0
"""A day for a busy server, a month and a day for a quota. Whoever says more is asked again then."""

_LONGEST_SHOWN = 40


class Comeback(NamedTuple):
    """Seconds from now until a server wants to be asked again; None when it did not say, or nothing usable.

    `note` says what is odd about what it said; empty when nothing is.
    """

    seconds: float | None = None
    note: str = ""


def retry_after(headers: Mapping[str, str], now: datetime) -> Comeback:
    """What `retry-after-ms` or `retry-after` asks for, at most a day; `headers` have lower-case names."""
    if text := headers.get("retry-after-ms"):
        return _bounded(_number(text, 0.001), "retry-after-ms", text, LONGEST_RETRY_S)
    if text := headers.get("retry-after"):
        number = _number(text)
        seconds = number if number is not None else seconds_until(text, headers, now)
        return _bounded(seconds, "retry-after", text, LONGEST_RETRY_S)
    return Comeback()


def reset(name: str, headers: Mapping[str, str], now: datetime) -> Comeback:
    """The seconds until the time in the header of this name, at most `LONGEST_QUOTA_S`."""
    text = headers.get(name)
    return Comeback() if not text else until(text, headers, now, name)


def until(text: str, headers: Mapping[str, str], now: datetime, name: str) -> Comeback:
    """The seconds until a time that a server states as the end of a quota; `name` is what it calls it."""
    return _bounded(seconds_until(text, headers, now), name, text, LONGEST_QUOTA_S)


def seconds_until(text: str, headers: Mapping[str, str], now: datetime) -> float | None:
    """The seconds from now until a stated time; None for what is no time.

    The server's own `date` is taken for now where it says it, so that clocks may differ.
    """
    at = _time(text)
    if at is None:
        return None
    return (at - (_time(headers.get("date", "")) or now)).total_seconds()


def _bounded(seconds: float | None, name: str, text: str, longest_s: float) -> Comeback:
    shown = text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "…"
    if seconds is None:
        return Comeback(None, f"{name} is no time: {shown!r}")
    if seconds < 0:
        return Comeback(None, f"{name} is in the past: {shown!r}")
    if seconds > longest_s:
        return Comeback(
            longest_s, f"{name} is too far ahead: {shown!r}; asked again after {longest_s / 86_400:g} d"
        )
    return Comeback(seconds)


def _number(text: str, unit: float = 1.0) -> float | None:
    """A number of seconds; infinite where it is too large to be one, None where it is none."""
    if not re.fullmatch(r"\s*[+-]?\d{1,400}(\.\d{0,400})?([eE][+-]?\d{1,4})?\s*", text, re.ASCII):
        return None
    seconds = float(text) * unit
    return None if math.isnan(seconds) else seconds


def _time(text: str) -> datetime | None:
    """A time as HTTP, RFC 3339 or seconds since 1970 have it; None for anything else."""
    text = text.strip()
    try:
        if re.fullmatch(r"\d{9,11}(\.\d{1,9})?", text, re.ASCII):
            return datetime.fromtimestamp(float(text), UTC)
        at = datetime.fromisoformat(text) if text[:1].isdigit() else parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError, OSError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
