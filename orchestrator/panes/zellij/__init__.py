"""The zellij toolkit: `ZellijClient` for scripts and services, `ZellijMultiplexer` for this program.

It runs zellij's command line, never a shell; checks what it is given, returns typed values, and turns
zellij's silent refusals into errors. The reference is docs/zellij.md; read `calls.py` first.
"""

from orchestrator.panes.zellij.client import ZellijClient
from orchestrator.panes.zellij.multiplexer import ZellijMultiplexer, ZellijSession
from orchestrator.panes.zellij.options import Direction, Floating, PaneOptions, PipeOptions, PluginOptions
from orchestrator.panes.zellij.pipes import PipeReply
from orchestrator.panes.zellij.results import (
    ClientInfo,
    PaneEvent,
    PaneGone,
    PaneInfo,
    PaneUpdate,
    PluginAlias,
    SessionInfo,
    TabInfo,
)

__all__ = [
    "ClientInfo",
    "Direction",
    "Floating",
    "PaneEvent",
    "PaneGone",
    "PaneInfo",
    "PaneOptions",
    "PaneUpdate",
    "PipeOptions",
    "PipeReply",
    "PluginAlias",
    "PluginOptions",
    "SessionInfo",
    "TabInfo",
    "ZellijClient",
    "ZellijMultiplexer",
    "ZellijSession",
]
