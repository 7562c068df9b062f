"""One run: the loop that asks the scheduler, builds prompts, calls a Performer and awaits the journal.

It imports no adapter, prints nothing and chooses no exit code. Read `engine.py` first, then
`engagement.py`: the loop starts engagements, an engagement is one agent's turns.
"""
