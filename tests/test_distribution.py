"""Shipped files are found wherever agentlark is installed: checkout, editable, wheel, self-contained file."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from agentlark.resources import shipped, shipped_folder

ROOT = Path(__file__).parents[1]
SHIPPED = (
    "templates/prompts/roles/default/plan.md",
    "templates/prompts/frames/blueprint.md",
    "templates/starter/agents.lark",
    "configs/agents.lark",
    "configs/agents.smoke.lark",
    "examples/agents.lark",
    "examples/agents.simple.lark",
)


def run(arguments: list[str], folder: Path, env: Mapping[str, str] | None = None) -> str:
    done = subprocess.run(
        arguments, cwd=folder, env=env, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_checkout_uses_its_own_files() -> None:
    assert shipped_folder() == ROOT
    for name in SHIPPED:
        assert shipped(name).is_file()


def test_a_missing_file_is_a_broken_installation_not_a_traceback() -> None:
    from agentlark.errors import ResourceMissing

    with pytest.raises(ResourceMissing, match="reinstall"):
        shipped("templates/nothing.md")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    for module in ("build", "hatchling"):
        if importlib.util.find_spec(module) is None:
            pytest.skip(f"{module} is not installed")
    folder = tmp_path_factory.mktemp("wheel")
    run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)],
        folder,
    )
    (built,) = folder.glob("*.whl")
    return built


@pytest.mark.slow
def test_a_wheel_carries_every_shipped_file_and_no_data(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for name in SHIPPED:
        assert f"agentlark/_data/{name}" in names
    assert any(name.startswith("agentlark/starlark/syntax/") for name in names)
    assert not [
        name for name in names if name.endswith((".db", ".log", ".out.json")) or name.startswith("tests")
    ]


@pytest.mark.slow
def test_an_installed_wheel_runs_from_any_folder(wheel: Path, tmp_path: Path) -> None:
    home = tmp_path / "installed"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(home), str(wheel)]
    run(pip, tmp_path)
    env = {**os.environ, "PYTHONPATH": str(home)}
    where = "import agentlark.resources as r; print(r.shipped_folder())"
    assert run([sys.executable, "-P", "-c", where], tmp_path, env).strip() == str(
        home / "agentlark" / "_data"
    )
    run(
        [sys.executable, "-P", "-m", "orchestrator", "run", "-q", "--builtin", "--prompt", "x"], tmp_path, env
    )
    assert (tmp_path / "logs" / "builder.log").is_file()


@pytest.mark.slow
def test_the_self_contained_file_runs_from_any_folder(wheel: Path, tmp_path: Path) -> None:
    if importlib.util.find_spec("pex") is None:
        pytest.skip("pex is not installed")
    target = tmp_path / "agentlark"
    build = [sys.executable, "-m", "pex", str(wheel), "--console-script", "agentlark", "--venv"]
    run([*build, "--output-file", str(target)], tmp_path)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PEX_ROOT": str(tmp_path / "pex")}
    run([str(target), "run", "-q", "--builtin", "--prompt", "x"], elsewhere, env)
    assert (elsewhere / "logs" / "builder.log").is_file()
    assert run([str(target), "init"], elsewhere, env) == ""
    assert run([str(target), "explain", "AL308"], elsewhere, env).startswith("AL308: ")
    run([str(target), "check"], elsewhere, env)
