"""The `agentlark` command: typer, one file per command; each parses, calls, prints and chooses an exit code.

No logic lives here. Read `app.py` for what there is; `exits.py` says which error ends with which code.
"""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run the command line and exit."""
    from orchestrator.cli.pane import follows_in_pane

    if follows_in_pane(sys.argv[1:]):
        return
    # Looking for pydantic plugins reads the metadata of every installed package: a tenth of our start-up.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    from orchestrator.cli.app import app
    from orchestrator.cli.exits import guarded

    guarded(app)
