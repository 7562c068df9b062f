"""What the table of commands says is what the commands say themselves, though it is read without them."""

from __future__ import annotations

import pytest

from orchestrator.cli.app import COMMANDS, command_line
from orchestrator.cli.lazy import LazyCommand


@pytest.mark.parametrize("name", COMMANDS)
def test_a_summary_is_the_first_sentence_of_the_commands_own_help(name: str) -> None:
    stand_in = command_line().commands[name]
    assert isinstance(stand_in, LazyCommand)
    for width in (20, 45, 1000):
        assert stand_in.get_short_help_str(width) == stand_in.built().get_short_help_str(width)


@pytest.mark.parametrize("name", [*COMMANDS, *(name.replace(":", " ") for name in COMMANDS if ":" in name)])
def test_a_command_prints_its_own_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        command_line().main([*name.split(), "-h"], prog_name="agentlark")
    assert capsys.readouterr().out.startswith(f"Usage: agentlark {name} [OPTIONS]")


def test_a_misspelt_command_is_met_with_those_like_it(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        command_line().main(["chek"])
    assert "No such command 'chek'. Did you mean 'check'" in capsys.readouterr().err
