"""`agentlark schema`: the compiled form as a JSON Schema."""

from __future__ import annotations

import json
import sys


def schema() -> None:
    """Print the JSON Schema of the compiled form."""
    from agentlark.compiled import json_schema

    json.dump(json_schema(), sys.stdout, indent=2, sort_keys=True)
    sys.stdout.write("\n")
