"""Configurations made up by chance, most of them broken: from a grammar, and from valid files by damage.

The same seed gives the same bytes, on any machine.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from random import Random

_TOKEN = re.compile(rb'\w+|"[^"\n]*"|[^\w\s]|\s+')

_FIELDS = (
    *("id", "role", "plan_prompt", "follow_up_prompt", "follow_up_enabled", "follow_up_schema", "depends_on"),
    *("follow_up_schema_rules", "blueprint", "backend", "model", "effort", "tools", "max_output_tokens"),
    *("timeout_s", "retries", "agents", "orchestration", "autonomous", "parallel", "max_waves", "relay"),
    *("enabled", "require_handoff_note", "graph", "idd", "größe"),
)
_CALLEES = (
    *("agent", "agent", "agent", "group", "group", "define_relay", "define_orchestration", "param"),
    *("prompt_file", "len", "str", "list", "dict", "sorted", "range", "type", "fail", "print", "f", "helper"),
    *("enumerate", "zip", "getattr", "int", "max", "repr", "set", "tuple", "reversed", "hash", "any"),
)
_NAMES = ("x", "f", "helper", "groups", "agents", "prompt", "values", "_hidden", "True", "None", "é")
_ATOMS = (
    *('"planner"', '"builder"', '"qa"', '"Builder"', '"core"', "'it'", '""', '"{}"', '"%s %d"', '"é\\u00e9"'),
    *("0", "1", "-1", "3", "7", "0x1F", "1.5", "1e9", "10", "99999999999999999999", "True", "False", "None"),
    *("[]", "{}", "()", 'b"x"', 'r"\\d"', '"""two\nlines"""', '"\\n\\t"', '"$ref"', '"object"', '"type"'),
    *("groups", "agents", "x", "f", "values", "len", "agent", "nothing"),
)
_OPERATORS = (
    *("+", "-", "*", "/", "//", "%", "|", "&", "^", "<<", ">>", "==", "!=", "<", ">=", "in", "not in"),
    *("and", "or"),
)
_METHODS = (
    *("append", "extend", "insert", "pop", "remove", "clear", "get", "keys", "items", "values", "update"),
    *("setdefault", "join", "split", "format", "strip", "upper", "replace", "startswith", "elems", "find"),
    *("index", "splitlines", "partition", "count", "title", "union", "nothing"),
)
_JUNK = (
    *(b"\x00", b"\xff", b"\xef\xbb\xbf", b"\r\n", b"\r", b"\t", b"\xed\xa0\x80", b"\xe2\x80\xae", b"'", b'"'),
    *(b'"""', b"(" * 40, b"]" * 3, b"-" * 60, b"\\", b"#", b"{", b"**", b"\xe2\x80\xa8", b"\x1b[31m"),
    *(b"load(", b"lambda: ", b"def ", b" if ", b"for ", b"9" * 400, b"0x", b"1e400", b"%s", b"\n  "),
)


