"""Those who are measured: each runs a shape to its end with no-op turns and says how long it took.

All answer each turn with the same 1 KB, record it in SQLite (write-ahead log, `synchronous=FULL`) before
anything depends on it, and check at the end that every turn was taken. Building the graph is not part of
the time.
"""
