"""Choices that look free and are not: a stream of numbers that only a turn key decides."""

from __future__ import annotations

import math
from collections.abc import Sequence
from hashlib import sha256
from statistics import NormalDist
from typing import TypeVar

T = TypeVar("T")


class Draw:
    """Numbers drawn from a key: the same key and label give the same ones in the same order.

    Labels keep draws apart, so that drawing more for one purpose moves nothing drawn for another.
    """

    def __init__(self, key: str, label: str) -> None:
        self._seed = f"{key}/{label}/".encode()
        self._count = 0

    def number(self, below: int) -> int:
        """The next number from 0 up to, not including, `below`."""
        digest = sha256(self._seed + str(self._count).encode()).digest()
        self._count += 1
        return int.from_bytes(digest[:8], "big") % below

    def pick(self, options: Sequence[T]) -> T:
        """The next choice among options, of which there must be one."""
        return options[self.number(len(options))]

    def sample(self, options: Sequence[T], count: int) -> list[T]:
        """Up to `count` different options, in their given order."""
        left = list(range(len(options)))
        while len(left) > count:
            del left[self.number(len(left))]
        return [options[index] for index in left]

    def stretch(self, spread: float) -> float:
        """A log-normal factor with median 1; `spread` is the standard deviation of its logarithm."""
        share = (self.number(1_000_000) + 0.5) / 1_000_000
        return math.exp(spread * NormalDist().inv_cdf(share))
