"""From what was asked to what is to be opened.

Whatever cannot work is refused here, before anything is written.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from agentlark.model import Squad
from orchestrator.core.errors import UserError
from orchestrator.core.places import PlaceFlags, settle_places
from orchestrator.core.settings import Flags, process_environment, settle
from orchestrator.launch.opening import Launch
from orchestrator.launch.view import View, session_of, shown_agents
from orchestrator.panes.inputs import session_name
from orchestrator.wiring.answering import check_answerable


@dataclass(frozen=True, slots=True)
class Asked:
    """How a run is to be launched, beside what is run."""

    folder: Path
    """The invocation folder, absolute."""
    ourselves: tuple[str, ...]
    """The command that is `agentlark`, findable from anywhere."""
    arguments: tuple[str, ...]
    """What is passed on to `agentlark run`, but for the prompt."""
    session: str | None = None
    bars: bool = True
    keep_running: bool = False
    is_replay: bool = False
    """Whether a recording answers."""


def plan_launch(squad: Squad, prompt: str, flags: Flags, places: PlaceFlags, asked: Asked) -> Launch:
    """What to open for a squad, of which only what is to run is left.

    Raises UserError when it cannot be run as asked, InvalidInput for a name that no session can have.
    """
    settings = settle(flags)
    check_answerable(squad, settings, needs_keys=not asked.is_replay)
    settle_places(asked.folder, places, process_environment())
    if not prompt.strip():
        raise UserError("the prompt is empty", "say what the squad should do: --prompt TEXT")
    agents = shown_agents(squad, settings.asked)
    return Launch(
        folder=asked.folder,
        agents=agents,
        layout=View(asked.folder, asked.ourselves).layout(agents, bars=asked.bars),
        command=(*asked.ourselves, "run", "--prompt=-", *asked.arguments),
        prompt=prompt,
        session=session_of(asked.folder) if asked.session is None else session_name(asked.session),
        keep_running=asked.keep_running,
    )
