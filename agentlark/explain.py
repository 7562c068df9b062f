"""What a code means: the entries of docs/errors.md, which ships with the package and is their one source."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from agentlark.codes import CODES as SQUAD_CODES
from agentlark.diagnostics import nearest
from agentlark.errors import AgentlarkError
from agentlark.resources import shipped_text
from agentlark.starlark.codes import CODES as LANGUAGE_CODES

PAGE = "docs/errors.md"

_HEADING = re.compile(r"^### (AL\d{3}): (.+)$", re.MULTILINE)


class UnknownCode(AgentlarkError):
    """A code that no diagnostic carries."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What the page says of one code; `text` is Markdown, the heading left out."""

    code: str
    title: str
    text: str


def title_of(code: str) -> str:
    """The meaning of a code in a line; the code itself when nobody has given it one."""
    return LANGUAGE_CODES.get(code) or SQUAD_CODES.get(code) or code


@cache
def entries() -> dict[str, Entry]:
    """The entries of the page by code, in its order."""
    parts = _HEADING.split(shipped_text(PAGE))[1:]
    found = {}
    for code, title, rest in zip(parts[0::3], parts[1::3], parts[2::3], strict=True):
        text = re.split(r"(?m)^## ", rest)[0].strip()
        found[code] = Entry(code, title, text)
    return found


def example_of(entry: Entry) -> tuple[str, str]:
    """The language and the text of an entry's broken example."""
    found = re.search(r"```(\w+)\n(.*?)```", entry.text, re.DOTALL)
    return (found[1], found[2]) if found else ("", "")


def entry(code: str) -> Entry:
    """The entry of a code, written in any case and with or without its letters. Raises UnknownCode."""
    wanted = code.upper() if not code.isdigit() else f"AL{code.zfill(3)}"
    known = entries()
    if wanted not in known:
        near = nearest(wanted, known)
        raise UnknownCode(
            f"there is no code {code!r}: " + (f"did you mean {near}?" if near else "codes look like AL101")
        )
    return known[wanted]
