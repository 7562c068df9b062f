"""Real Starlark, the dialect of starlark-go, as a library of its own.

`execute` runs a file and returns its frozen globals, `parse` returns its tree; both raise `StarlarkError`.
It never touches files, network, clock or environment: modules come from the `load` function of the host,
and a program reaches no Python object but the values it is given. Start reading at `program.py`; the layers
below it are `syntax/`, `resolve.py` and `evaluate/`, over `values.py`.
"""

from agentlark.starlark.convert import NotPlain, from_python, to_python
from agentlark.starlark.failures import StarlarkError
from agentlark.starlark.host import Call
from agentlark.starlark.limits import Limits
from agentlark.starlark.program import Module, execute, parse
from agentlark.starlark.syntax.comments import comments
from agentlark.starlark.values import Builtin, HostValue, freeze, type_name

__all__ = [
    "Builtin",
    "Call",
    "HostValue",
    "Limits",
    "Module",
    "NotPlain",
    "StarlarkError",
    "comments",
    "execute",
    "freeze",
    "from_python",
    "parse",
    "to_python",
    "type_name",
]
