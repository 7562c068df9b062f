"""From text to tree. Start reading at `grammar.lark`, then `driver.py`; `tree.py` has the nodes."""

from __future__ import annotations

from agentlark.diagnostics import Diagnostic, Source, Span
from agentlark.starlark.failures import Fault, StarlarkError
from agentlark.starlark.syntax.driver import Stuck, drive
from agentlark.starlark.syntax.lexer import scan
from agentlark.starlark.syntax.tree import File


def read_source(text: str, filename: str, max_bytes: int) -> Source:
    """The text as a source: without a byte order mark, lines ending in line feeds.

    Raises:
        StarlarkError: AL007 for text that is none (NUL, lone surrogates), AL207 for too much of it.
    """
    text = text.removeprefix("\ufeff")
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    source = Source(filename, text)
    try:
        size = len(text) if text.isascii() else len(text.encode("utf-8"))
    except UnicodeEncodeError as error:
        raise _refused("AL007", "this is not text: a lone surrogate", source, error.start) from None
    if size > max_bytes:
        raise _refused(
            "AL207", f"this file has {size} bytes, the limit is {max_bytes} (max_source_bytes)", source, 0
        )
    nul = text.find("\0")
    if nul >= 0:
        raise _refused("AL007", "this is not text: a NUL character", source, nul)
    return source


def _refused(code: str, message: str, source: Source, offset: int) -> StarlarkError:
    return StarlarkError([Diagnostic(code, message, Span(source, offset, offset + 1))])


def parse_source(source: Source) -> File:
    """The tree of a source.

    Raises:
        StarlarkError: with every syntax error found.
    """
    try:
        return File(drive(scan(source.text)), source)
    except (Fault, Stuck):
        from agentlark.starlark.syntax.complaints import complaints

        raise StarlarkError(complaints(source)) from None
