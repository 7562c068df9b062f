"""Which files belong together, and their texts: what an editor holds before what is stored."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from agentlark.editing.outline import Outline, outline
from agentlark.project import DEFAULT_CONFIG, ProjectFile, Unreadable, decode, find_root, locate, read_file

MOST_FILES = 200
"""How many files are looked into for what belongs together."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A range of offsets in a file."""

    path: Path
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts of files by absolute path, lines ending in line feeds; an editor's own come first."""

    unsaved: Mapping[Path, str] = field(default_factory=dict)

    def read(self, path: Path) -> str | None:
        """The text of a file; None when it cannot be read."""
        text = self.unsaved.get(path)
        if text is None:
            try:
                text = decode(read_file(path))
            except Unreadable:
                return None
        return text.replace("\r\n", "\n").replace("\r", "\n")

    def outline(self, path: Path) -> Outline | None:
        """The outline of a file; None when it cannot be read."""
        text = self.read(path)
        return None if text is None else outline(text)


def loaded_from(path: Path, name: str) -> Path | None:
    """The file that a load in another file means; None for one that must not be read."""
    try:
        return locate(find_root(path), ProjectFile(path.name, path, path.name), name).path
    except Unreadable:
        return None


def loaded(path: Path, texts: Texts) -> list[Path]:
    """A file and all it loads, directly or not, itself first; what cannot be read is left out."""
    found = [path]
    for each in found:
        known = texts.outline(each)
        if known is None:
            continue
        for name in known.loads():
            target = loaded_from(each, name)
            if target is not None and target not in found and texts.read(target) is not None:
                found.append(target)
        if len(found) >= MOST_FILES:
            break
    return found


def related(path: Path, texts: Texts) -> list[Path]:
    """The files that may share agents with one: what it loads, and whoever loads it with all they load."""
    found = dict.fromkeys(loaded(path, texts))
    for candidate in _neighbours(path):
        if candidate not in found:
            chain = loaded(candidate, texts)
            if path in chain:
                found |= dict.fromkeys(chain)
    return list(found)


def entries(path: Path, texts: Texts) -> list[Path]:
    """The files among the related ones that define a squad, the file itself first if it does."""
    return [each for each in related(path, texts) if defines_squad(each, texts)]


def defines_squad(path: Path, texts: Texts) -> bool:
    """Whether a file assigns `groups` or `agents` at its top level."""
    known = texts.outline(path)
    return known is not None and any(
        each.name in ("groups", "agents") and each.kind == "variable" and each.scope[0] == 0
        for each in known.bindings
    )


def is_default(path: Path) -> bool:
    """Whether a file is where a project's configuration is looked for."""
    return path == find_root(path) / DEFAULT_CONFIG


def _neighbours(path: Path) -> Iterator[Path]:
    """The configurations beside a file and in its project's folder for them."""
    folders = dict.fromkeys([path.parent, find_root(path) / "configs"])
    seen = 0
    for folder in folders:
        try:
            names = sorted(os.listdir(folder))
        except OSError:
            continue
        for name in names:
            if name.endswith(".lark") and seen < MOST_FILES:
                seen += 1
                yield folder / name
