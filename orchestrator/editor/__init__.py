"""The language server: it keeps what editors hold, asks `agentlark.editing`, and translates.

No language logic lives here, and nothing runs but the compiler, within its limits and in threads of its own,
so that the server always answers. Start reading at `server.py`; `translate.py` has the protocol's shapes,
`positions.py` its way of counting.
"""

from __future__ import annotations

import os
from importlib.util import find_spec

from orchestrator.core.errors import UserError


def serve() -> None:
    """Speak the language server protocol over stdin and stdout until the editor ends it.

    Raises UserError when the extra that it needs is not installed.
    """
    if find_spec("pygls") is None or find_spec("lsprotocol") is None:
        raise UserError("agentlark lsp needs pygls", "install it: pip install 'agentlark[lsp]'")
    from orchestrator.editor.server import make_server

    # Copies, for pygls closes what it is given, and stdout is flushed after the last command too.
    with os.fdopen(os.dup(0), "rb") as messages, os.fdopen(os.dup(1), "wb") as answers:
        make_server().start_io(messages, answers)
