"""What the table of commands says is what the commands say themselves, though it is read without them."""

from __future__ import annotations

import pytest
import typer
from typer.testing import CliRunner

from orchestrator.cli.app import COMMANDS, app


@pytest.mark.parametrize("name", COMMANDS)
def test_a_summary_is_the_first_sentence_of_the_commands_own_help(name: str) -> None:
    stand_in = typer.main.get_group(app).commands[name]
    assert stand_in.callback is not None
    built = stand_in.callback()
    for width in (20, 45, 1000):
        assert stand_in.get_short_help_str(width) == built.get_short_help_str(width)


@pytest.mark.parametrize("name", [*COMMANDS, *(name.replace(":", " ") for name in COMMANDS if ":" in name)])
def test_a_command_prints_its_own_help(name: str) -> None:
    done = CliRunner().invoke(app, [*name.split(), "-h"], prog_name="agentlark")
    assert done.exit_code == 0
    assert done.stdout.startswith(f"Usage: agentlark {name} [OPTIONS]")


def test_a_misspelt_command_is_met_with_those_like_it() -> None:
    done = CliRunner().invoke(app, ["chek"])
    assert done.exit_code == 2
    assert "No such command 'chek'. Did you mean 'check'" in done.stderr
