"""A mirror of the journal in a remote libSQL database, for people and programs elsewhere.

It follows the local file and is never ahead of it: whatever a lost connection keeps from it is sent when the
connection is back, in order, each row once. It is a sink: no run waits for it, and nothing is ever read back
from it to decide anything. libsql-client is imported here alone, and only when there is a mirror. Read
`rows.py` first: it says what is sent in which order; `mirror.py` sends it.
"""

from orchestrator.store.remote.sink import MirrorSink

__all__ = ["MirrorSink"]
