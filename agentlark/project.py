"""Where a configuration may look: the project root and the files under it.

Files are read only under the root, only regular ones, and never through a link that leads out of it.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from agentlark.diagnostics import nearest

DEFAULT_CONFIG = "configs/agents.lark"

MAX_FILE_BYTES = 16 * 2**20


class Unreadable(Exception):
    """A file that cannot or must not be read; `str()` says why, `remedy` what to do."""

    def __init__(self, why: str, remedy: str = "") -> None:
        self.remedy = remedy
        super().__init__(why)


class NotText(Unreadable):
    """A file that is not UTF-8: its `text`, with U+FFFD for what is none, and the `offset` of the first."""

    def __init__(self, data: bytes, start: int) -> None:
        self.text = data.decode("utf-8", "replace")
        self.offset = len(data[:start].decode("utf-8"))
        line = data.count(b"\n", 0, start) + 1
        super().__init__(
            f"it is not UTF-8 text (byte 0x{data[start]:02x} in line {line})", "save it as UTF-8"
        )


class Missing(Unreadable):
    """A file that is not there."""

    def __init__(self) -> None:
        super().__init__("there is no such file")


@dataclass(frozen=True, slots=True)
class ProjectFile:
    """A readable file: how to show it, where it really is, and its path under the root."""

    shown: str
    path: Path
    under_root: str


def find_root(file: Path) -> Path:
    """A file's project root: the nearest ancestor with `.git` or `configs/agents.lark`, else its folder."""
    folder = Path(os.path.abspath(file)).parent
    for candidate in (folder, *folder.parents):
        if (candidate / ".git").exists() or (candidate / DEFAULT_CONFIG).is_file():
            return candidate
    return folder


def is_foreign(file: Path, folder: Path) -> bool:
    """Whether a file belongs to another project than a folder does."""
    return find_root(file) != find_root(folder / file.name)


def locate(root: Path, relative_to: ProjectFile, name: str) -> ProjectFile:
    """The file that `name` means in another file. Raises Unreadable when it leaves the root."""
    if not name or "\0" in name or "\\" in name:
        raise Unreadable(f"{name!r} is no path of a file", "use a relative path with forward slashes")
    if PurePosixPath(name).is_absolute():
        raise Unreadable(f"{name!r} is an absolute path", "paths are relative to the file that names them")
    path = Path(os.path.normpath(relative_to.path.parent / name))
    shown = os.path.normpath(os.path.join(os.path.dirname(relative_to.shown), name))
    return ProjectFile(shown, path, _under(root, path, name))


def _under(root: Path, path: Path, name: str) -> str:
    inside = f"only files under {root} can be read"
    try:
        relative = path.relative_to(root)
        path.resolve().relative_to(root.resolve())
    except ValueError:
        raise Unreadable(f"{name!r} leads out of the project", inside) from None
    except (OSError, RuntimeError) as error:
        raise Unreadable(f"{name!r} cannot be followed: {error}") from error
    return relative.as_posix()


def nearby(root: Path, folder: Path, name: str) -> str | None:
    """What a missing file's name in a folder was probably meant to be: a path from the root, or a slip."""
    if ".." not in name.split("/") and (root / name).is_file():
        return os.path.relpath(root / name, folder).replace(os.sep, "/")
    wanted = folder / name
    try:
        near = nearest(wanted.name, os.listdir(wanted.parent))
    except OSError:
        return None
    return name.removesuffix(wanted.name) + near if near else None


def read_file(path: Path) -> bytes:
    """The bytes of a regular file of bounded size. Raises Unreadable with the reason otherwise."""
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise Unreadable("it is a folder", "name a file")
        if not stat.S_ISREG(status.st_mode):
            raise Unreadable("it is not a regular file")
        if status.st_size > MAX_FILE_BYTES:
            raise Unreadable(f"it has {status.st_size:,} bytes; at most {MAX_FILE_BYTES:,} are read")
        return path.read_bytes()
    except FileNotFoundError:
        raise Missing from None
    except PermissionError:
        raise Unreadable("permission denied", "make it readable for you") from None
    except OSError as error:
        raise Unreadable(error.strerror or str(error)) from error


def decode(data: bytes) -> str:
    """The text of UTF-8 bytes. Raises NotText naming the line and byte that are not UTF-8."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotText(data, error.start) from None
