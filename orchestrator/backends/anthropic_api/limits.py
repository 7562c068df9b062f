"""What the Messages API says of its limits: by the minute in every reply, of quotas when one is used up.

Source: the API's pages on rate limits and errors, and replies to accounts of both kinds. Accounts with a
subscription get `anthropic-ratelimit-unified-*`: one status for each window of hours or days, and when it
ends.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from orchestrator.backends.limits.comeback import Comeback, reset, retry_after, until
from orchestrator.backends.limits.rate import Allowance, Kind
from orchestrator.core.turn import Limit

_PREFIX = "anthropic-ratelimit-"
_KINDS: tuple[Kind, ...] = ("requests", "input tokens", "output tokens", "tokens")
_UNIFIED_STATUS = re.compile(rf"{_PREFIX}unified(-[a-z0-9_]+)?-status")
_REGAINED = re.compile(r"regain access on (\d{4}-\d\d-\d\d)(?: at (\d\d:\d\d))?", re.ASCII)
"""How the API ends its refusal, a status 400, once an account has spent what it is allowed to in a month."""


def allowances(headers: Mapping[str, str]) -> tuple[Allowance, ...]:
    """What a minute holds and what is left of it, as far as a reply says so in whole numbers."""
    found: list[Allowance] = []
    for kind in _KINDS:
        name = _PREFIX + kind.replace(" ", "-")
        most, left = _count(headers.get(f"{name}-limit")), _count(headers.get(f"{name}-remaining"))
        if most and left is not None:
            found.append(Allowance(kind, most, left))
    return tuple(found)


def limit_of(
    status: int, headers: Mapping[str, str], words: str, now: datetime
) -> tuple[Limit | None, Comeback]:
    """Which limit a refusal stands for, None for no limit, and when to come back."""
    if status == 400 and (regained := _REGAINED.search(words)):
        day, time = regained.groups()
        return "quota", until(f"{day}T{time or '00:00'}:00Z", headers, now, "the day to regain access")
    if status not in (429, 503, 529):
        return None, retry_after(headers, now)
    asked = retry_after(headers, now)
    if status != 429:
        return "overload", asked
    ends = [reset(name.replace("-status", "-reset"), headers, now) for name in _rejecting(headers)]
    if ends:
        return "quota", max([*ends, asked], key=lambda end: -1.0 if end.seconds is None else end.seconds)
    return "rate", asked if asked.seconds is not None or asked.note else _refill(headers, now)


def _rejecting(headers: Mapping[str, str]) -> list[str]:
    """The status headers of the windows that are used up."""
    return [name for name in headers if _UNIFIED_STATUS.fullmatch(name) and headers[name] == "rejected"]


def _refill(headers: Mapping[str, str], now: datetime) -> Comeback:
    """When the last of what is used up for this minute has been refilled."""
    names = [
        _PREFIX + allowance.kind.replace(" ", "-")
        for allowance in allowances(headers)
        if not allowance.remaining
    ]
    ends = [reset(f"{name}-reset", headers, now) for name in names]
    return max(ends, key=lambda end: -1.0 if end.seconds is None else end.seconds, default=Comeback())


def _count(text: str | None) -> int | None:
    return int(text) if text and re.fullmatch(r"\d{1,12}", text, re.ASCII) else None
