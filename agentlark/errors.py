"""The compiler's errors.

AgentlarkError
├── ConfigError        the user wrote something wrong; carries diagnostics
└── ResourceMissing    a file that ships with agentlark is not there: a broken installation
"""

from __future__ import annotations

from collections.abc import Sequence

from agentlark.diagnostics import Diagnostic, render


class AgentlarkError(Exception):
    """The root of everything the compiler raises on purpose."""


class ConfigError(AgentlarkError):
    """A configuration that cannot be compiled; `str()` is the rendered report.

    `diagnostics` holds every finding, warnings and notes included, errors first in file order.
    """

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__(render(self.diagnostics))


class ResourceMissing(AgentlarkError):
    """A shipped file is missing from the installation."""
