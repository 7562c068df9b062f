"""What an error of the SDK or the transport means for a turn: paid or not, worth repeating or not.

Needs the SDK to be imported already. Nothing here carries request headers, and vendors' words are bounded
and made one line.
"""

from __future__ import annotations

from datetime import datetime

import anthropic
import httpx2

from orchestrator.backends.anthropic_api.limits import limit_of
from orchestrator.core.turn import Failed, Limit

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
    503: "the server takes no requests",
    504: "the server's own deadline passed",
    529: "the server is overloaded",
}
_LIMITING_TYPES: dict[str, Limit] = {"overloaded_error": "overload", "rate_limit_error": "rate"}
_REFUSING_TYPES = frozenset(
    {"invalid_request_error", "authentication_error", "permission_error", "not_found_error", "billing_error"}
)


def failed_for(error: Exception, *, where: str, started: bool, now: datetime) -> Failed:
    """The failure that an error stands for; `started` says whether the answer had begun to arrive."""
    if isinstance(error, anthropic.APIStatusError):
        return _event(error, started) if error.status_code < 400 else _status(error, now)
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


def _status(error: anthropic.APIStatusError, now: datetime) -> Failed:
    """A request that was answered with an error status, before any stream."""
    status, words = error.status_code, _words(error)
    limit, comeback = limit_of(status, error.response.headers, words, now)
    note = f" ({_flat(comeback.note)})" if comeback.note else ""
    if limit == "quota":
        return Failed(
            error=f"HTTP {status}, what the account may use is used up: {words}{note}",
            paid="no",
            retryable=True,
            retry_after_s=comeback.seconds,
            limit=limit,
        )
    if status in _REFUSED or (status < 500 and status not in _PASSING):
        reason, remedy = _REFUSED.get(status, ("the request was refused", "check --base-url and the agent"))
        return Failed(error=f"HTTP {status}, {reason}: {words}\n  help: {remedy}", paid="no")
    remedy = "" if limit else "\n  help: the provider's trouble: go on later"
    return Failed(
        error=f"HTTP {status}, {_PASSING.get(status, 'the server failed')}: {words}{note}{remedy}",
        paid="unknown" if status in (408, 504) else "no",
        retryable=True,
        retry_after_s=comeback.seconds,
        limit=limit,
    )


def _event(error: anthropic.APIStatusError, started: bool) -> Failed:
    """An error that came as an event of the stream."""
    return Failed(
        error=f"the stream ended with an error, {error.type or 'of no type'}: {_words(error)}",
        paid="unknown" if started else "no",
        retryable=error.type not in _REFUSING_TYPES,
        limit=_LIMITING_TYPES.get(error.type or ""),
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
