"""From resolved tree to values: every node becomes a Python closure once, and closures are called.

No Python source, syntax tree or code object is generated. Start reading at `context.py`.
"""

from agentlark.starlark.evaluate import calls, expressions, functions, names, statements
from agentlark.starlark.evaluate.context import Context

__all__ = ["Context", "calls", "expressions", "functions", "names", "statements"]
