"""Spans: what they say, how they arrive, and that nothing a collector does touches a run."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterable
from datetime import timedelta

import opentelemetry.semconv._incubating.attributes.gen_ai_attributes as conventions
import pytest

from agentlark.model import Squad
from orchestrator.core.facts import Acted, Fact, RunEnded
from orchestrator.core.frozen import digest_of
from orchestrator.core.turn import Done, Message, TurnId, TurnInput, Usage
from orchestrator.schedule.state import RunState
from orchestrator.sinks.otel import OtelSink
from orchestrator.sinks.otel_spans import SpanFold, SpanRecord
from tests.doubles.collector import Collector
from tests.doubles.facts import ended, joined, run_started, specialist, turn_ended, turn_started
from tests.doubles.squads import a_squad, an_agent
from tests.doubles.virtual_time import EPOCH

SQUAD = a_squad([an_agent("a"), an_agent("b", "a")])
SECRET = "rm -rf the moon"


def at(seconds: float, fact: Fact) -> Fact:
    return fact.model_copy(update={"at": EPOCH + timedelta(seconds=seconds)})


def acted() -> Acted:
    return Acted(
        id=TurnId("r", "a", 1), number=1, action="command_execution", title=SECRET, duration_ms=500, at=EPOCH
    )


def a_run(resumed: bool = False) -> list[Fact]:
    """Agent a fails once, is answered, and asks for x, who is answered from a record; b waits and fails."""
    return [
        at(0, run_started(resumed=resumed)),
        at(1, turn_started("a")),
        at(2, turn_ended("a", ending="failed", error="anthropic: HTTP 529, overloaded", usage=None)),
        at(3, turn_started("a", attempt=2)),
        at(4, acted()),
        at(5, turn_ended("a", attempt=2, usage=Usage(input=100, output=20, cached=30, reasoning=7))),
        at(5, joined("a", specialist("x"))),
        at(5, ended("a")),
        at(6, turn_ended("x", origin="reused")),
        at(6, ended("x")),
        at(7, turn_ended("b", ending="deferred", until=EPOCH, error="used up", usage=None)),
        at(9, turn_started("b")),
        at(10, turn_ended("b", ending="failed", error="no", usage=None)),
        at(10, ended("b", "failed", "no")),
        at(11, RunEnded(ending="failed", at=EPOCH)),
    ]


def fold(squad: Squad = SQUAD, body: object = None) -> SpanFold:
    return SpanFold(RunState(squad).in_order(), "configs/agents.lark", body)  # type: ignore[arg-type]


def spans_of(facts: Iterable[Fact], folding: SpanFold | None = None) -> list[SpanRecord]:
    folding = folding or fold()
    return [span for fact in facts for span in folding.take(fact)]


def one(spans: list[SpanRecord], name: str) -> SpanRecord:
    found = [span for span in spans if span.name == name]
    assert len(found) == 1, [span.name for span in spans]
    return found[0]


def test_spans_nest_from_the_run_to_the_tool() -> None:
    spans = spans_of(a_run())
    by_id = {span.span_id: span for span in spans}
    tool = one(spans, "execute_tool command_execution")
    path = [tool]
    while path[-1].parent_id is not None:
        path.append(by_id[path[-1].parent_id])
    assert [span.name for span in path] == [
        "execute_tool command_execution",
        "chat fake-1",
        "invoke_agent a",
        "wave 0",
        "invoke_workflow configs/agents.lark",
    ]
    assert {span.trace_id for span in spans} == {tool.trace_id}
    assert len(by_id) == len(spans)
    assert by_id[one(spans, "invoke_agent x").parent_id or 0].name == "wave 1"
    for span in spans:
        assert span.began <= span.ended
        parent = by_id.get(span.parent_id or 0)
        assert parent is None or parent.began <= span.began


def test_names_are_those_of_the_conventions_or_our_own() -> None:
    known = {value for name, value in vars(conventions).items() if name.startswith("GEN_AI_")}
    used = {key for span in spans_of(a_run()) for key in span.attributes}
    assert {key for key in used if not key.startswith("agentlark.")} <= known
    operations = {span.attributes.get("gen_ai.operation.name") for span in spans_of(a_run())}
    assert operations == {"invoke_workflow", "invoke_agent", "chat", "execute_tool", None}


def test_turns_and_agents_carry_usage_and_nothing_that_was_not_sent_is_a_turn() -> None:
    spans = spans_of(a_run())
    turns = [span for span in spans if span.kind == "client"]
    assert [span.error for span in turns] == ["529", None, "_OTHER"]
    answered = turns[1].attributes
    assert answered["gen_ai.usage.input_tokens"] == 100
    assert answered["gen_ai.usage.cache_read.input_tokens"] == 30
    assert answered["gen_ai.usage.reasoning.output_tokens"] == 7
    assert answered["gen_ai.request.model"] == "fake-1"
    assert one(spans, "invoke_agent a").attributes["gen_ai.usage.output_tokens"] == 20
    assert [moment.name for moment in one(spans, "invoke_agent x").moments] == ["agentlark.reused"]
    waited = one(spans, "invoke_agent b").moments[0]
    assert (waited.name, waited.attributes["agentlark.until"]) == ("agentlark.waiting", EPOCH.isoformat())
    assert one(spans, "invoke_agent b").error == "failed"


def test_the_same_record_gives_the_same_spans_and_a_resumed_run_its_own_in_the_same_trace() -> None:
    first, again = spans_of(a_run()), spans_of(a_run())
    assert first == again
    later = [at(1000 + number, fact) for number, fact in enumerate(a_run(resumed=True))]
    resumed = spans_of(later)
    assert {span.trace_id for span in resumed} == {span.trace_id for span in first}
    assert not {span.span_id for span in resumed} & {span.span_id for span in first}


def test_a_run_that_is_cut_short_closes_what_was_open() -> None:
    facts = [*a_run()[:4], at(8, RunEnded(ending="stopped", at=EPOCH))]
    spans = spans_of(facts)
    agent = one(spans, "invoke_agent a")
    assert (agent.attributes["agentlark.ending"], agent.ended) == ("unfinished", facts[-1].at)
    assert one(spans, "invoke_workflow configs/agents.lark").error == "stopped"


def test_content_is_left_out_unless_it_is_asked_for() -> None:
    turn = TurnInput(agent="a", purpose="plan", backend="fake", model="m", prompt=SECRET)
    said = Done(message=Message(role="assistant", text="sesame"), usage=Usage())
    bodies = {turn.key(): turn.encoded(), digest_of(said.encoded()): said.encoded()}
    facts = [
        at(0, run_started()),
        at(1, turn_started("a", key=turn.key())),
        at(1, acted()),
        at(2, turn_ended("a", key=turn.key(), answer=digest_of(said.encoded()))),
        at(2, ended("a")),
        at(2, RunEnded(ending="done", at=EPOCH)),
    ]
    silent = repr(spans_of(facts))
    assert SECRET not in silent and "sesame" not in silent
    told = spans_of(facts, fold(body=bodies.__getitem__))
    chat = one(told, "chat fake-1").attributes
    assert SECRET in str(chat["gen_ai.input.messages"])
    assert '"content": "sesame"' in str(chat["gen_ai.output.messages"])
    assert one(told, "execute_tool command_execution").attributes["gen_ai.tool.call.arguments"] == SECRET


# Export


def send(url: str, facts: Iterable[Fact], close_s: float = 5.0) -> tuple[OtelSink, float, float]:
    """A sink that was given facts and closed; how long each took."""
    sink = OtelSink(url, fold(), close_s=close_s)
    begun = time.monotonic()
    for number, fact in enumerate(facts, start=1):
        sink.see(number, fact)
    seen_s = time.monotonic() - begun
    sink.close()
    return sink, seen_s, time.monotonic() - begun - seen_s


def test_spans_arrive_at_a_collector_as_they_are() -> None:
    with Collector() as collector:
        sink, _, _ = send(collector.url, a_run())
    assert sink.failure is None
    assert set(collector.paths) == {"/v1/traces"}
    expected = spans_of(a_run())
    assert sorted(span.name for span in collector.spans) == sorted(span.name for span in expected)
    chat = next(span for span in collector.spans if span.attributes.get("agentlark.attempt") == 2)
    assert (chat.kind, chat.seconds, chat.is_error) == (3, 2.0, False)
    assert chat.attributes["gen_ai.usage.input_tokens"] == 100
    assert chat.resource["service.name"] == "agentlark"
    failed = next(span for span in collector.spans if span.attributes.get("error.type") == "529")
    assert failed.is_error
    ids = {span.span_id for span in collector.spans}
    assert sum(span.parent_id not in ids for span in collector.spans) == 1, "the root"
    assert next(s for s in collector.spans if s.name == "invoke_agent x").events == ["agentlark.reused"]


def test_an_address_may_name_the_path_already() -> None:
    with Collector() as collector:
        send(f"{collector.url}/v1/traces", a_run())
    assert set(collector.paths) == {"/v1/traces"}


@pytest.mark.parametrize(("status", "hangs_s"), [(500, 0.0), (404, 0.0), (200, 30.0)])
def test_a_collector_that_fails_or_hangs_costs_a_bounded_wait_at_the_end_and_is_named(
    status: int, hangs_s: float, capfd: pytest.CaptureFixture[str]
) -> None:
    with Collector(status, hangs_s) as collector:
        sink, seen_s, closed_s = send(collector.url, a_run() * 50, close_s=0.5)
        url = collector.url
    assert seen_s < 1.0
    assert closed_s < 3.0
    assert sink.failure is not None
    assert url in str(sink.failure) and "spans were not taken" in str(sink.failure)
    assert capfd.readouterr() == ("", "")


def test_nobody_listening_is_no_more_than_a_warning() -> None:
    sink, seen_s, closed_s = send("http://127.0.0.1:9", a_run(), close_s=0.5)
    assert seen_s < 1.0 and closed_s < 3.0
    assert "spans were not taken by http://127.0.0.1:9" in str(sink.failure)


def test_nothing_of_the_sdk_is_imported_before_a_sink_is_made() -> None:
    code = (
        "import sys, orchestrator.sinks.otel, orchestrator.sinks.otel_spans, orchestrator.wiring.telemetry;"
        "sys.exit(any(name.startswith('opentelemetry.sdk') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
