"""A streamed child is heard while it runs, ends within its bounds, and leaves nobody behind."""

from __future__ import annotations

import asyncio
import math
import os
import sys
import time
from pathlib import Path

import pytest

from orchestrator.process import Child, Ended, stream

linux_only = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc (Linux)")


def python(program: str, folder: Path, deadline_s: float = 30.0, max_output_bytes: int = 65_536) -> Child:
    return Child(
        argv=[sys.executable, "-u", "-c", program],
        cwd=folder,
        deadline_s=deadline_s,
        environ=dict(os.environ),
        max_output_bytes=max_output_bytes,
    )


async def heard(child: Child) -> tuple[list[bytes], Ended]:
    async with stream(child) as running:
        lines = [line async for line in running.lines()]
        return lines, await running.ended()


def test_lines_come_until_it_ends(tmp_path: Path) -> None:
    program = "import sys; print('one\\n\\nthree'); print('oops', file=sys.stderr); sys.exit(7)"
    lines, ended = asyncio.run(heard(python(program, tmp_path)))
    assert lines == [b"one", b"", b"three"]
    assert ended == Ended("exited", 7, b"", b"oops\n")


def test_a_line_is_heard_while_it_runs_and_answers_what_it_is_told(tmp_path: Path) -> None:
    async def talk() -> list[bytes]:
        program = "import sys\nfor line in sys.stdin: print(line.strip().upper())"
        async with stream(python(program, tmp_path, deadline_s=math.inf)) as running:
            lines = running.lines()
            answers = []
            for word in (b"first\n", b"second\n"):
                await running.say(word)
                answers.append(await anext(lines))
            return answers

    assert asyncio.run(talk()) == [b"FIRST", b"SECOND"]


def test_its_deadline_holds_for_its_whole_life(tmp_path: Path) -> None:
    program = "import time\nwhile True: print('on'); time.sleep(0.05)"
    before = time.monotonic()
    lines, ended = asyncio.run(heard(python(program, tmp_path, deadline_s=1.5)))
    assert ended.how == "deadline"
    assert set(lines) <= {b"on"}
    assert time.monotonic() - before < 20


def test_a_line_that_is_too_long_ends_it(tmp_path: Path) -> None:
    program = "print('short'); print('x' * 100_000); import time; time.sleep(60)"
    lines, ended = asyncio.run(heard(python(program, tmp_path, max_output_bytes=1000)))
    assert lines == [b"short"]
    assert ended.how == "output"


def test_a_talkative_stderr_does_not_stop_it(tmp_path: Path) -> None:
    program = "import sys; sys.stderr.write('x' * 1_000_000); print('done')"
    lines, ended = asyncio.run(heard(python(program, tmp_path)))
    assert lines == [b"done"]
    assert ended.code == 0


@linux_only
def test_leaving_stops_it_and_what_it_started(tmp_path: Path) -> None:
    program = (
        "import os, subprocess, sys, time\n"
        "sleeper = [sys.executable, '-c', 'import time; time.sleep(60)']\n"
        "print(os.getpid(), subprocess.Popen(sleeper, start_new_session=True).pid)\n"
        "time.sleep(60)\n"
    )

    async def leave() -> list[int]:
        async with stream(python(program, tmp_path)) as running:
            return [int(pid) for pid in (await anext(running.lines())).split()]

    for pid in asyncio.run(leave()):
        assert not _alive(pid)


def test_a_program_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    async def start() -> None:
        async with stream(Child(argv=["no-such-program-here"], cwd=tmp_path, deadline_s=1, environ={})):
            pytest.fail("it cannot have started")

    with pytest.raises(FileNotFoundError):
        asyncio.run(start())


def _alive(pid: int, patience_s: float = 5.0) -> bool:
    until = time.monotonic() + patience_s
    while time.monotonic() < until:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return False
        except (FileNotFoundError, ProcessLookupError):
            return False
        time.sleep(0.02)
    return True
