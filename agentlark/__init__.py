"""The compiler: a Starlark text in, a checked squad out.

It parses, evaluates and checks `agents.lark` and emits deterministic JSON. It never runs anything: no
network, no process, no clock, no environment. Start reading at `compiler.py`.
"""

__version__ = "0.1.0"
