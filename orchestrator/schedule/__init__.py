"""Who runs when: the DAG of nodes, the ready set, the fold of facts, selections and joins.

All of it is pure: it reads no clock, does no I/O and knows no backend. Read `state.py` first: a run is
the fold of its facts, and everything else here answers questions about that fold.
"""
