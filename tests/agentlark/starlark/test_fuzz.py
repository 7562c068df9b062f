"""Thousands of configurations that nobody wrote: each makes a squad or a diagnostic, and soon."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from types import FrameType

import pytest

from tests.fuzz.configurations import damaged, generated
from tests.fuzz.running import outcome, prepare

HERE = Path(__file__).resolve().parents[3]
SEED_FILE = HERE / "tests/cases/seed.lark"
VALID = [path.read_bytes() for path in (SEED_FILE, HERE / "examples/agents.simple.lark")]

BATCHES = range(100 if os.environ.get("AGENTLARK_SOAK") else 10)
BATCH = 1000
LIMIT_S = 5


class Hanging(BaseException):
    """A file that takes far too long; no program catches it."""


@contextmanager
def deadline(seconds: int) -> Iterator[None]:
    def ring(number: int, frame: FrameType | None) -> None:
        raise Hanging(f"more than {seconds} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return prepare(tmp_path)


@pytest.mark.parametrize("batch", BATCHES)
def test_whatever_a_file_holds_there_is_a_squad_or_a_diagnostic(file: Path, batch: int) -> None:
    squads = 0
    for number in range(batch * BATCH, (batch + 1) * BATCH):
        random = Random(number)
        data = generated(random) if number % 2 else damaged(random, [*VALID, generated(random)])
        try:
            with deadline(LIMIT_S):
                said = outcome(file, data)
        except (Exception, Hanging) as error:
            pytest.fail(f"{type(error).__name__}: {error}\nnumber {number}: {data!r}")
        if said is None:
            squads += 1
        else:
            assert "error" in said, data
    assert 0 < squads < BATCH, "both kinds of file must come up"


@pytest.mark.parametrize("whole", VALID)
def test_every_beginning_of_a_file_makes_a_squad_or_a_diagnostic(file: Path, whole: bytes) -> None:
    begun = time.monotonic()
    said = [outcome(file, whole[:end]) for end in range(len(whole) + 1)]
    assert said[-1] is None
    assert all("self.lark" in text for text in said if text is not None)
    assert time.monotonic() - begun < 60


def test_the_same_number_gives_the_same_file() -> None:
    assert [generated(Random(7)), damaged(Random(7), VALID)] == [
        generated(Random(7)),
        damaged(Random(7), VALID),
    ]
