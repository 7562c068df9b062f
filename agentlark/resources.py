"""Where shipped files are: templates, configs, examples.

A wheel carries them inside the package under `_data`; a checkout and an editable install have them
beside the package. The checkout is asked first, because an editable install may hold a stale copy.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from agentlark.errors import ResourceMissing

_PACKAGE = Path(__file__).resolve().parent


@cache
def shipped_folder() -> Path:
    """The folder that holds `templates/`, `configs/` and `examples/`."""
    checkout = _PACKAGE.parent
    if (checkout / "pyproject.toml").is_file() and (checkout / "templates" / "prompts").is_dir():
        return checkout
    return _PACKAGE / "_data"


def shipped(relative: str) -> Path:
    """The path of a shipped file. Raises ResourceMissing when the installation lacks it."""
    path = shipped_folder() / relative
    if not path.exists():
        raise ResourceMissing(
            f"{relative} is missing from this installation of agentlark ({path}); reinstall it"
        )
    return path


@cache
def shipped_text(relative: str) -> str:
    """The text of a shipped file, read once."""
    return shipped(relative).read_text(encoding="utf-8")
