"""The options that send a run's spans to a collector, as the commands that run one take them."""

from __future__ import annotations

from typing import Annotated

import typer

Otel = Annotated[
    str | None,
    typer.Option(
        "--otel",
        metavar="URL",
        help="Send OpenTelemetry spans to this collector (OTLP/HTTP).",
        rich_help_panel="Output",
    ),
]
OtelContent = Annotated[
    bool,
    typer.Option(
        "--otel-content",
        help="Put prompts, answers and commands into the spans, too.",
        rich_help_panel="Output",
    ),
]
