"""The Anthropic Messages API as a backend: one order, one streamed request, one outcome.

It never retries (the run does), never reads the environment, and never lets its key into a text. The SDK is
imported when the first turn is performed, outside the event loop. Read `backend.py` first; `request.py`
writes what is sent, `gather.py` reads what comes back, `failures.py` and `conclusion.py` say what it means.
"""

from orchestrator.backends.anthropic_api.backend import AnthropicBackend, AnthropicOptions

__all__ = ["AnthropicBackend", "AnthropicOptions"]
