"""The server: what editors open and type, looked at after a pause; their questions, answered at once.

Texts travel whole: a configuration is small, and pygls applies partial changes by Python's idea of a line,
which is not the protocol's. Findings are computed by one thread, questions by another, so that neither the
reading of messages nor an answer waits for a file that takes its time; step limits end every evaluation.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeVar

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer
from pygls.uris import to_fs_path
from pygls.workspace import PositionCodec

from agentlark import __version__
from agentlark.editing.completion import complete
from agentlark.editing.findings import findings
from agentlark.editing.lookup import definitions, explain, uses
from agentlark.editing.projects import Texts
from agentlark.editing.rename import rename, renameable
from agentlark.editing.symbols import symbols
from agentlark.errors import AgentlarkError
from agentlark.fmt import format_text
from agentlark.starlark import StarlarkError
from orchestrator.editor.translate import Translator, uri_of

PAUSE_S = 0.15
"""How long typing must pause before a file is looked at."""

_REQUEST_FAILED = -32803
"""The protocol's code for a request that is in order but cannot be done."""

_Answer = TypeVar("_Answer")


class EditorServer(LanguageServer):
    """A language server with what it still has to look at."""

    def __init__(self) -> None:
        super().__init__("agentlark", __version__, types.TextDocumentSyncKind.Full)
        self._checks = ThreadPoolExecutor(1, "findings")
        self._questions = ThreadPoolExecutor(1, "questions")
        self._due: dict[str, asyncio.Task[None]] = {}
        self._shown: dict[str, set[Path]] = {}
        """The files with findings on show, by the document they were found from."""
        self._actions: dict[str, list[types.CodeAction]] = {}
        """What would correct the findings of a document; none while it changes."""

    def look_soon(self, uri: str, pause_s: float = PAUSE_S) -> None:
        """Look at a document after a pause, unless it changes again meanwhile."""
        earlier = self._due.pop(uri, None)
        if earlier is not None:
            earlier.cancel()
        self._actions.pop(uri, None)
        self._due[uri] = asyncio.get_running_loop().create_task(self._look(uri, pause_s))

    def forget(self, uri: str) -> None:
        """A closed document has nothing to show any more."""
        due = self._due.pop(uri, None)
        if due is not None:
            due.cancel()
        for path in self._shown.pop(uri, set()):
            self._publish(path, [])

    def actions(self, uri: str, where: types.Range) -> list[types.CodeAction]:
        """What would correct the findings in a range of a document."""
        return [
            action
            for action in self._actions.get(uri, [])
            if any(_touch(each.range, where) for each in action.diagnostics or ())
        ]

    async def ask(self, uri: str, question: Callable[[Path, Translator, Texts], _Answer]) -> _Answer | None:
        """The answer to a question about a document; None for one that is no file.

        Raises JsonRpcException with the reason when it cannot be answered.
        """
        path = _path(uri)
        if path is None:
            return None
        texts = self._texts()
        work = partial(question, path, Translator(texts, self._codec), texts)
        try:
            return await asyncio.get_running_loop().run_in_executor(self._questions, work)
        except AgentlarkError as error:
            raise JsonRpcException(str(error), _REQUEST_FAILED) from error

    async def _look(self, uri: str, pause_s: float) -> None:
        path = _path(uri)
        if path is None:
            return
        await asyncio.sleep(pause_s)
        texts, codec = self._texts(), self._codec

        def look() -> tuple[dict[Path, list[types.Diagnostic]], list[types.CodeAction]]:
            to = Translator(texts, codec)
            found = findings(path, texts)
            actions = [action for each in found[path] if (action := to.action(each)) is not None]
            return {file: [to.diagnostic(each) for each in every] for file, every in found.items()}, actions

        found, self._actions[uri] = await asyncio.get_running_loop().run_in_executor(self._checks, look)
        for file in self._shown.get(uri, set()) - set(found):
            self._publish(file, [])
        for file, diagnostics in found.items():
            self._publish(file, diagnostics)
        self._shown[uri] = set(found)

    def _publish(self, path: Path, diagnostics: list[types.Diagnostic]) -> None:
        uri = uri_of(path)
        document = self._documents().get(path)
        version = None if document is None else self.workspace.text_documents[document].version
        uri = document or uri
        self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, diagnostics, version))

    @property
    def _codec(self) -> PositionCodec:
        return self.workspace.position_codec

    def _documents(self) -> dict[Path, str]:
        """The addresses of the open documents, by file."""
        return {path: uri for uri in self.workspace.text_documents if (path := _path(uri)) is not None}

    def _texts(self) -> Texts:
        documents = self.workspace.text_documents
        return Texts({path: documents[uri].source for path, uri in self._documents().items()})


def _touch(one: types.Range, other: types.Range) -> bool:
    return one.start <= other.end and other.start <= one.end


