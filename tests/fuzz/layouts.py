"""The same program laid out otherwise: lines broken, blank lines and comments strewn, by chance.

The same seed gives the same text, on any machine.
"""

from __future__ import annotations

from random import Random

from agentlark.starlark import StarlarkError
from agentlark.starlark.failures import Fault
from agentlark.starlark.syntax.lexer import Tokens, scan


def strewn(random: Random, text: str) -> str:
    """The text with another layout; a text that has no tokens as it is."""
    try:
        tokens = scan(text)
    except (Fault, StarlarkError):
        return text
    return "".join(_pieces(random, text, tokens))


def _pieces(random: Random, text: str, tokens: Tokens) -> list[str]:
    pieces: list[str] = []
    depth = 0
    done = 0
    for start, end, token in zip(tokens.starts, tokens.ends, tokens.texts, strict=True):
        if not token:
            continue
        pieces.append(text[done:start])
        done = end
        depth += (token in ("(", "[", "{")) - (token in (")", "]", "}"))
        if depth > 0 and token[0] not in "#\n\\":
            pieces += [token, _within(random)]
        elif depth == 0 and "\n" in token:
            pieces += _between(random, token)
        else:
            pieces.append(token)
    return [*pieces, text[done:]]


def _within(random: Random) -> str:
    """What may stand between the tokens of a bracket."""
    kind = random.random()
    number = random.randrange(100)
    if kind < 0.06:
        return "\n" + " " * random.randrange(6)
    if kind < 0.09:
        return f"  # behind {number}\n"
    if kind < 0.12:
        return "\n" * random.randrange(1, 3) + f" # before {number}\n"
    return ""


def _between(random: Random, line_break: str) -> list[str]:
    """What may stand between statements; `line_break` ends with the indentation of the next one."""
    indentation = line_break[line_break.rindex("\n") + 1 :]
    kind = random.random()
    number = random.randrange(100)
    if kind < 0.1:
        return [line_break, f"# above {number}\n{indentation}"]
    if kind < 0.2:
        return [line_break, f"\n{indentation}"]
    if kind < 0.25:
        return [line_break, f"\n# alone {number}\n\n{indentation}"]
    if kind < 0.3:
        return [f"  # behind {number}", line_break]
    return [line_break]
