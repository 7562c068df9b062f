"""What every room speaks: frozen values, Protocols, settings, errors. It does no I/O beyond reading settings.

Read `turn.py` first: a turn is what the whole program exists to carry out, once.
"""
