"""What an error of the SDK or the transport means for a turn: paid or not, worth repeating or not.

Needs the SDK to be imported already. Nothing here carries request headers, and vendors' words are bounded
and made one line.
"""

from __future__ import annotations

import math

import anthropic
import httpx2

from orchestrator.core.turn import Failed

_LONGEST_WAIT_S = 86_400.0
_LONGEST_WORDS = 400

_REFUSED: dict[int, tuple[str, str]] = {
    400: (
        "the request was refused",
        "check the model, effort and schema of the agent, and its prompt's length",
    ),
    401: ("the key was refused", "set ANTHROPIC_API_KEY to a valid key, or use --backend rehearsal"),
    402: ("the account cannot pay", "check billing of the account that the key belongs to"),
    403: ("the key may not do this", "use a key that may use this model, or choose another with --model"),
    404: ("there is no such model or address", "check --model and --base-url"),
    413: ("the request is too large", "shorten the prompts and the outputs that the agent reads"),
}
_PASSING: dict[int, str] = {
    408: "the server waited too long for the request",
    409: "the request met another one",
    429: "too many requests",
    504: "the server's own deadline passed",
    529: "the server is overloaded",
}
_REFUSING_TYPES = frozenset(
    {"invalid_request_error", "authentication_error", "permission_error", "not_found_error", "billing_error"}
)


def failed_for(error: Exception, *, where: str, started: bool) -> Failed:
    """The failure that an error stands for; `started` says whether the answer had begun to arrive."""
    if isinstance(error, anthropic.APIStatusError):
        return _event(error, started) if error.status_code < 400 else _status(error)
    cause = error.__cause__ if isinstance(error, anthropic.APIConnectionError) else error
    if isinstance(cause, httpx2.TransportError):
        return _transport(cause, where, started)
    if isinstance(error, anthropic.APIConnectionError):
        return Failed(error=f"the connection to {where} broke", paid="unknown", retryable=True)
    return Failed(
        error=f"the reply of {where} is not a Messages stream: {_reason(error)}\n"
        "  help: check --base-url: a proxy or a web page may be answering in its place",
        paid="unknown",
        retryable=True,
    )


def _status(error: anthropic.APIStatusError) -> Failed:
    """A request that was answered with an error status, before any stream."""
    status, words = error.status_code, _words(error)
    if status in _REFUSED or (status < 500 and status not in _PASSING):
        reason, remedy = _REFUSED.get(status, ("the request was refused", "check --base-url and the agent"))
        return Failed(error=f"HTTP {status}, {reason}: {words}\n  help: {remedy}", paid="no")
    remedy = "lower --jobs, or go on later" if status == 429 else "the provider's trouble: go on later"
    return Failed(
        error=f"HTTP {status}, {_PASSING.get(status, 'the server failed')}: {words}\n  help: {remedy}",
        paid="unknown" if status in (408, 504) else "no",
        retryable=True,
        retry_after_s=_retry_after_s(error.response.headers),
    )


def _event(error: anthropic.APIStatusError, started: bool) -> Failed:
    """An error that came as an event of the stream."""
    return Failed(
        error=f"the stream ended with an error, {error.type or 'of no type'}: {_words(error)}",
        paid="unknown" if started else "no",
        retryable=error.type not in _REFUSING_TYPES,
    )


def _transport(error: httpx2.TransportError, where: str, started: bool) -> Failed:
    """A connection that could not be made, or that broke; before it was made nothing can have been paid."""
    if isinstance(error, httpx2.UnsupportedProtocol | httpx2.LocalProtocolError):
        return Failed(
            error=f"nothing can be sent to {where}\n  help: check --base-url and the key", paid="no"
        )
    if isinstance(
        error, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.PoolTimeout | httpx2.ProxyError
    ):
        return Failed(
            error=f"no connection to {where}: {_flat(str(error)) or type(error).__name__}\n"
            f"  help: check the network and --base-url",
            paid="no",
            retryable=True,
        )
    happened = "nothing more came" if isinstance(error, httpx2.TimeoutException) else "the connection broke"
    when = "in the middle of the answer" if started else "before the answer began"
    return Failed(
        error=f"{happened} from {where} {when}\n  help: check the network; go on later",
        paid="unknown",
        retryable=True,
    )


def _retry_after_s(headers: httpx2.Headers) -> float | None:
    """Seconds the server asks to wait: a number from 0 up to a day; None for anything else."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            seconds = float(headers[name]) * unit
        except (KeyError, ValueError):
            continue
        if math.isfinite(seconds) and seconds >= 0:
            return min(seconds, _LONGEST_WAIT_S)
    return None


def _words(error: anthropic.APIStatusError) -> str:
    body = error.body if isinstance(error.body, str) else ""
    return _flat(str(error.api_message or body or "no reason given"))


def _reason(error: Exception) -> str:
    """What is wrong with a reply, without quoting it."""
    return _flat(str(error)) if type(error).__module__.startswith("orchestrator.") else type(error).__name__


def _flat(words: str) -> str:
    """Words on one line, without control characters, bounded."""
    line = " ".join("".join(char if char.isprintable() else " " for char in words).split())
    return line if len(line) <= _LONGEST_WORDS else line[:_LONGEST_WORDS] + "…"
