"""The session: a run in the background, and a terminal session in which every agent's log is alive.

It settles which folder's squad is meant, writes the layout, starts the runner headless, opens a session in
zellij or tmux, adds a pane for every agent that is born later, and ends it all again. It never decides what
runs: the runner is `agentlark run`, and what it does is told by its logs. Read `opening.py`.
"""

from orchestrator.launch.logs import spawn_squad_session

__all__ = ["spawn_squad_session"]
