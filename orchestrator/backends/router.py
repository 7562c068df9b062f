"""One Performer for all backends: it passes each order to the one the order names."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import Protocol, runtime_checkable

from orchestrator.core.ports import Admission, Performer, Tell
from orchestrator.core.turn import Deferred, Failed, Outcome, TurnOrder


@runtime_checkable
class Closing(Protocol):
    """What holds connections and lets go of them when asked; asking twice is fine."""

    async def aclose(self) -> None:
        """Let go of everything held."""
        ...


class Router:
    """Dispatches orders by `order.input.backend` among performers given by backend name."""

    def __init__(self, performers: Mapping[str, Performer]) -> None:
        self._performers = dict(performers)
        # Told apart once: whether a value fits a Protocol takes longer to find out than all else here.
        self._admissions = {name: each for name, each in performers.items() if isinstance(each, Admission)}

    async def perform(self, order: TurnOrder, tell: Tell) -> Outcome:
        """The outcome of the named backend; Failed, nothing paid, when there is no such backend."""
        performer = self._performers.get(order.input.backend)
        if performer is None:
            known = ", ".join(sorted(self._performers)) or "none"
            return Failed(
                error=f"agent {order.input.agent}: no backend {order.input.backend!r} here\n"
                f"  help: choose one of those set up for this run: {known}",
                paid="no",
            )
        return await performer.perform(order, tell)

    def admit(self, order: TurnOrder) -> Deferred | None:
        """Why the named backend's provider would not take the order now; None when it may."""
        admission = self._admissions.get(order.input.backend)
        return None if admission is None else admission.admit(order)

    def opening(self, order: TurnOrder) -> Awaitable[None] | None:
        """Ends once a deferred order may be sent to the named backend; None where only the clock knows."""
        admission = self._admissions.get(order.input.backend)
        return None if admission is None else admission.opening(order)

    async def aclose(self) -> None:
        """Close every performer that holds something, all of them even if one raises.

        Raises an ExceptionGroup of what was raised.
        """
        errors: list[Exception] = []
        for performer in self._performers.values():
            if isinstance(performer, Closing):
                try:
                    await performer.aclose()
                except Exception as error:
                    errors.append(error)
        if errors:
            raise ExceptionGroup("backends could not be closed", errors)
