"""What `agentlark.editing` says, in the shapes of the protocol."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from lsprotocol import types
from pygls.uris import from_fs_path
from pygls.workspace import PositionCodec

from agentlark.diagnostics import Diagnostic, Place, Span
from agentlark.editing.completion import Kind, Proposal
from agentlark.editing.lookup import Explanation
from agentlark.editing.projects import Spot, Texts
from agentlark.editing.symbols import Symbol, SymbolKind
from orchestrator.editor.positions import Positions

SOURCE = "agentlark"

_SEVERITIES: Mapping[str, types.DiagnosticSeverity] = {
    "error": types.DiagnosticSeverity.Error,
    "warning": types.DiagnosticSeverity.Warning,
    "note": types.DiagnosticSeverity.Information,
}
_PROPOSALS: Mapping[Kind, types.CompletionItemKind] = {
    Kind.field: types.CompletionItemKind.Field,
    Kind.agent: types.CompletionItemKind.Reference,
    Kind.value: types.CompletionItemKind.EnumMember,
    Kind.builtin: types.CompletionItemKind.Function,
    Kind.function: types.CompletionItemKind.Function,
    Kind.name: types.CompletionItemKind.Variable,
    Kind.keyword: types.CompletionItemKind.Keyword,
}
_SYMBOLS: Mapping[SymbolKind, types.SymbolKind] = {
    SymbolKind.group: types.SymbolKind.Namespace,
    SymbolKind.agent: types.SymbolKind.Class,
    SymbolKind.function: types.SymbolKind.Function,
    SymbolKind.variable: types.SymbolKind.Variable,
}


def uri_of(path: Path) -> str:
    """The address of a file."""
    return from_fs_path(str(path)) or ""


class Translator:
    """Translates places of any file, each text's lines counted once."""

    def __init__(self, texts: Texts, codec: PositionCodec) -> None:
        self._texts = texts
        self._codec = codec
        self._known: dict[Path, Positions] = {}

    def positions(self, path: Path) -> Positions:
        """The positions of a file's text."""
        known = self._known.get(path)
        if known is None:
            known = self._known[path] = Positions(self._texts.read(path) or "", self._codec)
        return known

    def offset(self, path: Path, position: types.Position) -> int:
        """The offset of a position in a file."""
        return self.positions(path).offset(position)

    def locations(self, spots: Iterable[Spot]) -> list[types.Location]:
        """The places as locations."""
        return [types.Location(uri_of(spot.path), self._range(spot)) for spot in spots]

    def edits(self, spots: Sequence[Spot], text: str) -> types.WorkspaceEdit:
        """The edit that puts a text in every place."""
        changes: dict[str, Sequence[types.TextEdit]] = {}
        for path in dict.fromkeys(spot.path for spot in spots):
            edits = [types.TextEdit(self._range(spot), text) for spot in spots if spot.path == path]
            changes[uri_of(path)] = edits
        return types.WorkspaceEdit(changes=changes)

    def whole(self, path: Path, text: str) -> list[types.TextEdit]:
        """The edit that gives a file another text; none when it has it already."""
        before = self._texts.read(path) or ""
        if before == text:
            return []
        return [types.TextEdit(self.positions(path).range(0, len(before)), text)]

    def diagnostic(self, diagnostic: Diagnostic) -> types.Diagnostic:
        """A finding; its help stands below the message."""
        related = [
            types.DiagnosticRelatedInformation(self._location(each.place), each.message)
            for each in diagnostic.related
            if isinstance(each.place, Span)
        ]
        help = f"\nhelp: {diagnostic.help}" if diagnostic.help else ""
        return types.Diagnostic(
            range=self._place(diagnostic.place),
            message=f"{diagnostic.message}{help}",
            severity=_SEVERITIES[diagnostic.severity],
            code=diagnostic.code,
            source=SOURCE,
            related_information=related or None,
        )

    def action(self, diagnostic: Diagnostic) -> types.CodeAction | None:
        """What would do a finding's fix; None when it has none."""
        fix = diagnostic.fix
        if fix is None:
            return None
        changes: dict[str, list[types.TextEdit]] = {}
        for edit in fix.edits:
            change = types.TextEdit(self._place(edit.span), edit.text)
            changes.setdefault(uri_of(Path(edit.span.file)), []).append(change)
        return types.CodeAction(
            fix.message[:1].upper() + fix.message[1:],
            types.CodeActionKind.QuickFix,
            [self.diagnostic(diagnostic)],
            edit=types.WorkspaceEdit(changes=dict(changes)),
        )

    def completion(self, path: Path, proposals: Sequence[Proposal]) -> list[types.CompletionItem]:
        """The proposals, which editors are asked to keep in order."""
        positions = self.positions(path)
        return [
            types.CompletionItem(
                label=each.label,
                kind=_PROPOSALS[each.kind],
                sort_text=f"{at:05}",
                text_edit=types.TextEdit(positions.range(each.start, each.end), each.insert),
                documentation=_markdown(each.markdown) if each.markdown else None,
            )
            for at, each in enumerate(proposals)
        ]

    def hover(self, path: Path, explanation: Explanation) -> types.Hover:
        """An explanation beside what it explains."""
        where = self.positions(path).range(explanation.start, explanation.end)
        return types.Hover(_markdown(explanation.markdown), where)

    def symbols(self, path: Path, symbols: Iterable[Symbol]) -> list[types.DocumentSymbol]:
        """The entries with those inside them."""
        positions = self.positions(path)
        return [
            types.DocumentSymbol(
                name=each.name,
                detail=each.detail,
                kind=_SYMBOLS[each.kind],
                range=positions.range(*each.range),
                selection_range=positions.range(*each.name_range),
                children=self.symbols(path, each.children),
            )
            for each in symbols
        ]

    def _range(self, spot: Spot) -> types.Range:
        return self.positions(spot.path).range(spot.start, spot.end)

    def _location(self, place: Span) -> types.Location:
        return types.Location(uri_of(Path(place.file)), self._place(place))

    def _place(self, place: Place | None) -> types.Range:
        """The range of a place; a file as a whole is meant at its beginning."""
        if not isinstance(place, Span):
            return types.Range(types.Position(0, 0), types.Position(0, 0))
        return self.positions(Path(place.file)).range(place.start, place.end)


def _markdown(text: str) -> types.MarkupContent:
    return types.MarkupContent(types.MarkupKind.Markdown, text)
