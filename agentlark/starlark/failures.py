"""How a mistake travels: `Fault` inside the room, `StarlarkError` out of it.

A `Fault` is raised where the mistake is noticed, often by a function that knows no place. The nearest
expression on the way out that does know gives it one; the outermost function makes it a `StarlarkError`.
Nothing is spent on places until something goes wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from agentlark.diagnostics import Diagnostic, Edit, Fix, Place, Related, Source, Span, render
from agentlark.errors import AgentlarkError

if TYPE_CHECKING:
    from agentlark.starlark.program import Module


class StarlarkError(AgentlarkError):
    """A Starlark program that cannot be read or run; `str()` is the rendered report.

    `module` is what the file defines all the same: those globals that no failure put in doubt. None when the
    file did not run to its end.
    """

    def __init__(self, diagnostics: Sequence[Diagnostic], module: Module | None = None) -> None:
        self.diagnostics = tuple(diagnostics)
        self.module = module
        super().__init__(render(self.diagnostics))


class Fault(Exception):
    """A mistake on its way to the user; `place` is filled in by whoever knows it.

    `place` may be a pair of offsets while a file is being read.
    """

    def __init__(
        self,
        code: str,
        message: str,
        place: Place | tuple[int, int] | None = None,
        *,
        help: str | None = None,
        related: tuple[Related, ...] = (),
    ) -> None:
        self.code = code
        self.message = message
        self.place = place
        self.help = help
        self.related = related
        self.argument: str | int | None = None
        """The argument of the call that is at fault, by name or position."""
        self.others: list[tuple[tuple[int, int], str]] = []
        """Second places by offsets, while a file is being read."""
        self.edit: tuple[int, int, str] | None = None
        """What would put it right, while a file is being read: offsets, and the text to write there."""
        self.reached = 0
        """How far the text was understood, while a file is being read."""
        super().__init__(message)

    def diagnostic(self, source: Source) -> Diagnostic:
        """This mistake as a diagnostic; offsets are taken to be in `source`."""
        place = Span(source, *self.place) if isinstance(self.place, tuple) else self.place
        others = tuple(Related(Span(source, *offsets), message) for offsets, message in self.others)
        fix = None
        if self.edit:
            start, end, text = self.edit
            fix = Fix(self.help or f"write {text!r}", (Edit(Span(source, start, end), text),))
        related = self.related + others
        return Diagnostic(self.code, self.message, place, help=self.help, related=related, fix=fix)
