"""An editor at work: a real client that starts the server as a process and speaks with it over stdio."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from lsprotocol import types
from pygls.lsp.client import LanguageClient

from tests.orchestrator.cli.conftest import environment

SERVER = (sys.executable, "-P", "-m", "orchestrator", "lsp")
PATIENCE_S = 60


class Session:
    """A client with one document open, at `uri`."""

    def __init__(self, client: LanguageClient, path: Path, text: str) -> None:
        self.client = client
        self.path = path
        self.uri = path.as_uri()
        self.text = text
        self.version = 0
        self._published: asyncio.Queue[types.PublishDiagnosticsParams] = asyncio.Queue()

        @client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)  # type: ignore[untyped-decorator]  # of pygls
        def published(params: types.PublishDiagnosticsParams) -> None:
            self._published.put_nowait(params)

    @property
    def document(self) -> types.TextDocumentIdentifier:
        return types.TextDocumentIdentifier(self.uri)

    def open(self) -> None:
        item = types.TextDocumentItem(self.uri, "starlark", self.version, self.text)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))

    def write(self, text: str) -> None:
        """Type: the document has another text now."""
        self.text = text
        self.version += 1
        document = types.VersionedTextDocumentIdentifier(version=self.version, uri=self.uri)
        change = types.TextDocumentContentChangeWholeDocument(text)
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(document, [change]))

    async def findings(self, uri: str | None = None) -> list[types.Diagnostic]:
        """The findings of the document's newest version, or of another file."""
        while True:
            published = await asyncio.wait_for(self._published.get(), PATIENCE_S)
            if published.uri == (uri or self.uri) and published.version in (None, self.version):
                return list(published.diagnostics)

    def at(self, before: str, after: str = "") -> types.Position:
        """The position between two texts that follow each other, in UTF-16 units."""
        offset = self.text.index(before + after) + len(before)
        line = self.text.count("\n", 0, offset)
        start = self.text.rfind("\n", 0, offset) + 1
        return types.Position(line, len(self.text[start:offset].encode("utf-16-le")) // 2)


@asynccontextmanager
async def session(path: Path, text: str, server: Sequence[str] = SERVER) -> AsyncIterator[Session]:
    """A session on a file, opened with a text; when it ends, the server has ended, cleanly and silently."""
    client = LanguageClient("tests", "1")
    opened = Session(client, path, text)
    await client.start_io(*server, env=environment(), cwd=path.parent)
    params = types.InitializeParams(capabilities=types.ClientCapabilities(), root_uri=path.parent.as_uri())
    await asyncio.wait_for(client.initialize_async(params), PATIENCE_S)
    client.initialized(types.InitializedParams())
    opened.open()
    yield opened
    await client.shutdown_async(None)
    client.exit(None)
    process = client._server
    assert process is not None and process.stdin is not None and process.stderr is not None
    process.stdin.close()
    said = await asyncio.wait_for(process.stderr.read(), PATIENCE_S)
    assert (await process.wait(), said.decode()) == (0, "")
    await client.stop()  # type: ignore[no-untyped-call]  # pygls leaves it without types
