"""The loopback server started by hand."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request

import pytest

from orchestrator.backends.loopback.__main__ import main


def test_it_prints_its_address_answers_there_and_stops_when_interrupted() -> None:
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(part for part in sys.path if part)}
    command = [sys.executable, "-m", "orchestrator.backends.loopback"]
    with subprocess.Popen(
        command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None and server.stderr is not None
        url = server.stdout.readline().strip()
        try:
            body = json.dumps({"model": "m", "messages": [{"role": "user", "content": "hello"}]}).encode()
            request = urllib.request.Request(f"{url}/v1/messages", body, {"x-api-key": "any"})
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            with opener.open(request, timeout=10) as response:
                assert "hello" in json.load(response)["content"][0]["text"]
        finally:
            server.send_signal(signal.SIGINT)
            _, errors = server.communicate(timeout=10)
    assert server.returncode == 0
    assert "ANTHROPIC_BASE_URL" in errors


def test_a_port_that_cannot_be_had_is_said_without_a_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main(["--port", str(port)]) == 1
    assert f"cannot listen on 127.0.0.1:{port}" in capsys.readouterr().err
