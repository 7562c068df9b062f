"""`--otel` and the environment's collector, on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.doubles.collector import Collector
from tests.orchestrator.cli.conftest import Command


def test_a_runs_spans_reach_the_collector_that_was_named(agentlark: Command, config: Path) -> None:
    with Collector() as collector:
        ended = agentlark("run", "-q", "--otel", collector.url)
    assert (ended.returncode, ended.stderr) == (0, "")
    names = {span.name for span in collector.spans}
    assert {
        "invoke_workflow configs/agents.lark",
        "wave 0",
        "invoke_agent planner",
        "chat rehearsal-1",
    } <= names
    assert not any("gen_ai.input.messages" in span.attributes for span in collector.spans)


def test_the_environment_names_a_collector_and_content_is_a_flag(agentlark: Command, config: Path) -> None:
    with Collector() as collector:
        ended = agentlark("run", "-q", "--otel-content", OTEL_EXPORTER_OTLP_ENDPOINT=collector.url)
        silent = agentlark(
            "run", "-q", OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9", OTEL_SDK_DISABLED="true"
        )
    assert (ended.returncode, silent.returncode, silent.stderr) == (0, 0, "")
    assert any("Tidy up" in span.attributes.get("gen_ai.input.messages", "") for span in collector.spans)


def test_a_collector_that_is_not_there_fails_no_run(agentlark: Command, config: Path) -> None:
    ended = agentlark("run", "--otel", "http://127.0.0.1:9")
    assert ended.returncode == 0
    assert "spans were not taken by http://127.0.0.1:9" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("--otel", "collector"),
        ("--otel", "http://user:word@host"),
        ("--otel", "http://host:port"),
        ("--otel-content",),
    ],
)
def test_what_is_no_collector_is_refused(
    arguments: tuple[str, ...], agentlark: Command, config: Path
) -> None:
    ended = agentlark("run", "-q", *arguments)
    assert ended.returncode == 2
    assert "--otel" in ended.stderr and "help:" in ended.stderr and "word" not in ended.stderr


def test_without_the_extra_a_flag_is_refused_with_the_remedy_and_a_variable_is_noted(
    agentlark: Command, config: Path, tmp_path: Path
) -> None:
    blocked = tmp_path / "without" / "opentelemetry"
    blocked.mkdir(parents=True)
    (blocked / "__init__.py").write_text("")  # a package of that name that has neither SDK nor exporter
    url = "http://127.0.0.1:9"
    refused = agentlark("run", "-q", "--otel", url, PYTHONPATH=str(blocked.parent))
    assert refused.returncode == 2
    assert "pip install 'agentlark[otel]'" in refused.stderr
    noted = agentlark("run", PYTHONPATH=str(blocked.parent), OTEL_EXPORTER_OTLP_ENDPOINT=url)
    assert noted.returncode == 0
    assert "OTEL_EXPORTER_OTLP_ENDPOINT is set, but" in noted.stderr
