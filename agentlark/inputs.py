"""The files that an agent declares as its inputs: patterns, what they match, and how much of it is read.

A pattern is a path under the project's root, with forward slashes. `*`, `?` and `[…]` stand for parts of one
name, `**` for any number of folders; names that begin with a dot are matched only by a part that does. Only
regular files under the root are found, never through a link that leads out of it; `**` follows no links.
The same files give the same answer: paths are sorted, and everything is bounded.
"""

from __future__ import annotations

import os
import re
import stat
from codecs import getincrementaldecoder
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import translate
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias

from agentlark.project import Unreadable

FILE_BYTES = 100_000
"""Of one file at most so many bytes are read."""

ALL_BYTES = 400_000
"""Of all files of an agent together."""

MIN_ROOM_BYTES = 1000
"""With less room left than that, a file is left out rather than cut."""

MAX_ENTRIES = 20_000
"""Files and folders that one agent's patterns may look at."""

_Entry: TypeAlias = "Path | os.DirEntry[str]"

_MAGIC = re.compile(r"[*?\[]")
_DRIVE = re.compile(r"[A-Za-z]:")


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a pattern (or another word of a squad) cannot be used, a remedy, and what was most likely meant."""

    message: str
    help: str
    instead: str | None = None


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file's text, under its path relative to the root; a cut one is only its beginning."""

    path: str
    text: str
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class Inputs:
    """What an agent's patterns gave: files by path, and what was not read."""

    files: tuple[InputFile, ...] = ()
    no_room: tuple[str, ...] = ()
    """Files for which no room was left."""
    refused: tuple[tuple[str, str], ...] = ()
    """Files and folders that are not read, each with the reason: no text, most often."""
    unmatched: tuple[str, ...] = ()
    """Patterns that match no file."""

    def __bool__(self) -> bool:
        return bool(self.files or self.no_room)


def pattern_problem(pattern: str) -> Problem | None:
    """What is wrong with a pattern, if anything."""
    if not pattern.strip() or not pattern.isprintable():
        return Problem(f"{pattern!r} names no file", 'write a path or a pattern: "docs/*.md"')
    if "\\" in pattern:
        better = pattern.replace("\\", "/")
        return Problem(f"{pattern!r} has a backslash", "paths have forward slashes", better)
    if pattern.startswith(("/", "~")) or _DRIVE.match(pattern):
        return Problem(
            f"{pattern!r} is an absolute path", "inputs are relative to the project's root, and under it"
        )
    parts = pattern.split("/")
    if ".." in parts:
        return Problem(f"{pattern!r} leads upwards", "inputs are under the project's root, without ..")
    if parts[-1] == "":
        better = "/".join([*(part for part in parts if part not in ("", ".")), "**"])
        return Problem(f"{pattern!r} is a folder", f"for all files in it write {better!r}", better)
    if "" in parts or "." in parts:
        better = "/".join(part for part in parts if part not in ("", "."))
        return Problem(f"{pattern!r} has an empty part", f"write {better!r}", better or None)
    for part in parts:
        if "**" in part and part != "**":
            better = pattern.replace(part, "**/" + part.replace("**", "*"))
            return Problem(f"{pattern!r}: ** stands alone between slashes", f"write {better!r}", better)
    return None


def find_files(root: Path, pattern: str, skip: Collection[Path] = ()) -> list[str]:
    """The paths of all files that a pattern matches, sorted; those at or below `skip` are left out.

    Raises Unreadable when it makes one look at more files and folders than is allowed.
    """
    return sorted(_Walk(root, skip).matches(pattern))


def read_inputs(root: Path, patterns: Sequence[str], skip: Collection[Path] = ()) -> Inputs:
    """The files that an agent's patterns match, in the order of their paths, within the bounds.

    A file that is too long is cut after a whole line; one that is no UTF-8 text is refused. Raises Unreadable
    as `find_files` does.
    """
    walk = _Walk(root, skip)
    found = {pattern: set(walk.matches(pattern)) for pattern in patterns}
    files: list[InputFile] = []
    no_room: list[str] = []
    room = ALL_BYTES
    for path in sorted(set().union(*found.values())):
        if room < MIN_ROOM_BYTES:
            no_room.append(path)
            continue
        try:
            files.append(_read(walk.root, path, min(FILE_BYTES, room)))
        except Unreadable as error:
            walk.refused[path] = str(error)
        else:
            room -= len(f"{path}{files[-1].text}".encode())
    return Inputs(
        files=tuple(files),
        no_room=tuple(no_room),
        refused=tuple(sorted(walk.refused.items())),
        unmatched=tuple(pattern for pattern, paths in found.items() if not paths),
    )