def _path(uri: str) -> Path | None:
    """The file of an address, as files are named by loads; None for what is no file."""
    path = to_fs_path(uri) if uri.startswith("file:") else None
    return Path(os.path.normpath(path)) if path else None


def _is_news(record: logging.LogRecord) -> bool:
    """Whether pygls has something to log; a refusal that the editor is told is no failure of the server."""
    return not (record.exc_info and isinstance(record.exc_info[1], JsonRpcException))


def make_server() -> EditorServer:
    """A server that knows all it can be asked."""
    logging.getLogger("pygls.protocol.json_rpc").addFilter(_is_news)
    server = EditorServer()
    _follow_documents(server)
    _answer_questions(server)
    _offer_changes(server)
    return server


def _follow_documents(server: EditorServer) -> None:
    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    async def opened(params: types.DidOpenTextDocumentParams) -> None:
        server.look_soon(params.text_document.uri, 0)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    async def changed(params: types.DidChangeTextDocumentParams) -> None:
        server.look_soon(params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    async def saved(params: types.DidSaveTextDocumentParams) -> None:
        for uri in list(server.workspace.text_documents):  # another file may depend on the one saved
            server.look_soon(uri, 0)

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    async def closed(params: types.DidCloseTextDocumentParams) -> None:
        server.forget(params.text_document.uri)


def _answer_questions(server: EditorServer) -> None:
    @server.feature(types.TEXT_DOCUMENT_DEFINITION)
    async def definition(params: types.DefinitionParams) -> list[types.Location] | None:
        return await server.ask(
            params.text_document.uri,
            lambda path, to, texts: to.locations(definitions(path, to.offset(path, params.position), texts)),
        )

    @server.feature(types.TEXT_DOCUMENT_REFERENCES)
    async def references(params: types.ReferenceParams) -> list[types.Location] | None:
        return await server.ask(
            params.text_document.uri,
            lambda path, to, texts: to.locations(uses(path, to.offset(path, params.position), texts)),
        )

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    async def hover(params: types.HoverParams) -> types.Hover | None:
        def question(path: Path, to: Translator, texts: Texts) -> types.Hover | None:
            found = explain(path, to.offset(path, params.position), texts)
            return to.hover(path, found) if found is not None else None

        return await server.ask(params.text_document.uri, question)

    @server.feature(
        types.TEXT_DOCUMENT_COMPLETION, types.CompletionOptions(trigger_characters=['"', "'", "(", ","])
    )
    async def completion(params: types.CompletionParams) -> list[types.CompletionItem] | None:
        return await server.ask(
            params.text_document.uri,
            lambda path, to, texts: to.completion(
                path, complete(path, to.offset(path, params.position), texts)
            ),
        )

    @server.feature(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
    async def document_symbols(params: types.DocumentSymbolParams) -> list[types.DocumentSymbol] | None:
        def question(path: Path, to: Translator, texts: Texts) -> list[types.DocumentSymbol]:
            known = texts.outline(path)
            return to.symbols(path, symbols(known)) if known is not None else []

        return await server.ask(params.text_document.uri, question)


def _offer_changes(server: EditorServer) -> None:
    @server.feature(types.TEXT_DOCUMENT_FORMATTING)
    async def formatting(params: types.DocumentFormattingParams) -> list[types.TextEdit] | None:
        def question(path: Path, to: Translator, texts: Texts) -> list[types.TextEdit]:
            try:
                return to.whole(path, format_text(texts.read(path) or "", filename=str(path)))
            except StarlarkError:
                return []  # shown already; formatting on save should not complain again

        return await server.ask(params.text_document.uri, question)

    @server.feature(types.TEXT_DOCUMENT_PREPARE_RENAME)
    async def prepare_rename(params: types.PrepareRenameParams) -> types.Range | None:
        def question(path: Path, to: Translator, texts: Texts) -> types.Range | None:
            spot = renameable(path, to.offset(path, params.position), texts)
            return to.positions(path).range(spot.start, spot.end) if spot is not None else None

        return await server.ask(params.text_document.uri, question)

    @server.feature(types.TEXT_DOCUMENT_RENAME, types.RenameOptions(prepare_provider=True))
    async def rename_agent(params: types.RenameParams) -> types.WorkspaceEdit | None:
        def question(path: Path, to: Translator, texts: Texts) -> types.WorkspaceEdit:
            spots = rename(path, to.offset(path, params.position), params.new_name, texts)
            return to.edits(spots, params.new_name)

        return await server.ask(params.text_document.uri, question)

    @server.feature(
        types.TEXT_DOCUMENT_CODE_ACTION,
        types.CodeActionOptions(code_action_kinds=[types.CodeActionKind.QuickFix]),
    )
    def code_actions(params: types.CodeActionParams) -> list[types.CodeAction]:
        return server.actions(params.text_document.uri, params.range)
