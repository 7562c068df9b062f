"""`agentlark explain`: what a code means, with an example and the way out."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer


def explain(
    code: Annotated[
        str | None, typer.Argument(help="A code such as AL308; without it, all are listed.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print what a diagnostic's code means, a file that gets it, and what to do."""
    from agentlark.explain import entries, entry

    chosen = [entry(code)] if code else list(entries().values())
    if as_json:
        listed = [{"code": each.code, "title": each.title, "text": each.text} for each in chosen]
        sys.stdout.write(json.dumps(listed, indent=2, ensure_ascii=False) + "\n")
    elif code:
        (found,) = chosen
        sys.stdout.write(f"{found.code}: {found.title}\n\n{found.text}\n")
    else:
        sys.stdout.write("".join(f"{each.code}  {each.title}\n" for each in chosen))
