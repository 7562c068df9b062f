"""What `doctor` says about the files of a folder's runs."""

from __future__ import annotations

import os
from collections.abc import Iterator

from orchestrator.core.errors import StoreError
from orchestrator.core.health import Check
from orchestrator.core.paths import RunPaths
from orchestrator.store.journal import open_journal_readonly


def examine(paths: RunPaths) -> Iterator[Check]:
    """Whether the folder can be written, and whether its journal can be read."""
    if os.access(paths.folder, os.W_OK):
        yield Check("folder", "ok", f"{paths.folder} can be written")
    else:
        yield Check("folder", "broken", f"{paths.folder} cannot be written", "run in a folder of yours")
    if not paths.journal.exists():
        yield Check("journal", "optional", "no run here yet", "agentlark run --prompt …")
        return
    try:
        with open_journal_readonly(paths.journal) as journal:
            runs = journal.runs()
        yield Check("journal", "ok", f"{paths.journal}: {len(runs)} runs")
    except StoreError as error:
        yield Check("journal", "broken", error.message, error.remedy)
