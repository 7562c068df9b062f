"""Help with options in sections: those of a command that has dozens are not one list."""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand

_PLAIN = "Options"


class SectionedCommand(TyperCommand):
    """A command whose help lists each option under its section (`rich_help_panel`), the others last."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the sections, in the order of their first options."""
        sections: dict[str, list[tuple[str, str]]] = {"Arguments": []}
        for param in self.get_params(ctx):
            if (record := param.get_help_record(ctx)) is not None:
                is_option = param.param_type_name == "option"
                panel = getattr(param, "rich_help_panel", None) or _PLAIN
                sections.setdefault(panel if is_option else "Arguments", []).append(record)
        plain = sections.pop(_PLAIN, None)
        for title, records in (*sections.items(), ("Other options" if len(sections) > 1 else _PLAIN, plain)):
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)
