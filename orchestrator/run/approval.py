"""A person's consent to a wave: what is recorded once it is given or refused."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from orchestrator.core.commands import Decide
from orchestrator.core.facts import ApprovalSettled, Fact, WavesEnded
from orchestrator.schedule.admission import admit_edited, rules_for
from orchestrator.schedule.growth import Caps
from orchestrator.schedule.state import RunState


class Undecidable(Exception):
    """An answer that cannot be followed; `str()` says why."""


def decided(command: Decide, state: RunState, caps: Caps, now: datetime) -> Sequence[Fact]:
    """The facts that follow from a person's answer.

    Raises Undecidable when nothing waits for it, or when the edited blueprint may not join.
    """
    asked = state.awaiting.get(command.wave)
    if asked is None:
        raise Undecidable(f"wave {command.wave} does not wait for consent")
    joining = asked.joining.model_copy(update={"at": now})
    if not command.approved:
        reason = f"wave {command.wave} was rejected" + (f": {command.note}" if command.note else "")
        return [
            ApprovalSettled(wave=command.wave, verdict="rejected", note=command.note, at=now),
            WavesEnded(group=joining.group, ending="rejected", reason=reason, at=now),
        ]
    if command.blueprint is None:
        settled = ApprovalSettled(wave=command.wave, verdict="approved", note=command.note, at=now)
        return [settled, joining]
    faults = edit_faults(command, state, caps)
    if faults:
        raise Undecidable(f"the edited blueprint may not join: {'; '.join(faults)}")
    edited = {name: getattr(command.blueprint, name) for name in ("summary", "agents", "handoffs")}
    settled = ApprovalSettled(wave=command.wave, verdict="edited", note=command.note, at=now)
    return [settled, joining.model_copy(update=edited)]


def edit_faults(command: Decide, state: RunState, caps: Caps) -> Sequence[str]:
    """What is wrong with the blueprint that a person would have in place of the proposed one."""
    asked = state.awaiting[command.wave]
    assert command.blueprint is not None
    rules = rules_for(state, state.nodes[asked.joining.by], caps)
    return admit_edited(command.blueprint, rules).faults
