"""Facts as lines of JSON."""

from __future__ import annotations

import json
from io import StringIO

from orchestrator.core.facts import FACT, Fact, TextDelta, Waiting
from orchestrator.core.turn import TurnId
from orchestrator.sinks.ndjson import NdjsonSink
from tests.doubles.facts import ended, run_started, turn_ended
from tests.doubles.virtual_time import EPOCH


def test_every_fact_is_one_line_with_its_number_first_and_reads_back() -> None:
    out = StringIO()
    sink = NdjsonSink(out)
    facts: list[Fact] = [
        run_started(),
        turn_ended("a", error="line one\nline two\u2028“three”"),
        ended("a", "failed", "é"),
    ]
    for seq, fact in enumerate(facts, start=7):
        sink.see(seq, fact)
    sink.close()
    lines = out.getvalue().split("\n")
    assert lines.pop() == ""
    read = [json.loads(line) for line in lines]
    assert [next(iter(line)) for line in read] == ["seq"] * 3
    assert [line.pop("seq") for line in read] == [7, 8, 9]
    assert [FACT.validate_json(json.dumps(line)) for line in read] == facts


def test_signals_are_left_out() -> None:
    out = StringIO()
    sink = NdjsonSink(out)
    sink.see(None, TextDelta(id=TurnId("r", "a", 1), text="x"))
    sink.close()
    assert out.getvalue() == ""


def test_a_reader_that_went_away_is_remembered_as_the_failure() -> None:
    class Gone(StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError("nobody reads")

    sink = NdjsonSink(Gone())
    sink.see(1, run_started())
    sink.see(2, ended("a"))
    sink.close()
    assert isinstance(sink.failure, BrokenPipeError)
    assert str(sink.failure) == "the reader of --json has gone"


def test_a_reader_that_went_away_may_show_only_when_the_lines_are_sent() -> None:
    class Gone(StringIO):
        def flush(self) -> None:
            raise BrokenPipeError(32, "Broken pipe")

    sink = NdjsonSink(Gone())
    sink.see(1, run_started())
    sink.close()
    assert str(sink.failure) == "the reader of --json has gone"


def test_who_waits_until_when_is_written_without_a_number() -> None:
    out = StringIO()
    sink = NdjsonSink(out)
    sink.see(None, Waiting(id=TurnId("r", "a", 1), seconds=90, until=EPOCH, reason="HTTP 429"))
    sink.close()
    line = json.loads(out.getvalue())
    assert (line["seq"], line["kind"], line["id"][1]) == (None, "waiting", "a")
    assert line["until"] == "2026-03-01T12:00:00Z"
