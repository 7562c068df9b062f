"""The records of runs: which one is meant, and which settings a resumed run takes over."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields, replace
from typing import Protocol

from pydantic import TypeAdapter

from agentlark.model import Limits
from orchestrator.core.errors import UserError
from orchestrator.core.ports import RunRecord
from orchestrator.core.settings import Asked, Concise, Flags, Fresh, Pace, Settings

CASSETTE = "cassette"
"""The name under which a run's settings keep which cassette answers it."""

_ASKED: TypeAdapter[Asked] = TypeAdapter(Asked)
_CONCISE: TypeAdapter[Concise] = TypeAdapter(Concise)
_PACE: TypeAdapter[Pace] = TypeAdapter(Pace)


class Recorded(Protocol):
    """As much of a journal as finding a run takes."""

    def run(self, slug: str) -> RunRecord | None:
        """The record of one run."""
        ...

    def last_run(self) -> RunRecord | None:
        """The record of the newest run."""
        ...

    def slugs(self) -> Sequence[str]:
        """The names of all runs, oldest first."""
        ...


def find_run(journal: Recorded, slug: str | None) -> RunRecord:
    """The record of a run, the last one for None. Raises UserError when there is none."""
    found = journal.last_run() if slug is None else journal.run(slug)
    if found is not None:
        return found
    known = ", ".join(journal.slugs()[-5:])
    raise UserError(
        f"there is no run {slug!r} here" if slug else "there is no run here",
        f"the last ones are {known}" if known else "start one with `agentlark run --prompt …`",
    )


def kept_settings(settings: Settings) -> dict[str, str]:
    """The settings that a resumed run takes over, as texts; never a credential."""
    kept = {
        "backend": settings.backend.value if settings.backend else "",
        "fallback": settings.fallback.value,
        "model": settings.model.value if settings.model else "",
        "base_url": settings.base_url.value if settings.base_url else "",
        "mini": json.dumps(settings.mini),
        "jobs": str(settings.jobs),
        "fail_fast": json.dumps(settings.fail_fast),
        "asked": json.dumps(asdict(settings.asked), sort_keys=True),
        "concise": settings.concise,
        "max_agents": str(settings.max_agents),
        "max_depth": str(settings.max_depth),
        "limits": settings.limits.model_dump_json(exclude_none=True),
        "pace": json.dumps(asdict(settings.pace)) if settings.pace != Pace() else "",
        "fresh": "*" if settings.fresh.everybody else ",".join(settings.fresh.agents),
        "rehearsal_delay_s": str(settings.rehearsal_delay_s),
    }
    return {name: value for name, value in kept.items() if value}


def with_recorded(flags: Flags, kept: Mapping[str, str]) -> Flags:
    """The flags of a resumed run: those given now, else those it was started with."""
    return replace(
        flags,
        backend=flags.backend or kept.get("backend"),
        fallback=kept.get("fallback"),
        model=flags.model or (None if flags.mini else kept.get("model")),
        base_url=flags.base_url or kept.get("base_url"),
        mini=flags.mini or (flags.model is None and kept.get("mini") == "true"),
        jobs=flags.jobs or int(kept["jobs"]),
        fail_fast=flags.fail_fast or kept.get("fail_fast") == "true",
        asked=_merged(flags.asked, _ASKED.validate_json(kept.get("asked", "{}"))),
        concise=flags.concise
        if flags.concise != "off"
        else _CONCISE.validate_python(kept.get("concise", "off")),
        max_agents=_first(flags.max_agents, kept.get("max_agents")),
        max_depth=_first(flags.max_depth, kept.get("max_depth")),
        limits=_replaced(flags.limits, Limits.model_validate_json(kept.get("limits", "{}"))),
        pace=_paced(flags.pace, _PACE.validate_json(kept.get("pace", "{}"))),
        fresh=flags.fresh if flags.fresh != Fresh() else _fresh(kept.get("fresh", "")),
        rehearsal_delay_s=flags.rehearsal_delay_s or float(kept.get("rehearsal_delay_s", 0)),
    )


def _paced(flag: Pace, kept: Pace) -> Pace:
    return Pace(flag.requests or kept.requests, flag.tokens or kept.tokens)


def taken_over(flags: Flags, kept: Mapping[str, str], where: str) -> Flags:
    """As `with_recorded`, of settings that somebody may have edited. Raises UserError that says where."""
    try:
        return with_recorded(flags, kept)
    except (KeyError, ValueError) as error:
        raise UserError(
            f"{where}: the settings are not those of a run ({type(error).__name__}: {error})",
            "record it again: agentlark run --record FILE",
        ) from error


def _merged(given: Asked, recorded: Asked) -> Asked:
    """What is asked now, field by field, else what was asked then."""
    return replace(
        recorded, **{each.name: value for each in fields(given) if (value := getattr(given, each.name))}
    )


def _fresh(kept: str) -> Fresh:
    return Fresh(everybody=True) if kept == "*" else Fresh(tuple(filter(None, kept.split(","))))


def _replaced(given: Limits, recorded: Limits) -> Limits:
    """The caps given now, one by one, else those that were given then."""
    return recorded.model_copy(update=given.model_dump(exclude_none=True))


def _first(given: int | None, recorded: str | None) -> int | None:
    return int(recorded) if given is None and recorded is not None else given
