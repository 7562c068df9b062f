"""`agentlark lsp`: the language server."""

from __future__ import annotations

import sys

from orchestrator.cli.exits import say


def lsp() -> None:
    """Serve an editor over stdin and stdout (needs the extra lsp)."""
    from orchestrator.editor import serve

    if sys.stdin.isatty():
        say("agentlark lsp speaks with editors; docs/editors.md says how to set one up. Ctrl+C ends it.")
    serve()
