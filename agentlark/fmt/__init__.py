"""The formatter: a Starlark text in, the same program in its one layout out.

The layout is that of buildifier for plain Starlark files, so that what is formatted here stays as it is
there: four spaces, one item a line where a bracket was opened over several lines, double quotes, loads first
and in order. Comments are kept. It never changes what a file evaluates to, and looks for itself before it
gives anything back (`meaning.py`). Start reading at `formatter.py`.
"""

from agentlark.fmt.formatter import Unformattable, format_text

__all__ = ["Unformattable", "format_text"]
