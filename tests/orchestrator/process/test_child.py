"""A child ends within its bounds, is given only what it may have, and leaves nobody behind."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path

import pytest

from orchestrator.process import Child, Ended, Limits, run

linux_only = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc (Linux)")


def python(program: str, folder: Path, **more: object) -> Child:
    options: dict[str, object] = {"deadline_s": 20.0, "environ": dict(os.environ), **more}
    return Child(argv=[sys.executable, "-c", program], cwd=folder, **options)  # type: ignore[arg-type]  # by name


def ended(child: Child) -> Ended:
    return asyncio.run(run(child))


def test_it_is_fed_and_heard(tmp_path: Path) -> None:
    program = "import sys; print(sys.stdin.read().upper()); print('oops', file=sys.stderr); sys.exit(7)"
    result = ended(python(program, tmp_path, stdin=b"hello"))
    assert result == Ended("exited", 7, b"HELLO\n", b"oops\n")


def test_only_allowed_variables_are_passed_on(tmp_path: Path) -> None:
    environ = {"PATH": os.environ["PATH"], "SECRET_TOKEN": "canary", "WANTED": "yes"}
    program = "import os; print(sorted(set(os.environ) - {'LC_CTYPE'}))"
    result = ended(python(program, tmp_path, environ=environ, also_allowed=("WANTED",)))
    assert result.stdout == b"['PATH', 'WANTED']\n"


def test_arguments_reach_it_as_they_are(tmp_path: Path) -> None:
    odd = ["; rm -rf /", "$(id)", "a b", "--evil", "\u2028", ""]
    argv = [sys.executable, "-c", "import sys, json; print(json.dumps(sys.argv[1:]))", *odd]
    result = ended(Child(argv=argv, cwd=tmp_path, deadline_s=20, environ=dict(os.environ)))
    import json

    assert json.loads(result.stdout) == odd


def test_it_is_stopped_at_its_deadline_even_if_it_ignores_the_request(tmp_path: Path) -> None:
    program = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "print('on', flush=True); time.sleep(60)"
    )
    before = time.monotonic()
    result = ended(python(program, tmp_path, deadline_s=1.0))
    assert (result.how, result.code, result.stdout) == ("deadline", -9, b"on\n")
    assert time.monotonic() - before < 20


def test_it_is_stopped_when_it_says_too_much(tmp_path: Path) -> None:
    result = ended(python("while True: print('x' * 1000)", tmp_path, max_output_bytes=5000))
    assert result.how == "output"
    assert len(result.stdout) == 5000


@linux_only
def test_its_descendants_end_with_it_also_in_sessions_of_their_own(tmp_path: Path) -> None:
    program = (
        "import subprocess, sys, time\n"
        "sleeper = [sys.executable, '-c', 'import time; time.sleep(60)']\n"
        "pids = [subprocess.Popen(sleeper, start_new_session=new).pid for new in (False, True)]\n"
        "print(*pids, flush=True)\n"
        "time.sleep(60)\n"
    )
    result = ended(python(program, tmp_path, deadline_s=2.0))
    for pid in map(int, result.stdout.split()):
        assert not _alive(pid)


@linux_only
def test_what_it_leaves_in_its_group_is_ended(tmp_path: Path) -> None:
    program = (
        "import subprocess, sys\n"
        "quiet = dict(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)\n"
        "print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'], **quiet).pid)\n"
    )
    result = ended(python(program, tmp_path))
    assert result.how == "exited"
    assert not _alive(int(result.stdout))


def test_a_cancelled_child_is_stopped(tmp_path: Path) -> None:
    async def cancel() -> int:
        program = "import os, time; open('pid', 'w').write(str(os.getpid())); time.sleep(60)"
        task = asyncio.create_task(run(python(program, tmp_path)))
        while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return int((tmp_path / "pid").read_text())

    assert not _alive(asyncio.run(cancel()))


@linux_only
def test_memory_processor_time_and_files_are_limited(tmp_path: Path) -> None:
    limits = Limits(memory_bytes=256 * 2**20, cpu_s=1, file_bytes=1000)
    too_large = ended(python("x = bytearray(10**9)", tmp_path, limits=limits))
    assert b"MemoryError" in too_large.stderr
    too_long = ended(python("while True: pass", tmp_path, limits=limits))
    assert too_long.how == "exited"
    assert too_long.code < 0
    written = ended(python("open('f', 'w').write('x' * 10**6)", tmp_path, limits=limits))
    assert written.code != 0
    assert (tmp_path / "f").stat().st_size <= 1000


def test_a_program_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        ended(Child(argv=["no-such-program-here"], cwd=tmp_path, deadline_s=1, environ={}))


def _alive(pid: int, patience_s: float = 5.0) -> bool:
    """Whether a process is still there after some patience: a killed one takes a moment to go."""
    until = time.monotonic() + patience_s
    while time.monotonic() < until:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return False
        except (FileNotFoundError, ProcessLookupError):
            return False
        time.sleep(0.02)
    return True
