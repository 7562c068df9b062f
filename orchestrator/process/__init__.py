"""The one place that starts a child process.

Argv lists, an environment allow-list, a deadline, capped output, resource limits, and an end that takes all
descendants along. It never knows what it runs. Read `child.py`.
"""

from orchestrator.process.child import Child, Ended, Limits, run

__all__ = ["Child", "Ended", "Limits", "run"]
