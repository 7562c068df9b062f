"""A child in a terminal nobody sees believes in it, hears keys, and ends with the block."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator.process import Child, Terminal, in_terminal


def python(program: str, folder: Path, max_output_bytes: int = 65_536) -> Child:
    return Child(
        argv=[sys.executable, "-u", "-c", program],
        cwd=folder,
        deadline_s=30,
        environ=dict(os.environ),
        max_output_bytes=max_output_bytes,
    )


async def until(holds: Callable[[], bool], patience_s: float = 30.0) -> None:
    async with asyncio.timeout(patience_s):
        while not holds():  # noqa: ASYNC110  # what a child draws sets no event
            await asyncio.sleep(0.02)


def test_it_has_the_size_it_was_given(tmp_path: Path) -> None:
    async def look() -> bytes:
        program = "import os; print(os.isatty(0), *os.get_terminal_size(), '.'); input()"
        async with in_terminal(python(program, tmp_path), rows=7, columns=33) as terminal:
            await until(lambda: b"." in terminal.drawn)
            return terminal.drawn

    assert asyncio.run(look()).split() == [b"True", b"33", b"7", b"."]


def test_it_hears_keys_and_learns_of_a_new_size(tmp_path: Path) -> None:
    async def talk() -> bytes:
        program = "import os\nwhile True: print('[' + input() + ']', os.get_terminal_size().lines)"
        async with in_terminal(python(program, tmp_path)) as terminal:
            terminal.resize(9, 40)
            terminal.press(b"hello\n")
            await until(lambda: b"[hello] 9" in terminal.drawn)
            return terminal.drawn

    assert asyncio.run(talk())


def test_only_the_end_of_what_it_draws_is_kept(tmp_path: Path) -> None:
    async def look() -> bytes:
        program = "print('x' * 100_000 + 'end')"
        async with in_terminal(python(program, tmp_path, max_output_bytes=1000)) as terminal:
            await until(lambda: b"end" in terminal.drawn)
            await until(lambda: not terminal.is_running)
            return terminal.drawn

    drawn = asyncio.run(look())
    assert len(drawn) <= 1000
    assert drawn.endswith(b"end\r\n")


def test_it_ends_with_the_block_even_if_that_fails(tmp_path: Path) -> None:
    seen: list[Terminal] = []

    async def leave() -> None:
        async with in_terminal(python("import time; time.sleep(60)", tmp_path)) as terminal:
            seen.append(terminal)
            raise RuntimeError

    descriptors_of_ours = Path("/dev/fd")
    before, descriptors = time.monotonic(), len(os.listdir(descriptors_of_ours))
    with pytest.raises(RuntimeError):
        asyncio.run(leave())
    assert not seen[0].is_running
    assert time.monotonic() - before < 20
    assert len(os.listdir(descriptors_of_ours)) == descriptors


def test_a_program_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    async def start() -> None:
        async with in_terminal(Child(["no-such-program-here"], tmp_path, 1, {})):
            pytest.fail("it cannot have started")

    with pytest.raises(FileNotFoundError):
        asyncio.run(start())
