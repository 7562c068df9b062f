"""The methods of strings, bytes, lists, dicts and sets: one table of `Native` functions for each."""

from agentlark.starlark.methods.binary import BYTES
from agentlark.starlark.methods.dicts import DICT
from agentlark.starlark.methods.lists import LIST
from agentlark.starlark.methods.sets import SET
from agentlark.starlark.methods.strings import STRING

__all__ = ["BYTES", "DICT", "LIST", "SET", "STRING"]
