"""tmux, where there is no zellij.

Its sessions live on a server of their own (`tmux -L agentlark`), so that neither the Ctrl+S binding nor an
option of ours touches the user's. Two traps: a `;` at the end of an argument ends the command inside tmux,
and names are formats in which `#` is doubled; both are spelled out in `calls.py`. Sessions, windows and panes
are addressed by tmux's own ids.
"""

from orchestrator.panes.tmux.multiplexer import TmuxMultiplexer
from orchestrator.panes.tmux.session import TmuxSession

__all__ = ["TmuxMultiplexer", "TmuxSession"]
