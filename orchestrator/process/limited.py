"""`python -m orchestrator.process.limited --memory=N --cpu=N --file=N -- ARGV…`: becomes ARGV, limited.

It sets the limits on itself and then replaces itself, so that the program starts within them.
"""

from __future__ import annotations

import os
import resource
import sys

_NAMES = {"--memory": resource.RLIMIT_AS, "--cpu": resource.RLIMIT_CPU, "--file": resource.RLIMIT_FSIZE}


def main(arguments: list[str]) -> None:
    """Set the limits and become the program."""
    split = arguments.index("--")
    for option in arguments[:split]:
        name, _, value = option.partition("=")
        resource.setrlimit(_NAMES[name], (int(value), int(value)))
    program = arguments[split + 1 :]
    os.execvp(program[0], program)  # noqa: S606  # an argv list, no shell


if __name__ == "__main__":
    main(sys.argv[1:])
