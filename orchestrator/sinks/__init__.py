"""What facts and signals look like to people and programs: log files, timeline, console, NDJSON.

A sink has its own queue and thread, may lag or fail, and never stops a run. Nothing here decides anything.
Read `queue.py` first: every sink is a `QueueSink` that handles one item at a time.
"""
