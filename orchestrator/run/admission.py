"""Waiting for a provider: asked before a turn's intent is recorded, waited for without a job slot.

A Performer that knows its provider's limits is an `Admission` too. What it holds back has not been sent, so
there is nothing that a kill could leave unknown; the deferral is recorded, with the time it is for. Any other
Performer may still defer a turn when it is sent, and is then asked again at the time it named.
"""

from __future__ import annotations

from orchestrator.core.facts import Waiting
from orchestrator.core.turn import Deferred, TurnOrder
from orchestrator.run.lent import Lent


def admit(order: TurnOrder, lent: Lent) -> Deferred | None:
    """Why an order is not to be sent now; None when it may be."""
    return lent.admission.admit(order) if lent.admission is not None else None


async def wait_out(deferred: Deferred, order: TurnOrder, lent: Lent) -> None:
    """Return once a deferred order may be sent, or when nothing new may start."""
    wait_s = max(0.0, (deferred.until - lent.clock.now()).total_seconds())
    lent.recorder.show(Waiting(id=order.id, seconds=wait_s, reason=deferred.reason, until=deferred.until))
    opening = lent.admission.opening(order) if lent.admission is not None else None
    await lent.idle(lent.clock.sleep(wait_s) if opening is None else opening)
