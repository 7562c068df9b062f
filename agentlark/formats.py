"""Diagnostics as other programs read them: JSON, SARIF for code scanning, commands of a GitHub workflow.

Each function gives a whole document that ends with a newline. What people read is `diagnostics.render`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from agentlark import __version__
from agentlark.diagnostics import Diagnostic, Fix, Place, Severity, Span

_SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def as_json(found: Sequence[Diagnostic]) -> str:
    """An object whose `diagnostics` lists everything; the shape is `DiagnosticJson`."""
    return _dumped({"diagnostics": [each.to_json() for each in found]})


def as_sarif(found: Sequence[Diagnostic]) -> str:
    """A SARIF 2.1.0 log of one run, columns counted in characters; rules only for the codes that occur."""
    from agentlark.explain import title_of

    codes = sorted({each.code for each in found})
    driver = {
        "name": "agentlark",
        "version": __version__,
        "rules": [{"id": code, "shortDescription": {"text": title_of(code)}} for code in codes],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(each, codes.index(each.code)) for each in found],
    }
    return _dumped({"$schema": _SARIF_SCHEMA, "version": "2.1.0", "runs": [run]})


def _result(found: Diagnostic, rule: int) -> dict[str, Any]:
    text = found.message + (f"\n{found.help}" if found.help else "")
    result: dict[str, Any] = {
        "ruleId": found.code,
        "ruleIndex": rule,
        "level": found.severity,
        "message": {"text": text},
    }
    if found.place:
        result["locations"] = [_location(found.place)]
    if found.related:
        result["relatedLocations"] = [
            {"id": number, **_location(related.place), "message": {"text": related.message}}
            for number, related in enumerate(found.related, start=1)
        ]
    if found.fix:
        result["fixes"] = [_sarif_fix(found.fix)]
    return result


def _location(place: Place) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": {"uri": quote(place.file)}}
    if isinstance(place, Span):
        physical["region"] = _region(place)
        return {"physicalLocation": physical}
    if not place.pointer:
        return {"physicalLocation": physical}
    return {"physicalLocation": physical, "logicalLocations": [{"fullyQualifiedName": place.pointer}]}


def _region(span: Span) -> dict[str, int]:
    return {
        "startLine": span.line,
        "startColumn": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
    }


def _sarif_fix(fix: Fix) -> dict[str, Any]:
    files = dict.fromkeys(edit.span.file for edit in fix.edits)
    changes = [
        {
            "artifactLocation": {"uri": quote(file)},
            "replacements": [
                {"deletedRegion": _region(edit.span), "insertedContent": {"text": edit.text}}
                for edit in fix.edits
                if edit.span.file == file
            ],
        }
        for file in files
    ]
    return {"description": {"text": fix.message}, "artifactChanges": changes}


_COMMANDS: dict[Severity, str] = {"error": "error", "warning": "warning", "note": "notice"}


def as_github(found: Sequence[Diagnostic]) -> str:
    """One workflow command a line, which GitHub shows beside the changed lines of a pull request."""
    return "".join(_command(each) for each in found)


def _command(found: Diagnostic) -> str:
    properties: dict[str, str | int] = {}
    if found.place:
        properties["file"] = found.place.file
    if isinstance(found.place, Span):
        span = found.place
        properties |= {"line": span.line, "endLine": span.end_line}
        if span.line == span.end_line:  # GitHub refuses columns of a place that spans lines
            properties |= {"col": span.column, "endColumn": span.end_column}
    properties["title"] = found.code
    listed = ",".join(f"{name}={_escaped(str(value), ',:')}" for name, value in properties.items())
    message = found.message + (f"\n{found.help}" if found.help else "")
    return f"::{_COMMANDS[found.severity]} {listed}::{_escaped(message)}\n"


def _escaped(text: str, more: str = "") -> str:
    """The text with what ends a command, or a property of one, written as %XX."""
    for char in "%\r\n" + more:
        text = text.replace(char, f"%{ord(char):02X}")
    return text


def _dumped(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
