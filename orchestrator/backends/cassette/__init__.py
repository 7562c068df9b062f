"""Cassettes: a run's turns in one file, and a backend that answers from it instead of asking anybody.

`line.py` is the file's format, `reading.py` checks a file, `recorder.py` is the sink that writes one,
`player.py` answers from one. What is replayed is never asked live: a turn that is not on the cassette fails,
and says which entry comes nearest.
"""
