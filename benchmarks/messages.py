"""What four programs say of the same mistakes: `python -m benchmarks.messages` prints Markdown.

Agentlark's language room, starlark-rust (starlark-pyo3), starlark-go and CPython, each in its own process.
First ten files with every message in full; then, over the corpus of `tests/cases` as far as it is plain
Starlark, how many files are refused, in how many the first mistake is put on its line, and how many mistakes
are told in one run.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

CASES = (
    ("A missing comma", 'agents = [agent(id = "planner" role = "Planner")]\n'),
    ("A bracket that is never closed", "x = [1, 2\ny = 3\n"),
    ("Two mistakes in one list", "x = [\n    1 2,\n    f(a: 3),\n]\n"),
    ("An f-string", 'n = 1\nx = f"agent {n}"\n'),
    ("An unknown name, twice", "planner = 1\nx = planer\ny = true\n"),
    ("An unknown keyword", 'def team(names):\n    return names\n\nx = team(name = ["a"])\n'),
    ("A misspelt method", 'x = "abc".uper()\n'),
    (
        "A missing key, in a function",
        'models = {"planner": 1}\n\ndef model(role):\n    return models[role]\n\nx = model("planer")\n',
    ),
    ("A key that comes twice", 'x = {"a": 1, "b": 2, "a": 3}\n'),
    ("Two failures", 'x = 1 // 0\ny = {"a": 1}["b"]\n'),
)
FILE = "a.lark"
CORPUS = Path(__file__).parents[1] / "tests" / "cases"
HOSTS_WORDS = re.compile(r"\b(agent|group|load|param|prompt_file)\(")
MARK = re.compile(r"\s*### (?=AL\d{3} )")
LIMIT = "### AL207 "
"""Marks files that only a limit stops."""
ACCEPTED = ""


def agentlark(text: str) -> str:
    from agentlark import starlark

    try:
        starlark.execute(text, filename=FILE)
    except starlark.StarlarkError as error:
        return str(error)
    return ACCEPTED


def starlark_rust(text: str) -> str:
    import starlark

    try:
        starlark.eval(starlark.Module(), starlark.parse(FILE, text), starlark.Globals.standard())
    except Exception as error:
        return str(error)
    return ACCEPTED


def starlark_go(text: str) -> str:
    from starlark_go import Starlark

    try:
        Starlark().exec(text, filename=FILE)
    except Exception as error:
        return str(error)
    return ACCEPTED


def cpython(text: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / FILE).write_text(text, encoding="utf-8")
        argv = [sys.executable, "-I", "-W", "ignore", FILE]
        try:
            done = subprocess.run(argv, cwd=folder, capture_output=True, text=True, timeout=2, check=False)
        except subprocess.TimeoutExpired:  # appending to the list that a loop runs over has no end there
            return ACCEPTED
        return done.stderr.replace(f"{Path(folder).resolve()}/", "")


PROGRAMS: dict[str, Callable[[str], str]] = {
    "agentlark": agentlark,
    "starlark-rust": starlark_rust,
    "starlark-go": starlark_go,
    "CPython": cpython,
}


def said_by(program: str, texts: list[str]) -> list[str]:
    """What a program says of some texts; asked in a process of its own, which a text may bring down."""
    argv = [sys.executable, "-m", "benchmarks.messages", program]
    done = subprocess.run(argv, input=json.dumps(texts), capture_output=True, text=True, check=True)
    answers: list[str] = json.loads(done.stdout)
    return answers


def corpus() -> list[tuple[str, list[int]]]:
    """The broken files that need no host: the text, and the lines of its mistakes."""
    found = []
    for name in ("syntax", "names", "running"):
        for chunk in re.split(r"(?m)^---\n", (CORPUS / f"{name}.lark").read_text(encoding="utf-8")):
            lines = [MARK.split(line) for line in chunk.splitlines()]
            text = "\n".join(parts[0] for parts in lines) + "\n"
            wrong = [number for number, parts in enumerate(lines, start=1) for _ in parts[1:]]
            if wrong and not HOSTS_WORDS.search(text) and LIMIT not in chunk:
                found.append((text, wrong))
    return found


def lines_in(message: str) -> list[int]:
    """The lines that a message is about: headlines of ours; for the others any place they name."""
    ours = re.findall(rf"(?m)^{FILE}:(\d+):\d+: error", message)
    others = re.findall(rf'{FILE}[^:\n]*:(\d+)|File "{FILE}", line (\d+)', message)
    return [int(line) for line in ours] or [int(a or b) for a, b in others]


def scores(program: str, files: list[tuple[str, list[int]]]) -> str:
    refused = right = told = 0
    for (_, wrong), message in zip(files, said_by(program, [text for text, _ in files]), strict=True):
        lines = lines_in(message)
        refused += message != ACCEPTED
        right += wrong[0] in lines
        told += min(len(wrong), len(lines)) if program == "agentlark" else wrong[0] in lines
    total = sum(len(wrong) for _, wrong in files)
    return f"| {program} | {refused} of {len(files)} | {right} of {len(files)} | {told} of {total} |"


def main() -> None:
    said = {program: said_by(program, [text for _, text in CASES]) for program in PROGRAMS}
    for number, (title, text) in enumerate(CASES):
        print(f"**{number + 1}. {title}**\n\n```python\n{text}```\n\n```text")
        print("\n\n".join(f"{program}:\n{said[program][number].strip() or '(nothing)'}" for program in said))
        print("```\n")
    files = corpus()
    print("| | refused | first mistake on its line | mistakes told |\n|---|---|---|---|")
    for program in PROGRAMS:
        print(scores(program, files))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps([PROGRAMS[sys.argv[1]](text) for text in json.load(sys.stdin)]))
    else:
        main()
