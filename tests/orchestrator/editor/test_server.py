"""The server as an editor meets it: a process that speaks the protocol over stdio."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from tests.orchestrator.editor.session import PATIENCE_S, Session, session

TEAM = (
    'helper = agent(id = "help", role = "Helper", depends_on = ["planner"])\n'
    'def worker(name):\n    """Makes a worker."""\n    return agent(id = name, role = "Worker")\n'
)
SQUAD = """\
load("team.lark", "helper", "worker")
groups = [
    group(
        id = "core",
        agents = [
            agent(id = "planner", role = "Planner"),
            helper,
            worker("qa"),
            agent(id = "builder", role = "Bücher 📚", depends_on = ["planner", "help"]),  # 📚
        ],
        orchestration = define_orchestration(relay = define_relay(graph = {"planner": ["builder"]})),
    ),
]
"""


@pytest.fixture
def edit(tmp_path: Path) -> Callable[..., None]:
    """Runs a scenario in a session on a configuration."""
    path = tmp_path / "configs" / "agents.lark"
    path.parent.mkdir()
    (path.parent / "team.lark").write_text(TEAM)

    def run(scenario: Callable[[Session], Awaitable[None]], text: str = SQUAD) -> None:
        async def main() -> None:
            async with session(path, text) as opened:
                await scenario(opened)

        asyncio.run(asyncio.wait_for(main(), 2 * PATIENCE_S))

    return run


def span(place: types.Range) -> tuple[int, int, int, int]:
    return place.start.line, place.start.character, place.end.line, place.end.character


def where(found: object) -> list[tuple[str, int, int]]:
    assert isinstance(found, Sequence)
    return [
        (each.uri.rpartition("/")[2], each.range.start.line, each.range.start.character) for each in found
    ]


def test_findings_follow_the_typing(edit: Callable[..., None]) -> None:
    async def scenario(at: Session) -> None:
        assert await at.findings() == []

        at.write(SQUAD.replace('role = "Planner"', 'rule = "Planner"'))
        unknown, *_ = await at.findings()
        assert unknown.code == "AL302"
        assert unknown.severity is types.DiagnosticSeverity.Error
        assert "did you mean" in unknown.message

        at.write(SQUAD[: SQUAD.index('"Planner"')])
        assert {each.code for each in await at.findings()} <= {"AL001", "AL002", "AL005"}

        at.write(SQUAD)
        assert await at.findings() == []

    edit(scenario)


def test_columns_count_utf_16_units(edit: Callable[..., None]) -> None:
    async def scenario(at: Session) -> None:
        at.write(SQUAD.replace('["planner", "help"]', '["planner", "halp"]'))
        (only,) = await at.findings()
        start = at.at("", '"halp"')
        assert span(only.range) == (start.line, start.character, start.line, start.character + 6)
        offset = at.text.index('"halp"') - at.text.rindex("\n", 0, at.text.index('"halp"')) - 1
        assert start.character == offset + 1, "the book takes two units"

        found = await at.client.text_document_definition_async(
            types.DefinitionParams(at.document, at.at('depends_on = ["pla', "nner"))
        )
        assert where(found) == [("agents.lark", 5, 24)]

    edit(scenario)


def test_findings_in_a_loaded_file_are_shown_there_and_taken_back(edit: Callable[..., None]) -> None:
    async def scenario(at: Session) -> None:
        assert await at.findings() == []
        team = at.path.parent / "team.lark"
        team.write_text(TEAM + "x = nothing\n")
        at.client.text_document_did_save(types.DidSaveTextDocumentParams(at.document))
        (only,) = await at.findings(team.as_uri())
        assert (only.code, only.range.start.line) == ("AL101", 4)

        team.write_text(TEAM)
        at.client.text_document_did_save(types.DidSaveTextDocumentParams(at.document))
        assert await at.findings(team.as_uri()) == []

    edit(scenario)


def test_a_loop_that_takes_long_does_not_hold_up_answers(edit: Callable[..., None]) -> None:
    async def scenario(at: Session) -> None:
        loop = "def f():\n  for a in range(100000):\n    for b in range(100000):\n      pass\nf()\n"
        at.write(loop + SQUAD)
        hover = at.client.text_document_hover_async(types.HoverParams(at.document, at.at("define_", "relay")))
        found = await asyncio.wait_for(hover, PATIENCE_S)
        assert found is not None

        assert [each.code for each in await at.findings()] == ["AL207"]

    edit(scenario)


def test_definitions_lead_into_loaded_files(edit: Callable[..., None]) -> None:
    async def scenario(at: Session) -> None:
        for before, after, file in [
            ('"planner", "he', "lp", ("team.lark", 0, 21)),
            ("    work", 'er("qa")', ("team.lark", 1, 4)),
            ('load("te', "am.lark", ("team.lark", 0, 0)),
        ]:
            params = types.DefinitionParams(at.document, at.at(before, after))
            assert where(await at.client.text_document_definition_async(params)) == [file]

    edit(scenario)


def test_references_and_hover_tell_of_an_agent(edit: Callable[..., None]) -> None:
    async def scenario(at: Session) -> None:
        place = at.at('id = "plan', "ner")
        references = await at.client.text_document_references_async(
            types.ReferenceParams(types.ReferenceContext(include_declaration=True), at.document, place)
        )
        assert [file for file, _, _ in where(references)] == ["agents.lark"] * 3 + ["team.lark"]

        hover = await at.client.text_document_hover_async(
            types.HoverParams(at.document, at.at('"planner", "he', "l"))
        )
        assert hover is not None
        assert isinstance(hover.contents, types.MarkupContent)
        assert hover.contents.value == "**help**\n\nagent, Helper\n\ndepends on `planner`"

    edit(scenario)


def test_ids_and_fields_are_completed_while_the_file_is_broken(edit: Callable[..., None]) -> None:
    async def scenario(at: Session) -> None:
        at.write(SQUAD[: SQUAD.index("planner", SQUAD.index("depends_on"))])
        params = types.CompletionParams(at.document, at.at('depends_on = ["'))
        items = await at.client.text_document_completion_async(params)
        assert isinstance(items, Sequence)
        assert [item.label for item in items] == ["planner", "help"]

        at.write(SQUAD[: SQUAD.index("depends_on")] + "dep")
        items = await at.client.text_document_completion_async(
            types.CompletionParams(at.document, at.at(", dep"))
        )
        assert isinstance(items, Sequence)
        chosen = next(item for item in items if item.label == "depends_on")
        assert isinstance(chosen.text_edit, types.TextEdit)
        assert chosen.text_edit.new_text == "depends_on = "
        assert chosen.text_edit.range.end.character - chosen.text_edit.range.start.character == 3
        assert chosen.kind == types.CompletionItemKind.Field

    edit(scenario)


def test_symbols_are_groups_with_their_agents(edit: Callable[..., None]) -> None:
    async def scenario(at: Session) -> None:
        found = await at.client.text_document_document_symbol_async(types.DocumentSymbolParams(at.document))
        assert found is not None
        (groups,) = found
        assert isinstance(groups, types.DocumentSymbol)
        (core,) = groups.children or ()
        assert core.name == "core"
        assert [(each.name, each.detail) for each in core.children or ()] == [
            ("planner", "Planner"),
            ("builder", "Bücher 📚"),
        ]

    edit(scenario)


def test_an_agent_is_renamed_in_every_file(edit: Callable[..., None]) -> None:
    async def scenario(at: Session) -> None:
        place = at.at('id = "plan', "ner")
        prepared = await at.client.text_document_prepare_rename_async(
            types.PrepareRenameParams(at.document, place)
        )
        assert isinstance(prepared, types.Range)
        assert prepared.end.character - prepared.start.character == len("planner")

        edit_ = await at.client.text_document_rename_async(types.RenameParams(at.document, place, "lead"))
        assert edit_ is not None and edit_.changes is not None
        counts = {uri.rpartition("/")[2]: len(edits) for uri, edits in edit_.changes.items()}
        assert counts == {"agents.lark": 3, "team.lark": 1}

        with pytest.raises(JsonRpcException, match="there is an agent 'builder' already"):
            await at.client.text_document_rename_async(types.RenameParams(at.document, place, "builder"))
        nothing = types.PrepareRenameParams(at.document, at.at('role = "Plan', "ner"))
        assert await at.client.text_document_prepare_rename_async(nothing) is None

    edit(scenario)


def test_a_document_is_formatted_and_a_broken_one_left_alone(edit: Callable[..., None]) -> None:
    async def scenario(at: Session) -> None:
        options = types.FormattingOptions(4, True)
        params = types.DocumentFormattingParams(at.document, options)
        at.write("agents=[]\r\nx = 1")
        (whole,) = await at.client.text_document_formatting_async(params) or ()
        assert span(whole.range) == (0, 0, 1, 5)
        assert whole.new_text == "agents = []\nx = 1\n"

        at.write("agents = []\n")
        assert not await at.client.text_document_formatting_async(params)
        at.write("agents = [\n")
        assert not await at.client.text_document_formatting_async(params)

    edit(scenario)


def test_a_certain_fix_is_offered(edit: Callable[..., None]) -> None:
    async def scenario(at: Session) -> None:
        at.write(SQUAD.replace('"planner", "help"', '"planer", "help"'))
        (only,) = await at.findings()
        context = types.CodeActionContext([only])
        params = types.CodeActionParams(at.document, only.range, context)
        (action,) = await at.client.text_document_code_action_async(params) or ()
        assert isinstance(action, types.CodeAction)
        assert action.edit is not None and action.edit.changes is not None
        assert [each.new_text for each in action.edit.changes[at.uri]] == ['"planner"']
        assert action.title == "Write 'planner' instead of 'planer'"

        elsewhere = types.Range(types.Position(0, 0), types.Position(0, 4))
        params = types.CodeActionParams(at.document, elsewhere, types.CodeActionContext([]))
        assert not await at.client.text_document_code_action_async(params)

    edit(scenario)


def test_what_is_no_file_has_no_answers(edit: Callable[..., None]) -> None:
    async def scenario(at: Session) -> None:
        document = types.TextDocumentIdentifier("untitled:Untitled-1")
        item = types.TextDocumentItem(document.uri, "starlark", 0, "agents = [")
        at.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
        params = types.HoverParams(document, types.Position(0, 0))
        assert await at.client.text_document_hover_async(params) is None
        at.client.text_document_did_close(types.DidCloseTextDocumentParams(document))

    edit(scenario)


def test_closing_takes_findings_back(edit: Callable[..., None]) -> None:
    async def scenario(at: Session) -> None:
        at.write("agents = [\n")
        assert await at.findings() != []
        at.client.text_document_did_close(types.DidCloseTextDocumentParams(at.document))
        assert await at.findings() == []

    edit(scenario)
