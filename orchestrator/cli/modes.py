"""The options that say how a squad works, as every command that runs one takes them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, ClassVar

import typer

if TYPE_CHECKING:
    from orchestrator.core.settings import Flags


class Approval(StrEnum):
    """Which blueprints wait for consent."""

    blueprint = "blueprint"
    wave = "wave"


Parallel = Annotated[
    bool, typer.Option("--parallel", help="Ask the builder for four independent specialists.")
]
Autonomous = Annotated[
    bool, typer.Option("--autonomous", help="Let an orchestrator add waves of builders until all is done.")
]
Relay = Annotated[
    bool, typer.Option("--relay", help="Hand work on as a relay, with notes; implies --autonomous.")
]
MaxWaves = Annotated[
    int | None, typer.Option("--max-waves", metavar="N", help="How many waves an orchestrator may add (5).")
]
MaxAgents = Annotated[
    int | None, typer.Option("--max-agents", metavar="N", help="How many agents may join the run (100).")
]
MaxDepth = Annotated[
    int | None,
    typer.Option("--max-depth", metavar="N", help="How many joined agents may wait in a row (16)."),
]
ReviewLimit = Annotated[
    int | None,
    typer.Option("--review-limit", metavar="CHARS", help="How much an orchestrator reads (120000)."),
]
Approve = Annotated[
    Approval | None,
    typer.Option("--approve", help="Ask before the builder's blueprint, or every wave, is run."),
]
IsConcise = Annotated[
    bool, typer.Option("--concise", help="One turn of one sentence per agent, and no specialists.")
]
IsConciseFull = Annotated[
    bool, typer.Option("--concise-full", help="One turn of one sentence per agent, waves included.")
]
Mini = Annotated[
    bool,
    typer.Option("--mini", help="Every agent on its backend's cheap model.", rich_help_panel="Model"),
]
DebugPrompt = Annotated[
    bool,
    typer.Option(
        "--debug-prompt", help="Show the size of each prompt before it is sent.", rich_help_panel="Output"
    ),
]
Stream = Annotated[bool, typer.Option("--stream", help="Show what agents say while they say it.")]
Metrics = Annotated[bool, typer.Option("--metrics", help="Print what each agent and wave took at the end.")]
IsFresh = Annotated[
    bool,
    typer.Option(
        "--fresh",
        help="Send turns again whose answers are recorded; of all agents, or of AGENT.",
        rich_help_panel="Reuse",
    ),
]
FreshAgents = Annotated[
    list[str] | None, typer.Argument(metavar="AGENT", help="With --fresh: only these agents.")
]


@dataclass(frozen=True, slots=True)
class Modes:
    """What was said about how the squad works."""

    SECTION: ClassVar = "Waves"

    parallel: Parallel = False
    autonomous: Autonomous = False
    relay: Relay = False
    max_waves: MaxWaves = None
    max_agents: MaxAgents = None
    max_depth: MaxDepth = None
    review_limit: ReviewLimit = None
    approve: Approve = None
    concise: IsConcise = False
    concise_full: IsConciseFull = False
    mini: Mini = False
    debug_prompt: DebugPrompt = False
    fresh: IsFresh = False
    fresh_agents: FreshAgents = None

    def onto(self, flags: Flags) -> Flags:
        """The flags with these. Raises typer's usage error for what contradicts itself."""
        from dataclasses import replace

        from orchestrator.core.settings import Asked, Fresh

        if self.concise and self.concise_full:
            raise typer.BadParameter("--concise and --concise-full contradict each other: give one")
        again = tuple(self.fresh_agents or ())
        if again and not self.fresh:
            named = ", ".join(again)
            raise typer.BadParameter(
                f"{named} stands alone: to run only these: --agents {','.join(again)};"
                f" to run them again: --fresh {' '.join(again)}"
            )
        return replace(
            flags,
            mini=self.mini,
            asked=Asked(
                autonomous=self.autonomous,
                parallel=self.parallel,
                relay=self.relay,
                max_waves=self.max_waves,
                approve=self.approve.value if self.approve else None,
                review_limit=self.review_limit,
            ),
            concise="full" if self.concise_full else "concise" if self.concise else "off",
            max_agents=self.max_agents,
            max_depth=self.max_depth,
            debug_prompt=self.debug_prompt,
            fresh=Fresh(again, everybody=self.fresh and not again),
        )
