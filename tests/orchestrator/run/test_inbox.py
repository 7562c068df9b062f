"""The inbox of a run in this process."""

from __future__ import annotations

import asyncio

from orchestrator.core.commands import Interrupt, StopNow
from orchestrator.run.inbox import QueueInbox
from tests.doubles.virtual_time import run_virtual


def test_commands_come_out_in_the_order_in_which_they_were_sent() -> None:
    async def read() -> list[object]:
        inbox = QueueInbox()
        inbox.send(Interrupt())
        inbox.send(StopNow())
        return [await inbox.next(), await inbox.next()]

    assert run_virtual(read()) == [Interrupt(), StopNow()]


def test_the_next_command_is_waited_for() -> None:
    async def read() -> tuple[object, float]:
        inbox = QueueInbox()
        asyncio.get_running_loop().call_later(7, inbox.send, Interrupt())
        return await inbox.next(), asyncio.get_running_loop().time()

    assert run_virtual(read()) == (Interrupt(), 7)
