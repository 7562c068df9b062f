"""What outlives a process: the AgentFS file format, the journal of runs, the artifacts projected from it.

It never knows how turns are made and never imports a backend or the run loop. Read `journal/journal.py`
first: everything else in this room is there so that it can promise what it promises.
"""
