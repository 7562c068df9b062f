"""`agentlark memory:rebuild`: the artifacts anew, from the journals."""

from __future__ import annotations

from orchestrator.cli.exits import say
from orchestrator.cli.memory_options import ProjectRoot, memory_paths
from orchestrator.cli.places import MemoryDir


def memory_rebuild(project_root: ProjectRoot = None, memory_dir: MemoryDir = None) -> None:
    """Write all artifacts, summaries and marks anew from the journals."""
    from orchestrator.cli.words import several
    from orchestrator.memory.shelf import rebuild

    paths = memory_paths(project_root, memory_dir)
    done = rebuild(paths)
    say(f"{paths.artifacts}: {several(done.written, 'artifact')} written")
    for turn in done.unreadable:
        say(f"warning: no artifact, because it cannot be read: {turn}")
