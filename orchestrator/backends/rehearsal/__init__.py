"""The offline backend: deterministic answers that say SIMULATED, for a first run without a key.

It never sends, bills or changes anything, and never leaves in doubt that it did not. The same order gives
the same answer on any machine. Read `backend.py` first; `prose.py`, `blueprint.py` and `filler.py` make
the three kinds of answer.
"""

from orchestrator.backends.rehearsal.backend import Rehearsal, RehearsalOptions

__all__ = ["Rehearsal", "RehearsalOptions"]
