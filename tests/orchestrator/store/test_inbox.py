"""Commands left in a folder: each is taken once, by the run it is for, and nothing else is."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from agentlark.blueprint import Blueprint, Specialist
from orchestrator.core.commands import Command, Decide, Interrupt, StopNow
from orchestrator.core.errors import StoreError
from orchestrator.store.inbox import MAX_BYTES, FolderInbox, leave

RUN = "run-1"


class Opened:
    """An inbox and what it complained of."""

    def __init__(self, folder: Path) -> None:
        self.complaints: list[str] = []
        self.inbox = FolderInbox(folder, RUN, self.complaints.append)

    def taken(self, count: int) -> list[Command]:
        """The next commands; a test that waits for one too many fails."""

        async def take() -> list[Command]:
            async with asyncio.timeout(10):
                return [await self.inbox.next() for _ in range(count)]

        return asyncio.run(take())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "inbox"


@pytest.fixture
def opened(folder: Path) -> Opened:
    folder.mkdir()
    return Opened(folder)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_command_that_is_left_is_taken_once_and_its_file_is_gone(opened: Opened, folder: Path) -> None:
    edited = Blueprint(agents=(Specialist(id="a", role="A", prompt="do it"),))
    decision = Decide(wave=2, approved=True, note="as I like it", blueprint=edited)
    leave(folder, RUN, decision)
    opened.inbox.send(Interrupt())
    assert opened.taken(2) == [Interrupt(), decision]
    assert names(folder) == []


def test_commands_are_taken_in_the_order_in_which_they_were_left(opened: Opened, folder: Path) -> None:
    for wave in range(20):
        leave(folder, RUN, Decide(wave=wave, approved=True))
        for path in folder.iterdir():  # clocks of file systems are coarse
            if path.stat().st_mtime_ns > 10**12:
                os.utime(path, ns=(wave, wave))
    assert [each.wave for each in opened.taken(20) if isinstance(each, Decide)] == list(range(20))


def test_letters_to_other_runs_are_left_alone(opened: Opened, folder: Path) -> None:
    leave(folder, "another", StopNow())
    (other,) = names(folder)
    leave(folder, RUN, Interrupt())
    assert opened.taken(1) == [Interrupt()]
    assert names(folder) == [other]
    assert opened.complaints == []


def test_what_was_left_for_an_earlier_process_of_the_run_is_dropped(folder: Path) -> None:
    leave(folder, RUN, StopNow())
    opened = Opened(folder)
    assert names(folder) == []
    leave(folder, RUN, Interrupt())
    assert opened.taken(1) == [Interrupt()]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b'{"run": "run-1"}',
        b'{"run": "run-1", "command": {"kind": "erase"}}',
        b'{"run": "run-1", "command": {"kind": "decide", "wave": 1}}',
        b'{"run": "run-1", "command":'
        b' {"kind": "decide", "wave": 1, "approved": true, "blueprint": {"agents": []}}}',
        b" " * (MAX_BYTES + 1),
    ],
    ids=["empty", "cut off", "no text", "no command", "unknown", "half", "bad blueprint", "huge"],
)
def test_a_bad_letter_is_set_aside_and_said_whenever_it_came(content: bytes, folder: Path) -> None:
    folder.mkdir()
    (folder / "early.json").write_bytes(content)
    opened = Opened(folder)
    (folder / "late.json").write_bytes(content)
    leave(folder, RUN, Interrupt())
    assert opened.taken(1) == [Interrupt()]
    assert names(folder) == ["early.json.refused", "late.json.refused"]
    assert len(opened.complaints) == 2
    assert all("could not be read and is set aside" in complaint for complaint in opened.complaints)


def test_links_folders_and_unfinished_letters_are_no_letters(opened: Opened, folder: Path) -> None:
    secret = folder.parent / "secret.json"
    secret.write_text("not yours")
    (folder / "link.json").symlink_to(secret)
    (folder / "folder.json").mkdir()
    (folder / ".unfinished.json").write_text("{")
    (folder / "notes.txt").write_text("hello")
    os.mkfifo(folder / "pipe.json")
    before = names(folder)
    leave(folder, RUN, Interrupt())
    assert opened.taken(1) == [Interrupt()]
    assert names(folder) == before
    assert secret.read_text() == "not yours"
    assert opened.complaints == []


def test_a_letter_whose_file_cannot_be_moved_is_still_taken_once(
    opened: Opened, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path, *arguments: object, **more: object) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    leave(folder, RUN, Interrupt())
    (folder / "bad.json").write_text("{")
    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", refuse)
        patched.setattr(Path, "replace", refuse)
        assert opened.taken(1) == [Interrupt()]
        opened.inbox.send(StopNow())
        assert opened.taken(1) == [StopNow()]
    assert len(opened.complaints) == 1


def test_an_escape_sequence_in_a_name_is_spelled_out(opened: Opened, folder: Path) -> None:
    (folder / "\x1b[31m.json").write_text("{")
    opened.inbox.send(Interrupt())
    opened.taken(1)
    assert "\x1b" not in opened.complaints[0]


def test_a_folder_that_is_not_there_yet_is_no_trouble(folder: Path) -> None:
    opened = Opened(folder)
    opened.inbox.send(Interrupt())
    assert opened.taken(1) == [Interrupt()]
    leave(folder, RUN, StopNow())
    assert opened.taken(1) == [StopNow()]
    assert oct(folder.stat().st_mode & 0o777) == "0o700"


def test_a_folder_that_cannot_be_made_is_an_error_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be written"):
        leave(tmp_path / "file" / "inbox", RUN, Interrupt())
