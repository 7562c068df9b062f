"""A project as an editor holds it; `|` in a text marks the place that is asked about."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from agentlark.editing.projects import Spot, Texts


@dataclass(frozen=True)
class Desk:
    """Open files under a root, and the marked place."""

    root: Path
    texts: Texts
    path: Path
    offset: int

    def shown(self, spot: Spot) -> str:
        """A place as `file:line:text`."""
        text = self.texts.read(spot.path)
        assert text is not None
        line = text.count("\n", 0, spot.start) + 1
        return f"{spot.path.relative_to(self.root)}:{line}:{text[spot.start : spot.end]}"


def desk(root: Path, text: str, **others: str) -> Desk:
    """An open `configs/agents.lark` with a mark, and other open files of that folder by their stem."""
    folder = root / "configs"
    path = folder / "agents.lark"
    offset = text.index("|")
    unsaved = {path: text.replace("|", "", 1)}
    unsaved |= {folder / f"{name}.lark": other for name, other in others.items()}
    folder.mkdir(exist_ok=True)
    for each, content in unsaved.items():
        each.write_text("# an older text\n" + content.replace("planner", "older"))
    return Desk(root, Texts(unsaved), path, offset)
