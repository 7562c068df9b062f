"""What a stream that ended in good order means: an answer, or the reason there is none."""

from __future__ import annotations

from orchestrator.backends.anthropic_api.gather import Gathered
from orchestrator.backends.anthropic_api.request import bytes_in, native_of
from orchestrator.core.turn import Done, Failed, Message, Outcome, TurnOrder, Usage


def concluded(order: TurnOrder, gathered: Gathered) -> Outcome:
    """The outcome of a stream that has ended.

    One without its last event or a reason to stop counts as cut, although nothing was raised.
    """
    usage = gathered.usage(bytes_in(order))
    if not (gathered.is_started and gathered.is_stopped and gathered.stop_reason):
        error = "the stream was cut before its end"
        return Failed(error=error, paid="unknown", usage=partial_usage(order, gathered), retryable=True)
    if gathered.stop_reason not in ("end_turn", "stop_sequence"):
        return Failed(error=_stopped(order, gathered), paid="yes", usage=usage)
    if not gathered.text.strip():
        return Failed(error="the answer is empty", paid="yes", usage=usage, retryable=True)
    message = Message(role="assistant", text=gathered.text, native=native_of(gathered.blocks))
    return Done(message=message, usage=usage)


def partial_usage(order: TurnOrder, gathered: Gathered) -> Usage | None:
    """What an answer that broke off has cost at least, marked as estimated; None if none was started."""
    if not gathered.is_started:
        return None
    return gathered.usage(bytes_in(order)).model_copy(update={"estimated": True})


def _stopped(order: TurnOrder, gathered: Gathered) -> str:
    """Why an answer that is complete cannot be used, and what to do."""
    agent, reason = order.input.agent, gathered.stop_reason
    if reason == "max_tokens":
        return (
            f"the answer was cut at the ceiling of {order.max_tokens} output tokens\n"
            f"  help: raise max_output_tokens of agent {agent}, or ask for less"
        )
    if reason == "model_context_window_exceeded":
        return (
            f"prompt and answer do not fit the window of {order.input.model}\n"
            f"  help: shorten the prompts and outputs that agent {agent} reads, or choose a larger model"
        )
    if reason == "refusal":
        details = [gathered.stop_details.get(key) for key in ("category", "explanation")]
        why = ": ".join(str(detail) for detail in details if detail)
        return (
            f"{order.input.model} refused to answer{f' ({why[:300]})' if why else ''}\n"
            f"  help: reword the prompts of agent {agent}, or choose another model"
        )
    return (
        f"the answer ended with the unexpected reason {reason!r}\n"
        f"  help: this backend offers no tools; check what the model was asked for"
    )
