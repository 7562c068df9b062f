"""The options that cap what a run may spend, as the commands that run one take them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from agentlark.model import Limits
    from orchestrator.core.settings import Pace

MaxCost = Annotated[
    float | None,
    typer.Option(
        "--max-cost",
        metavar="USD",
        help="US dollars that the run may cost; needs known prices.",
        rich_help_panel="Limits",
    ),
]
MaxTokens = Annotated[
    int | None,
    typer.Option(
        "--max-tokens",
        metavar="N",
        help="Tokens that the run may take, in and out.",
        rich_help_panel="Limits",
    ),
]
MaxTurns = Annotated[
    int | None,
    typer.Option(
        "--max-turns", metavar="N", help="How many turns the run may send.", rich_help_panel="Limits"
    ),
]
Deadline = Annotated[
    str | None,
    typer.Option(
        "--deadline",
        metavar="30m",
        help="How long after its start turns may be started: 1h30m.",
        rich_help_panel="Limits",
    ),
]

RequestsPerMinute = Annotated[
    int | None,
    typer.Option(
        "--requests-per-minute",
        metavar="N",
        help="How many requests a minute may take.",
        rich_help_panel="Limits",
    ),
]
TokensPerMinute = Annotated[
    int | None,
    typer.Option(
        "--tokens-per-minute",
        metavar="N",
        help="How many tokens, in and out, a minute may take.",
        rich_help_panel="Limits",
    ),
]

_UNIT_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_PART = r"\d{1,9}(?:\.\d{1,6})?[smhd]"
_FIELDS = {
    "max_cost": ("--max-cost", "2.50"),
    "max_tokens": ("--max-tokens", "200000"),
    "max_turns": ("--max-turns", "40"),
    "deadline_s": ("--deadline", "30m"),
}


def limits_of(
    max_cost: float | None, max_tokens: int | None, max_turns: int | None, deadline: str | None
) -> Limits:
    """The caps that were given. Raises UserError for one that cannot be meant."""
    from pydantic import ValidationError

    from agentlark.model import Limits
    from orchestrator.core.errors import UserError

    given = {
        "max_cost": max_cost,
        "max_tokens": max_tokens,
        "max_turns": max_turns,
        "deadline_s": None if deadline is None else seconds_of(deadline, "--deadline"),
    }
    try:
        return Limits.model_validate({name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        name = str(error.errors()[0]["loc"][0])
        option, example = _FIELDS[name]
        shown = deadline if name == "deadline_s" else given[name]
        reason = error.errors()[0]["msg"].replace("Input should be", "it must be")
        raise UserError(f"{option} {shown}: {reason}", f"give {option} {example}, for example") from error


def pace_of(requests: int | None, tokens: int | None) -> Pace:
    """What may be sent in a minute, as it was given."""
    from orchestrator.core.settings import Pace

    return Pace(requests, tokens)


def seconds_of(text: str, option: str) -> float:
    """Seconds of a duration such as 90s, 30m or 1h30m. Raises UserError for what is none."""
    from orchestrator.core.errors import UserError

    if not re.fullmatch(rf"(?:{_PART})+", text):
        raise UserError(
            f"{option} {text}: this is no duration", f"write it with units: {option} 90s, 30m, 1h30m or 2d"
        )
    return sum(float(part[:-1]) * _UNIT_S[part[-1]] for part in re.findall(_PART, text))
