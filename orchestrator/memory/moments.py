"""Points in time as people write them."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from orchestrator.core.errors import UserError

_AGO = re.compile(r"(\d{1,6})\s*([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def moment_of(text: str, option: str, now: datetime) -> datetime:
    """The moment a text means: a date or a time in ISO 8601 (local unless it says), or an age such as `3d`.

    Raises UserError, naming the option it was given for, for anything else.
    """
    ago = _AGO.fullmatch(text.strip())
    try:
        if ago:
            return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        return datetime.fromisoformat(text.strip()).astimezone()
    except (ValueError, OverflowError):
        raise UserError(
            f"{option} {text}: that is neither a date nor an age",
            "write 2026-03-01, 2026-03-01T12:30, or an age: 90m, 12h, 3d, 2w",
        ) from None