class _Walk:
    """Looks for files under a root; counts what it looks at."""

    def __init__(self, root: Path, skip: Collection[Path]) -> None:
        self.root = root.resolve()
        self.refused: dict[str, str] = {}
        self._skip = {path.resolve() for path in skip}
        self._seen: dict[Path, list[os.DirEntry[str]]] = {}
        self._gone: set[tuple[str, int]] = set()
        self._room = MAX_ENTRIES

    def matches(self, pattern: str) -> Iterator[str]:
        """Relative paths of regular files, each once, in no order."""
        parts = pattern.split("/")
        self._gone.clear()
        if parts[-1] == "**":
            parts.append("*")
        try:
            yield from self._below(self.root, "", tuple(parts))
        except (_TooMany, RecursionError):
            raise Unreadable(
                f"{pattern!r} makes one look at more than {MAX_ENTRIES:,} files and folders",
                "name the folder that matters, or fewer of them",
            ) from None

    def _below(self, folder: Path, prefix: str, parts: tuple[str, ...]) -> Iterator[str]:
        if (prefix, len(parts)) in self._gone:
            return  # several ** lead to the same place in very many ways
        self._gone.add((prefix, len(parts)))
        part, rest = parts[0], parts[1:]
        if part == "**":
            yield from self._below(folder, prefix, rest)
            for entry in self._entries(folder, prefix):
                if not entry.name.startswith(".") and not entry.is_symlink() and self._is_folder(entry):
                    yield from self._below(folder / entry.name, f"{prefix}{entry.name}/", parts)
            return
        for entry in self._fitting(folder, prefix, part):
            if rest and self._is_folder(entry):
                yield from self._below(folder / entry.name, f"{prefix}{entry.name}/", rest)
            elif not rest and self._is_file(entry):
                yield f"{prefix}{entry.name}"

    def _fitting(self, folder: Path, prefix: str, part: str) -> Sequence[_Entry]:
        if not _MAGIC.search(part):
            return [folder / part]
        fits = _matcher(part).match
        shows_hidden = part.startswith(".")
        return [
            entry
            for entry in self._entries(folder, prefix)
            if fits(entry.name) and (shows_hidden or not entry.name.startswith("."))
        ]

    def _entries(self, folder: Path, prefix: str) -> Sequence[_Entry]:
        """What is in a folder, looked at once; names that cannot be shown are nobody's inputs."""
        if folder in self._seen:
            return self._seen[folder]
        found = self._seen.setdefault(folder, [])
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    self._room -= 1
                    if self._room < 0:
                        raise _TooMany
                    if entry.name.isprintable():
                        found.append(entry)
        except OSError as error:
            self.refused[prefix or "."] = error.strerror or str(error)
        return found

    def _is_folder(self, entry: _Entry) -> bool:
        with suppress(OSError, RuntimeError):  # a link to itself, a name that is too long
            return entry.is_dir() and self._is_ours(entry)
        return False

    def _is_file(self, entry: _Entry) -> bool:
        with suppress(OSError, RuntimeError):
            return entry.is_file() and self._is_ours(entry)
        return False

    def _is_ours(self, entry: _Entry) -> bool:
        """Whether a path, followed to its end, is under the root and none of what is to be skipped."""
        path = Path(entry)
        if path in self._skip:
            return False
        if not entry.is_symlink():
            return True
        real = path.resolve()
        return real.is_relative_to(self.root) and real not in self._skip


class _TooMany(Exception):
    pass


@lru_cache(maxsize=256)
def _matcher(part: str) -> re.Pattern[str]:
    return re.compile(translate(part))


def _read(root: Path, path: str, room: int) -> InputFile:
    data, is_cut = _bytes(root, path, room)
    decoder = getincrementaldecoder("utf-8")()
    try:
        text = decoder.decode(data, final=not is_cut)
    except UnicodeDecodeError:
        raise Unreadable("it is not UTF-8 text") from None
    if "\0" in text:
        raise Unreadable("it is not text")
    if is_cut and "\n" in text:
        text = text[: text.rindex("\n") + 1]
    return InputFile(path, text, is_cut)


def _bytes(root: Path, path: str, room: int) -> tuple[bytes, bool]:
    """The first bytes of a file, and whether there are more; it is looked at again once it is open."""
    try:
        real = (root / path).resolve()
        if not real.is_relative_to(root):
            raise Unreadable("it leads out of the project")
        handle = os.open(real, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise Unreadable("it is not a regular file")
            data = file.read(room + 1)
    except (OSError, RuntimeError) as error:
        raise Unreadable(getattr(error, "strerror", None) or str(error)) from error
    return data[:room], len(data) > room
