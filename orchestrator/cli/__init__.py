"""The `agentlark` command: typer, one file per command; each parses, calls, prints and chooses an exit code.

No logic lives here. Read `app.py` for what there is; `exits.py` says which error ends with which code.
"""

from __future__ import annotations

import gc
import os
import sys

COLLECTION = (100_000, 20, 20)
"""When the collector looks for garbage. A run makes very many small values that live on; by default it looks
after every 700 of them, which takes a fifth of the time in which a large run is taken up."""


def main() -> None:
    """Run the command line and exit."""
    from orchestrator.cli.pane import follows_in_pane

    if follows_in_pane(sys.argv[1:]):
        return
    gc.set_threshold(*COLLECTION)
    # Looking for pydantic plugins reads the metadata of every installed package: a tenth of our start-up.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    from orchestrator.cli.app import command_line
    from orchestrator.cli.exits import guarded

    try:
        guarded(command_line())
    finally:
        # All that is left goes with the process; without this, it is first looked through for garbage.
        gc.freeze()
