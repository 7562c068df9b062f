"""The exchange shown in docs/editors.md is one that a client and the server really have.

`AGENTLARK_RECORD=1` writes what they say now into the page.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types

from tests.orchestrator.editor.session import SERVER, session

PAGE = Path(__file__).parents[3] / "docs" / "editors.md"
BEGIN, END = "<!-- recorded -->\n```\n", "```\n<!-- end of what is recorded -->"

TEAM = 'helper = agent(id = "helper", role = "Helper", depends_on = ["planner"])\n'
SQUAD = """\
load("team.lark", "helper")
agents = [
    agent(id = "planner", role = "Planner 📚"),
    helper,
    agent(id = "builder", role = "Builder", depends_on = ["planer", "helper"]),
]
"""


@pytest.mark.skipif(shutil.which("tee") is None, reason="no tee to listen with")
def test_the_exchange_on_the_page_is_a_real_one(tmp_path: Path) -> None:
    said = "\n".join(_recorded(tmp_path))
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN)
    shown, _, after = rest.partition(END)
    if os.environ.get("AGENTLARK_RECORD"):
        PAGE.write_text(before + BEGIN + said + END + after, encoding="utf-8")
        return

    assert shown == said


def _recorded(folder: Path) -> Iterator[str]:
    """What was said, a message a line, answers below their questions."""
    asked, answered = folder / "asked", folder / "answered"
    listening = (
        "sh",
        "-c",
        'tee "$1" | "$3" "$4" "$5" "$6" "$7" | tee "$2"',
        "sh",
        str(asked),
        str(answered),
    )
    configs = folder / "configs"
    configs.mkdir()
    (configs / "team.lark").write_text(TEAM)
    (configs / "agents.lark").write_text(SQUAD, encoding="utf-8")
    asyncio.run(_work(configs / "agents.lark", (*listening, *SERVER)))

    requests, replies = _messages(asked, folder), _messages(answered, folder)
    by_id = {message["id"]: message for message in replies if "id" in message}
    shown = [message for message in requests if message["method"].startswith("textDocument/")]
    published = iter(
        [message for message in replies if message.get("method", "").endswith("publishDiagnostics")]
    )
    for number, message in enumerate(shown, start=1):
        reply = by_id.get(message.get("id"))
        yield "→ " + _line(message, number)
        yield "← " + _line(reply if reply is not None else next(published), number)
        yield ""


async def _work(path: Path, server: tuple[str, ...]) -> None:
    async with session(path, SQUAD, server) as at:
        assert len(await at.findings()) == 1
        await at.client.text_document_definition_async(
            types.DefinitionParams(at.document, at.at('"planer", "hel', "per"))
        )
        await at.client.text_document_completion_async(
            types.CompletionParams(at.document, at.at('depends_on = ["pla', "ner"))
        )
        await at.client.text_document_hover_async(types.HoverParams(at.document, at.at("depends", "_on")))
        at.write(SQUAD.replace("planer", "planner"))
        assert await at.findings() == []
        await at.client.text_document_rename_async(
            types.RenameParams(at.document, at.at('id = "plan', "ner"), "lead")
        )


def _messages(file: Path, folder: Path) -> list[dict[str, Any]]:
    """The messages of one side, in order; the project is where nobody's is."""
    text = file.read_bytes().decode("utf-8").replace(folder.as_uri(), "file:///project")
    return [json.loads(body) for body in re.split(r"(?:Content-[^\r\n]*\r\n)+\r\n", text) if body]


def _line(message: dict[str, Any], number: int) -> str:
    shown = {key: message[key] for key in ("id", "method", "params", "result") if key in message}
    if "id" in shown:
        shown["id"] = number
    return json.dumps(shown, ensure_ascii=False)
