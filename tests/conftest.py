"""What holds for all tests."""

from __future__ import annotations

import signal
from collections.abc import Sequence

import pytest

RERUNS = 2


def pytest_configure() -> None:
    """Let Ctrl+C and a lost terminal reach the programs that tests start.

    A shell starts what it puts into the background with SIGINT ignored, nohup does so with SIGHUP; both are
    inherited.
    """
    for number, usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, usual)


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """Try again, and report it, where a real multiplexer plays a part: a pressed one loses things."""
    for item in items:
        if item.get_closest_marker("terminal"):
            item.add_marker(pytest.mark.flaky(reruns=RERUNS))
