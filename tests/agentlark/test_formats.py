"""Findings for programs: the JSON's shape, SARIF, workflow commands that stay one line."""

from __future__ import annotations

import json
import re

from hypothesis import given
from hypothesis import strategies as st

from agentlark.diagnostics import Diagnostic, Edit, Fix, Pointer, Related, Source, Span
from agentlark.formats import as_github, as_json, as_sarif

SOURCE = Source("configs/a b.lark", "é = “x”\nx = [\n1\n")
SPAN = Span(SOURCE, 4, 5)
FOUND = [
    Diagnostic(
        "AL007",
        "unexpected: 100%",
        SPAN,
        help="use, straight",
        related=(Related(Span(SOURCE, 12, 13), "opened here"),),
        fix=Fix("write it", (Edit(SPAN, '"'), Edit(Span(SOURCE, 6, 7), '"'))),
    ),
    Diagnostic("AL318", "no effect", Span(SOURCE, 12, 16), severity="note"),
    Diagnostic("AL330", "wrong", Pointer("a.json", "/groups/0"), severity="warning"),
    Diagnostic("AL300", "no squad"),
]


def test_json_has_the_documented_shape() -> None:
    first, *_ = json.loads(as_json(FOUND))["diagnostics"]
    assert first == {
        "code": "AL007",
        "severity": "error",
        "file": "configs/a b.lark",
        "line": 1,
        "column": 5,
        "end_line": 1,
        "end_column": 6,
        "message": "unexpected: 100%",
        "help": "use, straight",
        "related": [{"file": "configs/a b.lark", "line": 2, "column": 5, "message": "opened here"}],
        "fix": {
            "message": "write it",
            "edits": [
                {
                    "file": "configs/a b.lark",
                    "line": 1,
                    "column": column,
                    "end_line": 1,
                    "end_column": column + 1,
                    "text": '"',
                }
                for column in (5, 7)
            ],
        },
    }
    assert json.loads(as_json([])) == {"diagnostics": []}


def test_sarif_has_what_code_scanning_reads() -> None:
    log = json.loads(as_sarif(FOUND))
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    assert run["columnKind"] == "unicodeCodePoints"
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert rules == sorted({each.code for each in FOUND})
    for result in run["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
        assert result["level"] in ("error", "warning", "note")
    first, second, third, last = run["results"]
    place = first["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "configs/a%20b.lark"
    assert place["region"] == {"startLine": 1, "startColumn": 5, "endLine": 1, "endColumn": 6}
    assert first["relatedLocations"][0]["message"] == {"text": "opened here"}
    assert len(first["fixes"][0]["artifactChanges"][0]["replacements"]) == 2
    assert second["level"] == "note"
    assert third["locations"][0]["logicalLocations"] == [{"fullyQualifiedName": "/groups/0"}]
    assert "locations" not in last


def test_workflow_commands_escape_what_would_end_them() -> None:
    assert as_github(FOUND).splitlines() == [
        "::error file=configs/a b.lark,line=1,endLine=1,col=5,endColumn=6,title=AL007::"
        "unexpected: 100%25%0Ause, straight",
        "::notice file=configs/a b.lark,line=2,endLine=4,title=AL318::no effect",
        "::warning file=a.json,title=AL330::wrong",
        "::error title=AL300::no squad",
    ]


@given(st.text(), st.text())
def test_no_text_makes_a_second_workflow_command(name: str, message: str) -> None:
    text = as_github([Diagnostic("AL001", message, Span(Source(name, "x"), 0, 1))])
    assert re.fullmatch(
        r"::error file=[^:,\r\n]*,line=1,endLine=1,col=1,endColumn=2,title=AL001::[^\r\n]*\n", text
    )
