"""What is said about a file that is no cassette, or no longer one."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orchestrator.backends.cassette.line import Entry, Head, as_line
from orchestrator.backends.cassette.reading import read_cassette
from orchestrator.core.errors import UserError
from orchestrator.core.turn import Done, Message, TurnInput, Usage

HEAD = as_line(Head(run="r", task="t", settings={"jobs": "4"}))


def an_entry(prompt: str = "p", step: int = 1, attempt: int = 1) -> bytes:
    turn = TurnInput(agent="a", purpose="plan", backend="fake", model="m", prompt=prompt)
    done = Done(message=Message(role="assistant", text="said"), usage=Usage(input=1, output=2))
    entry = Entry(
        node="a", step=step, attempt=attempt, origin="live", key=turn.key(), input=turn, outcome=done
    )
    return as_line(entry)


def edited(line: bytes, change: Callable[[Any], object]) -> bytes:
    value = json.loads(line)
    change(value)
    return json.dumps(value).encode() + b"\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is not a cassette: it is empty"),
        (b"\n\n", "is not a cassette: it is empty"),
        (b"Dear diary\n", "is not a cassette: line 1: it is not JSON"),
        (b"[]\n", "is not a cassette: its first line has no version"),
        (an_entry(), "is not a cassette: its first line has no version"),
        (edited(HEAD, lambda head: head.update(cassette=2)), "a cassette of version 2, and this"),
        (edited(HEAD, lambda head: head.pop("task")), "line 1: task: Field required"),
        (HEAD + an_entry()[:-9], "line 2: it was cut off"),
        (HEAD + an_entry()[:-1], "line 2: it was cut off"),
        (HEAD + an_entry() + b"{}\n", "line 3: node: Field required"),
        (HEAD + b'{"node":"a","node":"b"}\n', "line 2: the key 'node' stands twice"),
        (HEAD + b"\xff\xfe\n", "line 2: it is not UTF-8 text"),
        (HEAD + b"\n" + an_entry() + an_entry(), "line 4: a, step 1, has its answer on line 3 already"),
        (HEAD + edited(an_entry(), lambda entry: entry.update(more=1)), "line 2: more: Extra inputs"),
        (HEAD + edited(an_entry(), lambda entry: entry.update(step=0)), "line 2: step: "),
        (
            HEAD + edited(an_entry(), lambda entry: entry["input"].update(prompt="q")),
            "line 2: its key is not that of its input",
        ),
        (
            HEAD + edited(an_entry(), lambda entry: entry["outcome"].pop("usage")),
            "line 2: outcome.done.usage",
        ),
    ],
)
def test_a_cassette_that_cannot_be_replayed_is_refused_with_its_line(
    tmp_path: Path, content: bytes, message: str
) -> None:
    path = tmp_path / "tape"
    path.write_bytes(content)
    with pytest.raises(UserError) as refused:
        read_cassette(path)
    assert message in str(refused.value)
    assert str(path) in str(refused.value)
    assert refused.value.remedy


def test_a_cassette_that_is_not_there_is_named(tmp_path: Path) -> None:
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(UserError, match="cannot be read"):
            read_cassette(path)


def test_lines_are_numbered_and_looked_up_by_place_and_key(tmp_path: Path) -> None:
    path = tmp_path / "tape"
    path.write_bytes(HEAD + an_entry("p") + b"\n" + an_entry("q", step=2))
    cassette = read_cassette(path)
    assert cassette.head.task == "t"
    assert [each.line for each in cassette.entries] == [2, 4]
    key = cassette.entries[1].entry.key
    assert [each.line for each in cassette.attempts("a", 2, key)] == [4]
    assert [each.line for each in cassette.attempts("a@3", 7, key)] == [4]
    assert cassette.attempts("a", 1, "0" * 64) == ()
