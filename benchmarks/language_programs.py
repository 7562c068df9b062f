"""The programs of the language benchmark: configurations of so many agents, and compute kernels.

They are written in what all contestants understand: no sets, no recursion, nothing but functions and one
global, `result`.
"""

from __future__ import annotations

from collections.abc import Iterator

AGENTS_PER_GROUP = 10

_ROLES = ("Planner", "Researcher", "Builder", "Reviewer", "QA", "Docs")

_AGENT = """\
      agent(
        id = "{id}",
        role = "{role}",
        plan_prompt = "Read the task as {role} and say which steps you take, which files you expect to \
touch and what could go wrong in each. Keep it short, please.",
        follow_up_prompt = "Carry out step {number}; then say what changed and what is left for others.",
        depends_on = [{depends_on}],
        follow_up_schema = {{
          "type": "object",
          "properties": {{"summary": {{"type": "string"}}, "risk": {{"enum": ["low", "high"]}}}},
          "required": ["summary"],
        }},
      ),
"""

_WORDS = """\
def agent(**fields):
  return fields

def group(**fields):
  return fields

"""

KERNELS = {
    "fib": """\
def fib(n):
  a, b = 0, 1
  for _ in range(n):
    a, b = b, a + b
  return a

def main():
  total = 0
  for i in range(1500):
    total += fib(i % 80)
  return total
""",
    "nested loops": """\
def main():
  total = 0
  for i in range(250):
    for j in range(250):
      if (i + j) % 3 == 0:
        total += i * j
      else:
        total -= j
  return total
""",
    "comprehensions": """\
def main():
  total = 0
  for i in range(60):
    squares = [x * x for x in range(1000) if x % 2 == 0]
    total += len(squares) + squares[i]
  return total
""",
    "dict building": """\
def main():
  total = 0
  for i in range(30):
    table = {}
    for j in range(1000):
      table[j] = j + i
    twice = {key: 2 * value for key, value in table.items()}
    total += twice[i] + len(table)
  return total
""",
    "append": """\
def main():
  total = 0
  for i in range(40):
    items = []
    for j in range(1500):
      items.append(j)
    total += len(items)
  return total
""",
    "plain calls": """\
def add(a, b):
  return a + b

def main():
  total = 0
  for i in range(40000):
    total = add(total, i)
  return total
""",
    "keyword calls": """\
def step(value, *, scale = 1, shift = 0, **rest):
  return value * scale + shift

def main():
  total = 0
  for i in range(20000):
    total += step(i, scale = 2, shift = 3)
  return total
""",
    "formatting": """\
def main():
  size = 0
  for i in range(20000):
    size += len("%s has %d of %s" % ("agent", i, "steps")) + len("{}-{}".format(i, "x"))
  return size
""",
}
"""Each defines `main`; the value of `main()` counts."""


def configuration(agents: int, *, with_words: bool = False) -> str:
    """A configuration like the ones people write; its value is the list `result`.

    `with_words` defines `agent` and `group` in the file itself instead of taking them from the host.
    """
    parts = [_WORDS] if with_words else []
    parts.append("result = [\n")
    for first in range(0, agents, AGENTS_PER_GROUP):
        parts.append(f'  group(\n    id = "group-{first // AGENTS_PER_GROUP}",\n    agents = [\n')
        parts.extend(_agents(first, min(first + AGENTS_PER_GROUP, agents)))
        parts.append("    ],\n  ),\n")
    parts.append("]\n")
    return "".join(parts)


def _agents(first: int, end: int) -> Iterator[str]:
    for number in range(first, end):
        depends_on = ", ".join(f'"agent-{before}"' for before in range(max(first, number - 2), number))
        role = _ROLES[number % len(_ROLES)]
        yield _AGENT.format(id=f"agent-{number}", role=role, number=number, depends_on=depends_on)


def kernel(name: str) -> str:
    """A compute kernel; its value is `result`."""
    return f"{KERNELS[name]}\nresult = main()\n"
