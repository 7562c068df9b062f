"""`agentlark schema`: the compiled form, or an artifact, as a JSON Schema."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer


def schema(
    artifact: Annotated[
        bool, typer.Option("--artifact", help="The schema of an artifact's payload instead.")
    ] = False,
) -> None:
    """Print the JSON Schema of the compiled form."""
    if artifact:
        from orchestrator.store.artifacts.payload import schema as found
    else:
        from agentlark.compiled import json_schema as found

    json.dump(found(), sys.stdout, indent=2, sort_keys=True)
    sys.stdout.write("\n")
