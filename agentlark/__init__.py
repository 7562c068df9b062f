"""The compiler: a Starlark text in, a checked squad out.

It parses, evaluates and checks `agents.lark` and emits deterministic JSON. It never runs anything: no
network, no process, no clock, no environment. Start reading at `compiler.py`.

    import agentlark

    compilation = agentlark.compile_file("configs/agents.lark")   # raises agentlark.ConfigError
    print(agentlark.compiled(compilation.squad))

Names are loaded on first use, so that `from agentlark import starlark` costs only the language.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from agentlark.compiled import emit, load_compiled
    from agentlark.compiler import Compilation, compile_file
    from agentlark.diagnostics import Diagnostic
    from agentlark.errors import AgentlarkError, ConfigError
    from agentlark.model import Squad

__version__ = "0.1.0"

_HOMES = {
    "AgentlarkError": "errors",
    "Compilation": "compiler",
    "ConfigError": "errors",
    "Diagnostic": "diagnostics",
    "Squad": "model",
    "compile_file": "compiler",
    "emit": "compiled",
    "load_compiled": "compiled",
}

__all__ = [
    "AgentlarkError",
    "Compilation",
    "ConfigError",
    "Diagnostic",
    "Squad",
    "compile_file",
    "emit",
    "load_compiled",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{home}"), name)
