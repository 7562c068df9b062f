"""What figures say: medians, ratios, the table, and how far the goals are."""

from __future__ import annotations

import os
import platform
import sqlite3
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import NamedTuple, TypeAlias

from benchmarks.case import Figures

PROBES = 100

Key: TypeAlias = tuple[str, str]
"""A shape and a contestant."""


class Machine(NamedTuple):
    """Where the figures were taken."""

    python: str
    sqlite: str
    cores: int
    load: float
    fsync_ms: float
    """What it costs to bring 4 KB to the disk: next to nothing where the folder is in memory."""

    def line(self) -> str:
        """One line that says it."""
        return (
            f"Python {self.python}, SQLite {self.sqlite}, {self.cores} cores, load {self.load:.1f},"
            f" fsync {self.fsync_ms:.2f} ms"
        )


def examine(folder: Path) -> Machine:
    """This machine, with its disk probed in a folder."""
    with (folder / "probe").open("wb", buffering=0) as file:
        begun = time.perf_counter()
        for _ in range(PROBES):
            file.write(bytes(4096))
            os.fsync(file.fileno())
        fsync_ms = (time.perf_counter() - begun) * 1000 / PROBES
    load = os.getloadavg()[0]
    return Machine(platform.python_version(), sqlite3.sqlite_version, os.cpu_count() or 1, load, fsync_ms)


@dataclass(frozen=True, slots=True)
class Medians:
    """A case over all rounds: medians, and the extremes of the time per turn."""

    shape: str
    contestant: str
    turns: int
    turn_ms: float
    least_ms: float
    most_ms: float
    peak_mb: float
    disk_mb: float

    def to_json(self) -> dict[str, str | int | float]:
        """This case as JSON."""
        return asdict(self)


def medians(figures: Sequence[Figures]) -> list[Medians]:
    """One entry per case, in the order in which the cases first came."""
    rounds: dict[Key, list[Figures]] = {}
    for each in figures:
        rounds.setdefault((each.shape, each.contestant), []).append(each)
    return [_medians_of(same) for same in rounds.values()]


def _medians_of(same: Sequence[Figures]) -> Medians:
    times = [each.turn_ms for each in same]
    return Medians(
        shape=same[0].shape,
        contestant=same[0].contestant,
        turns=same[0].turns,
        turn_ms=median(times),
        least_ms=min(times),
        most_ms=max(times),
        peak_mb=median(each.peak_mb for each in same),
        disk_mb=median(each.disk_mb for each in same),
    )


def table(found: Sequence[Medians]) -> str:
    """The figures as a table in Markdown; `x floor` is how many times the floor's time per turn it takes."""
    by_key = _by_key(found)
    rows = [
        "| shape | contestant | ms per turn | least–most | x floor | peak MB | disk MB |",
        "|---|---|--:|--:|--:|--:|--:|",
    ]
    for case in found:
        floor = by_key.get((case.shape, "floor"))
        cells = (
            case.shape,
            case.contestant,
            f"{case.turn_ms:.3f}",
            f"{case.least_ms:.3f}–{case.most_ms:.3f}",
            f"{case.turn_ms / floor.turn_ms:.1f}" if floor else "–",
            f"{case.peak_mb:.0f}",
            f"{case.disk_mb:.1f}",
        )
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


@dataclass(frozen=True, slots=True)
class Goal:
    """A bound and where the figures stand; `at_least` says which side of it is good."""

    what: str
    bound: float
    found: float
    unit: str
    at_least: bool = False

    @property
    def is_met(self) -> bool:
        """Whether the figures are on the good side."""
        return self.found >= self.bound if self.at_least else self.found <= self.bound

    def line(self) -> str:
        """One line that says it."""
        sign = "≥" if self.at_least else "≤"
        met = "met" if self.is_met else "MISSED"
        return f"{met:6}  {self.what} {sign} {self.bound:g} {self.unit}: {self.found:.2f}"

    def to_json(self) -> dict[str, str | float | bool]:
        """This goal as JSON."""
        return {**asdict(self), "is_met": self.is_met}


def goals(found: Sequence[Medians]) -> list[Goal]:
    """Every goal that there are figures for."""
    times = {key: case.turn_ms for key, case in _by_key(found).items()}
    ours = {shape: time_ms for (shape, contestant), time_ms in times.items() if contestant == "agentlark"}
    wanted: list[Goal] = []
    for shape, time_ms in ours.items():
        if shape.startswith("chain"):
            if floor := times.get((shape, "floor")):
                wanted.append(Goal(f"{shape}: times the floor", 2.0, time_ms / floor, "x"))
            continue
        wanted.append(Goal(f"{shape}: overhead per turn", 0.4, time_ms, "ms"))
        if peer := times.get((shape, "langgraph")):
            wanted.append(Goal(f"{shape}: leaner than LangGraph", 4.0, peer / time_ms, "x", at_least=True))
    if {"layered-1000", "layered-10000"} <= ours.keys():
        growth = ours["layered-10000"] / ours["layered-1000"]
        wanted.append(Goal("a turn of 10,000 agents to one of 1,000", 1.3, growth, "x"))
    return wanted


def _by_key(found: Sequence[Medians]) -> Mapping[Key, Medians]:
    return {(case.shape, case.contestant): case for case in found}
