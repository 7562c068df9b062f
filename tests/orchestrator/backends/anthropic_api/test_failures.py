"""Errors of transport and SDK that no loopback server can bring about."""

from __future__ import annotations

import anthropic
import httpx2
import pytest

from orchestrator.backends.anthropic_api.failures import failed_for
from tests.doubles.virtual_time import EPOCH

REQUEST = httpx2.Request("POST", "https://api.example.org/v1/messages")


def wrapped(cause: Exception) -> Exception:
    """An error as the SDK raises it for a request that could not be sent."""
    error = anthropic.APIConnectionError(request=REQUEST)
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("cause", "paid", "retryable"),
    [
        (httpx2.ConnectError("no route"), "no", True),
        (httpx2.ConnectTimeout("slow"), "no", True),
        (httpx2.PoolTimeout("busy"), "no", True),
        (httpx2.ProxyError("proxy"), "no", True),
        (httpx2.UnsupportedProtocol("no scheme"), "no", False),
        (httpx2.LocalProtocolError("bad header"), "no", False),
        (httpx2.WriteError("broken pipe"), "unknown", True),
        (httpx2.ReadTimeout("silence"), "unknown", True),
        (httpx2.RemoteProtocolError("gone"), "unknown", True),
        (RuntimeError("odd"), "unknown", True),
    ],
)
def test_a_request_is_unpaid_only_when_it_cannot_have_been_sent(
    cause: Exception, paid: str, retryable: bool
) -> None:
    failed = failed_for(wrapped(cause), where="https://api.example.org", started=False, now=EPOCH)
    assert (failed.paid, failed.retryable) == (paid, retryable)
    assert "api.example.org" in failed.error


def test_words_of_a_vendor_are_made_one_bounded_line() -> None:
    response = httpx2.Response(500, request=REQUEST)
    error = anthropic.InternalServerError("x", response=response, body="<p>\x1b[31m\n" + "long " * 500)
    failed = failed_for(error, where="here", started=False, now=EPOCH)
    cause = failed.error.partition("\n  help: ")[0]
    assert "\x1b" not in failed.error and "\n" not in cause
    assert len(failed.error) < 500


@pytest.mark.parametrize(
    ("kind", "retryable"), [("overloaded_error", True), ("api_error", True), ("authentication_error", False)]
)
def test_an_error_event_before_the_answer_began_is_unpaid(kind: str, retryable: bool) -> None:
    body = {"type": "error", "error": {"type": kind, "message": "no"}}
    error = anthropic.APIStatusError("x", response=httpx2.Response(200, request=REQUEST), body=body)
    failed = failed_for(error, where="here", started=False, now=EPOCH)
    assert (failed.paid, failed.retryable) == ("no", retryable)
    assert kind in failed.error
