"""Whether the configuration that a run was started with is still the same, when the run is taken up again.

Files that have their recorded digests are not compiled again: a large squad is taken up at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Self

from pydantic import ValidationError

from agentlark.diff import as_text, compare
from agentlark.errors import AgentlarkError
from agentlark.model import Squad
from agentlark.project import Unreadable, find_root, read_file
from orchestrator.core.errors import UserError
from orchestrator.core.frozen import Frozen
from orchestrator.core.redact import Redactor
from orchestrator.run.squads import SquadSource, load_source, redacted
from orchestrator.schedule.select import select

KEPT_AS = "configuration"
"""The name under which a run's settings keep where its squad came from."""


class SquadOrigin(Frozen):
    """Where a run's squad came from: a file, the variables it was compiled with, which part was run."""

    path: str
    variables: dict[str, str] | None = None
    digest: str | None = None
    """Of a compiled file; what a source was compiled from stands in the squad itself."""
    agents: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    with_deps: bool = False

    @classmethod
    def of(
        cls, source: SquadSource, agents: tuple[str, ...], groups: tuple[str, ...], with_deps: bool
    ) -> Self:
        """The origin of a squad that was found now."""
        path = source.path.resolve()
        variables = None if source.variables is None else dict(source.variables)
        return cls(
            path=str(path),
            variables=variables,
            digest=_digest(path),
            agents=agents,
            groups=groups,
            with_deps=with_deps,
        )

    @property
    def source(self) -> SquadSource:
        """The file and its variables."""
        return SquadSource(Path(self.path), self.variables)


def kept_origin(origin: SquadOrigin | None, redactor: Redactor) -> dict[str, str]:
    """The origin as a run's settings keep it; nothing for a squad of no file, or one made with a secret."""
    text = origin.model_dump_json(exclude_defaults=True) if origin else ""
    return {KEPT_AS: text} if text and redactor.text(text) == text else {}


@dataclass(frozen=True, slots=True)
class Drift:
    """What has become of a run's configuration: other than recorded, not to be used now, or neither."""

    difference: str = ""
    """What changed, in lines; empty when the run can go on as it is recorded."""
    notice: str = ""


def drift(kept: Mapping[str, str], recorded: Squad, redactor: Redactor) -> Drift:
    """What has become of the configuration of a run, given its settings and its recorded squad."""
    if KEPT_AS not in kept:
        return Drift()
    try:
        origin = SquadOrigin.model_validate_json(kept[KEPT_AS])
        if _is_untouched(origin, recorded):
            return Drift()
        squad = select(load_source(origin.source), origin.agents, origin.groups, origin.with_deps)
    except (ValidationError, AgentlarkError, UserError) as error:
        first = str(error).partition("\n")[0]
        return Drift(notice=f"its configuration cannot be used now ({first}): going on with the recorded one")
    return Drift(difference=as_text(compare(recorded, redacted(squad, redactor))))


def _is_untouched(origin: SquadOrigin, recorded: Squad) -> bool:
    """Whether every file that the squad was made of has its recorded digest."""
    path = Path(origin.path)
    if origin.variables is None:
        return origin.digest is not None and _digest(path) == origin.digest
    root = find_root(path)
    return bool(recorded.sources) and all(
        _digest(root / each.path) == each.sha256 for each in recorded.sources
    )


def _digest(path: Path) -> str | None:
    try:
        return sha256(read_file(path)).hexdigest()
    except Unreadable:
        return None
