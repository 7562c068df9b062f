"""Artifacts: what a squad remembers, one readable file per answered turn, projected from the journal.

A second AgentFS file, always behind the journal and never ahead of it: whatever is lost of it is projected
again. It writes nothing for turns that were reused or replayed, never holds anything that the journal did
not, and is never waited for by a run. Read `projection.py` first, then `payload.py` for what a file holds.
"""

from orchestrator.store.artifacts.payload import Artifact
from orchestrator.store.artifacts.projection import ArtifactProjection, CaughtUp
from orchestrator.store.artifacts.sink import ArtifactSink

__all__ = ["Artifact", "ArtifactProjection", "ArtifactSink", "CaughtUp"]
