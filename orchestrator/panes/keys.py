"""Key names, one spelling for all multiplexers: `a`, `Enter`, `F1`, `Ctrl c`, `Ctrl Alt Left`.

The spelling is zellij's; `tmux_name` translates.
"""

from __future__ import annotations

import difflib

from orchestrator.panes.errors import InvalidInput

_TMUX = {
    "Enter": "Enter",
    "Esc": "Escape",
    "Tab": "Tab",
    "Backspace": "BSpace",
    "Delete": "DC",
    "Insert": "IC",
    "Home": "Home",
    "End": "End",
    "PageUp": "PPage",
    "PageDown": "NPage",
    "Up": "Up",
    "Down": "Down",
    "Left": "Left",
    "Right": "Right",
    "Space": "Space",
    **{f"F{n}": f"F{n}" for n in range(1, 13)},
}
_MODIFIERS = {"Ctrl": "C-", "Alt": "M-", "Shift": "S-"}


def checked(key: str) -> tuple[tuple[str, ...], str]:
    """A key's modifiers and what is pressed with them. Raises InvalidInput for what is none."""
    *modifiers, base = key.split(" ") if key != " " else ["Space"]
    for modifier in modifiers:
        if modifier not in _MODIFIERS:
            raise InvalidInput(
                f"key {key!r}: {modifier!r} is no modifier", "modifiers are Ctrl, Alt and Shift"
            )
    if base not in _TMUX and not (len(base) == 1 and base.isprintable()):
        near = difflib.get_close_matches(base.capitalize(), _TMUX, n=1, cutoff=0.4)
        hint = f"did you mean {near[0]}? " if near else ""
        raise InvalidInput(
            f"key {key!r}: {base!r} is no key", f"{hint}keys are single characters and {', '.join(_TMUX)}"
        )
    return tuple(modifiers), base


def zellij_name(key: str) -> str:
    """The key as zellij calls it. Raises InvalidInput."""
    modifiers, base = checked(key)
    return " ".join((*modifiers, base))


def tmux_name(key: str) -> str:
    """The key as tmux calls it. Raises InvalidInput."""
    modifiers, base = checked(key)
    return "".join(_MODIFIERS[modifier] for modifier in modifiers) + _TMUX.get(base, base)