class Grammar:
    """Writes files that mostly parse, seldom run and almost never make a squad."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def file(self) -> str:
        """A whole file."""
        pick = self._random
        lines = [self._statement(0) for _ in range(pick.randrange(4))]
        if pick.random() < 0.8:
            lines.append(self._squad())
        if pick.random() < 0.3:
            lines.append(self._statement(0))
        return "\n".join(lines) + pick.choice(("\n", "\n", "", "\n\n# end"))

    def _squad(self) -> str:
        if self._random.random() < 0.3:
            return f"agents = [{self._agents()}]"
        groups = [
            f'group(id = "{at}", agents = [{self._agents()}]{self._more()})'
            for at in range(self._random.randrange(3))
        ]
        return f"groups = [{', '.join(groups)}]"

    def _agents(self) -> str:
        count = self._random.randrange(4)
        ids = [self._random.choice(("planner", "builder", "qa", "docs")) for _ in range(count)]
        return ", ".join(
            f'agent(id = "{id}", role = "Builder", depends_on = ["{self._random.choice(ids)}"]{self._more()})'
            for id in ids
        )

    def _more(self) -> str:
        if self._random.random() < 0.4:
            return ""
        return f", {self._random.choice(_FIELDS)} = {self._expression(2)}"

    def _statement(self, depth: int) -> str:
        pick = self._random
        indent = "  " * depth
        kind = pick.randrange(11 if depth < 3 else 6)
        if kind == 0:
            return f"{indent}{pick.choice(_NAMES)} {pick.choice(('=', '+=', '|='))} {self._expression(3)}"
        if kind == 1:
            words = ("pass", "return x", "break", "continue", "x.y = 1", "a, b = 1, 2")
            return indent + pick.choice(words)
        if kind == 2:
            file = pick.choice(("other.lark", "../up.lark", "//a.lark", "", "self.lark", "/etc/passwd"))
            return f'{indent}load("{file}", "{pick.choice(_NAMES)}", b = "f")'
        if kind == 3:
            return f"{indent}x[{self._expression(1)}] = {self._expression(2)}"
        if kind <= 5:
            return indent + self._expression(3)
        body = "\n".join(self._statement(depth + 1) for _ in range(pick.randrange(1, 3)))
        if kind <= 7:
            parameters = pick.choice(("", "a", "a, b = 1", "*args, **more", "a, *, b", "a, a", "b = 1, c"))
            return f"{indent}def {pick.choice(_NAMES)}({parameters}):\n{body}"
        if kind == 8:
            return f"{indent}for {pick.choice(('x', 'a, b', 'x[0]'))} in {self._expression(2)}:\n{body}"
        if kind == 9:
            other = self._statement(depth + 1)
            return f"{indent}if {self._expression(2)}:\n{body}\n{indent}else:\n{other}"
        return f"{indent}while {self._expression(1)}:\n{body}"

    def _expression(self, depth: int) -> str:
        pick = self._random
        if depth <= 0 or pick.random() < 0.25:
            return pick.choice(_ATOMS)
        forms: tuple[Callable[[int], str], ...] = (
            *(self._call, self._call, self._list, self._dict, self._comprehension, self._operation),
            *(self._method, self._subscript, self._conditional, self._lambda, self._unary),
        )
        return pick.choice(forms)(depth - 1)

    def _call(self, depth: int) -> str:
        args = [self._argument(depth) for _ in range(self._random.randrange(4))]
        return f"{self._random.choice(_CALLEES)}({', '.join(args)})"

    def _argument(self, depth: int) -> str:
        kind = self._random.randrange(8)
        prefix = f"{self._random.choice(_FIELDS)} = " if kind < 4 else {6: "*", 7: "**"}.get(kind, "")
        return prefix + self._expression(depth)

    def _list(self, depth: int) -> str:
        items = ", ".join(self._expression(depth) for _ in range(self._random.randrange(4)))
        return self._random.choice(("[{}]", "({},)", "({})")).format(items)

    def _dict(self, depth: int) -> str:
        count = self._random.randrange(3)
        return f"{{{', '.join(f'{self._expression(0)}: {self._expression(depth)}' for _ in range(count))}}}"

    def _comprehension(self, depth: int) -> str:
        test = self._random.choice(("", f" if {self._expression(depth)}"))
        return f"[{self._expression(depth)} for x in {self._expression(depth)}{test}]"

    def _operation(self, depth: int) -> str:
        operator = self._random.choice(_OPERATORS)
        return f"{self._expression(depth)} {operator} {self._expression(depth)}"

    def _method(self, depth: int) -> str:
        return f"{self._expression(depth)}.{self._random.choice(_METHODS)}({self._argument(depth)})"

    def _subscript(self, depth: int) -> str:
        inside = self._random.choice(("{}", "{}:", ":{}", "::{}", "{}:2")).format(self._expression(depth))
        return f"{self._expression(depth)}[{inside}]"

    def _conditional(self, depth: int) -> str:
        return f"({self._expression(depth)} if {self._expression(depth)} else {self._expression(depth)})"

    def _lambda(self, depth: int) -> str:
        return f"(lambda x, *y: {self._expression(depth)})"

    def _unary(self, depth: int) -> str:
        return self._random.choice(("-", "not ", "+", "~")) + self._expression(depth)


def generated(random: Random) -> bytes:
    """A file from the grammar."""
    return Grammar(random).file().encode()


def damaged(random: Random, files: Sequence[bytes]) -> bytes:
    """One of the files with one to four mutations."""
    data = random.choice(files)
    for _ in range(random.randrange(1, 5)):
        data = random.choice(MUTATIONS)(random, data)
    return data


def _flip(random: Random, data: bytes) -> bytes:
    if not data:
        return data
    at = random.randrange(len(data))
    return data[:at] + bytes([data[at] ^ (1 << random.randrange(8))]) + data[at + 1 :]


def _part(random: Random, data: bytes) -> tuple[int, int]:
    start = random.randrange(len(data) + 1)
    return start, min(len(data), start + random.randrange(1, 60))


def _delete(random: Random, data: bytes) -> bytes:
    start, end = _part(random, data)
    return data[:start] + data[end:]


def _duplicate(random: Random, data: bytes) -> bytes:
    start, end = _part(random, data)
    return data[:end] + data[start:end] * random.randrange(1, 4) + data[end:]


def _truncate(random: Random, data: bytes) -> bytes:
    return data[: random.randrange(len(data) + 1)]


def _insert(random: Random, data: bytes) -> bytes:
    at = random.randrange(len(data) + 1)
    return data[:at] + random.choice(_JUNK) + data[at:]


def _swap_tokens(random: Random, data: bytes) -> bytes:
    tokens = _TOKEN.findall(data)
    if len(tokens) < 2:
        return data
    a, b = random.randrange(len(tokens)), random.randrange(len(tokens))
    tokens[a], tokens[b] = tokens[b], tokens[a]
    return b"".join(tokens)


def _replace_token(random: Random, data: bytes) -> bytes:
    tokens = _TOKEN.findall(data)
    if not tokens:
        return data
    words = random.choice((_ATOMS, _FIELDS, _CALLEES, _OPERATORS))
    tokens[random.randrange(len(tokens))] = random.choice(words).encode()
    return b"".join(tokens)


MUTATIONS: tuple[Callable[[Random, bytes], bytes], ...] = (
    _flip,
    _delete,
    _duplicate,
    _truncate,
    _insert,
    _swap_tokens,
    _replace_token,
)
