"""Terminal multiplexers: zellij first, tmux second, behind one protocol.

It starts sessions, adds panes, reads and writes them, and renders layouts. It knows nothing of agents but a
pane's name and command, never decides what runs, and never believes an exit code alone. Read
`multiplexer.py`; the toolkit for scripts is `orchestrator.panes.zellij`.
"""
