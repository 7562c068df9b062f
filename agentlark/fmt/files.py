"""The files to format: found below folders, and replaced in one step."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

SUFFIXES = frozenset({".lark", ".star"})
_SKIPPED = frozenset({"node_modules", "__pycache__"})


def find_files(paths: Sequence[Path]) -> Iterator[Path]:
    """The files themselves, and below folders all Starlark files but hidden ones, in order; each once."""
    seen: set[Path] = set()
    for path in paths:
        for file in _below(path) if path.is_dir() else [path]:
            if file not in seen:
                seen.add(file)
                yield file


def _below(folder: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in _SKIPPED)
        yield from (Path(place, name) for name in sorted(files) if Path(name).suffix in SUFFIXES)


def replace_text(path: Path, text: str) -> None:
    """Puts a text into an existing file, so that no reader sees half of it; mode and links are kept.

    Raises OSError when it cannot be written.
    """
    target = path.resolve()
    mode = stat.S_IMODE(target.stat().st_mode)
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        os.chmod(temporary, mode)
        os.replace(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise
