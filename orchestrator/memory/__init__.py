"""What a squad remembers, for people and for later runs: looking through it, condensing it, rebuilding it.

Condensing is a squad of summarisers that `run` runs, recorded in a journal of the memory's own; there is no
second way to models here, and nothing is ever deleted but what `--undo` takes back. Read `shelf.py` first:
it says which files there are and how they are kept up to date.
"""
