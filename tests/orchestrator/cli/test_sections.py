"""Help in sections: every option of `run` is in one of them, and few of one command need none."""

from __future__ import annotations

import re

from tests.orchestrator.cli.conftest import Command


def sections(text: str) -> dict[str, str]:
    titles = re.findall(r"(?m)^(\S.*):$", text)
    parts = re.split(r"(?m)^\S.*:$", text)[1:]
    return dict(zip(titles, parts, strict=True))


def test_dozens_of_options_are_in_sections(agentlark: Command) -> None:
    found = sections(agentlark("run", "--help").stdout)
    assert list(found)[:3] == ["Arguments", "Squad", "Model"]
    assert "--relay" in found["Waves"]
    assert "--max-cost" in found["Limits"]
    assert "--agentfs-path" in found["Record"]
    assert re.findall("--[a-z-]+", found["Other options"]) == ["--help"]


def test_few_options_are_one_list(agentlark: Command) -> None:
    assert list(sections(agentlark("explain", "--help").stdout)) == ["Arguments", "Options"]
