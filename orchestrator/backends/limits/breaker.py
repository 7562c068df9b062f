"""The breaker: after a refusal nothing is sent; then one probe; then, little by little, everything again.

    closed ──refused──▶ open ──time is over──▶ one probe ──refused──▶ open, for longer
       ▲                                           │
       │                                         taken
       └──── no bound in sight ◀── reopening: each turn that is taken makes room for two more

It knows no clock: every question and every report carries the seconds of one that never goes back. Turns
carry the number of the epoch that they were sent in, which ends with each refusal; what comes of a turn of
an earlier one says nothing about now, except that a refusal may ask for a longer time. So a hundred turns
in flight that are refused together count once.
"""

from __future__ import annotations

import math

FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 60.0
"""Where a server does not say when to come back: 1, 2, 4, … seconds, at most a minute."""

MOST_JITTER_S = 5.0
"""What is added to a time that a server named: a tenth of it, at most this."""

HEALED = 8
"""After so many turns that were taken, the next refusal is the first again."""

WIDE = 1024
"""So many turns under way that nobody has taken yet are as good as no bound."""


class Breaker:
    """Says whether a turn may be sent. Every time is in seconds of a clock that never goes back."""

    def __init__(self) -> None:
        self.epoch = 0
        self.probes = 0
        """How many turns were sent while it was open."""
        self._open_until: float | None = None
        self._window: int | None = None
        """How many turns may be under way that nobody has taken yet; None: any number."""
        self._untaken = 0
        self._strikes = 0
        """Refusals in a row, each answer to a probe or in a reopening."""

    @property
    def open_until(self) -> float | None:
        """When the next probe may be sent; None while it is not open."""
        return self._open_until

    @property
    def is_probing(self) -> bool:
        """Whether a probe is under way."""
        return self._open_until is not None and self._untaken > 0

    def opening(self, now: float) -> float:
        """When a turn may be sent: `now`, a later time, or infinity when that depends on those under way."""
        if self._open_until is not None:
            return math.inf if self._untaken else max(now, self._open_until)
        return math.inf if self._window is not None and self._untaken >= self._window else now

    def send(self, now: float) -> int:
        """Count a turn that is being sent; gives its epoch."""
        assert self.opening(now) <= now, "it may not be sent"
        self.probes += self._open_until is not None
        self._untaken += 1
        return self.epoch

    def take(self, epoch: int) -> None:
        """Count a turn that the provider has taken up."""
        if epoch != self.epoch:
            return
        self._untaken -= 1
        if self._open_until is not None:
            self._open_until, self._window = None, 2
        elif self._window is not None:
            self._window += 1
            self._strikes = 0 if self._window > HEALED else self._strikes
            self._window = None if self._window > WIDE else self._window

    def drop(self, epoch: int) -> None:
        """Count a turn that came to nothing which says anything about limits."""
        if epoch == self.epoch:
            self._untaken -= 1

    def refuse(self, epoch: int, now: float, asked_s: float | None, spread: float) -> None:
        """Open for the seconds that were asked for, else for longer than last time.

        `spread`, from 0 to 1, is what sets this one apart from others who were refused at the same time.
        """
        if epoch != self.epoch:
            if asked_s is not None and self._open_until is not None:
                self._open_until = max(self._open_until, now + asked_s)
            return
        self.epoch += 1
        self._untaken = 0
        self._open_until = now + wait_s(self._strikes, asked_s, spread)
        self._strikes += 1

    def hasten(self, now: float) -> None:
        """Let the next probe be sent now."""
        if self._open_until is not None:
            self._open_until = min(self._open_until, now)


def wait_s(strikes: int, asked_s: float | None, spread: float) -> float:
    """The seconds to wait after a refusal that follows so many others; never less than was asked for."""
    if asked_s is not None and asked_s >= FIRST_WAIT_S:
        return asked_s + min(asked_s / 10, MOST_JITTER_S) * spread
    grown = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(strikes, 10))
    return max(grown * (0.75 + spread / 4), asked_s or 0.0)
