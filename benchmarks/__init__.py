"""Benchmarks: what agentlark costs beside the models, as ratios that hold on any machine.

Every case runs in a process of its own, contestants take turns in interleaved rounds, medians count. They
measure the program as it is; nothing here is imported by it. Read `overhead.py` first, then `README.md`.
"""
