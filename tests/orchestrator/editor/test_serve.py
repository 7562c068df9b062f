from __future__ import annotations

import sys

import pytest

from orchestrator.core.errors import UserError
from orchestrator.editor import serve
from tests.orchestrator.cli.conftest import Command, agentlark

__all__ = ["agentlark"]


@pytest.mark.parametrize("package", ["pygls", "lsprotocol"])
def test_without_its_extra_the_server_says_how_to_get_it(
    package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)

    with pytest.raises(UserError, match=r"pip install 'agentlark\[lsp\]'"):
        serve()


def test_an_editor_that_goes_away_ends_the_server(agentlark: Command) -> None:  # the fixture
    done = agentlark("lsp", stdin="")

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_what_is_no_message_does_no_harm(agentlark: Command) -> None:
    done = agentlark("lsp", stdin="Content-Length: 3\r\n\r\n{}}Content-Length: x\r\n\r\n\r\nnonsense")

    assert done.returncode == 0
