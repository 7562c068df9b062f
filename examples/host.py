"""A language of its own in a few lines: `python examples/host.py [FILE]` prints the plan a file describes.

Its one word is `task(name, needs = [], minutes = 1)`, which returns the name; all else is Starlark's.
"""

import sys
from pathlib import Path

from agentlark import starlark


def plan(source: str, filename: str) -> list[str]:
    """The lines of the plan."""
    ends: dict[str, int] = {}
    lines: list[str] = []

    def task(call: starlark.Call, args: tuple[object, ...], kwargs: dict[str, object]) -> str:
        values = dict(zip(("name", "needs", "minutes"), args, strict=False)) | kwargs
        name, needs, minutes = values.get("name"), values.get("needs", ()), values.get("minutes", 1)
        if not (isinstance(name, str) and isinstance(needs, list | tuple) and isinstance(minutes, int)):
            call.error("task takes a name, a list of names and a number of minutes")
        for at, need in enumerate(needs):
            if not (isinstance(need, str) and need in ends):
                call.error(f"no task {call.repr(need)} so far", call.where("needs", at))
        begin = max((ends[need] for need in needs), default=0)
        ends[name] = begin + minutes
        lines.append(f"{begin:3} to {ends[name]:3}  {name}")
        return name

    starlark.execute(source, filename=filename, builtins={"task": starlark.Builtin("task", task)})
    return lines


if __name__ == "__main__":
    file = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).with_name("host.star"))
    try:
        print(*plan(file.read_text(encoding="utf-8"), file.name), sep="\n")
    except starlark.StarlarkError as error:
        sys.exit(str(error))
