"""Artifacts: what a squad remembers, one readable file per answered turn, projected from the journal.

A second AgentFS file, always behind the journals and never ahead of them: whatever is lost of it is projected
again. It writes nothing for turns that were reused or replayed, never holds anything that a journal did
not, and is never waited for by a run. Read `projection.py` first, then `payload.py` for what a file holds and
`reader.py` for how it is asked.
"""

from orchestrator.store.artifacts.payload import Artifact
from orchestrator.store.artifacts.projection import ArtifactProjection, CaughtUp
from orchestrator.store.artifacts.query import Wanted
from orchestrator.store.artifacts.reader import ArtifactReader, Found, open_artifacts
from orchestrator.store.artifacts.sink import ArtifactSink

__all__ = [
    "Artifact",
    "ArtifactProjection",
    "ArtifactReader",
    "ArtifactSink",
    "CaughtUp",
    "Found",
    "Wanted",
    "open_artifacts",
]
