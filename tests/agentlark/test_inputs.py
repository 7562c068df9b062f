"""Declared inputs: what patterns match, and how much of it is read; nothing outside the root, ever."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from agentlark import inputs
from agentlark.compiled import emit, parse_compiled
from agentlark.compiler import compile_file
from agentlark.inputs import find_files, pattern_problem, read_inputs
from agentlark.project import Unreadable


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    for path in ("README.md", "docs/b.md", "docs/a.md", "docs/deep/down/c.md", "docs/a.txt"):
        put(folder / path, f"# {path}\n")
    for path in (".env", "docs/.hidden.md", ".git/config", "docs/.cache/d.md"):
        put(folder / path, "hidden\n")
    put(tmp_path / "secret.md", "secret\n")
    return folder


def put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("docs/*.md", ["docs/a.md", "docs/b.md"]),
        ("docs/**/*.md", ["docs/a.md", "docs/b.md", "docs/deep/down/c.md"]),
        ("docs/**", ["docs/a.md", "docs/a.txt", "docs/b.md", "docs/deep/down/c.md"]),
        ("**/**/c.md", ["docs/deep/down/c.md"]),
        ("**/down/*", ["docs/deep/down/c.md"]),
        ("*", ["README.md"]),
        ("docs/[!b].m?", ["docs/a.md"]),
        ("README.md", ["README.md"]),
        ("docs", []),
        ("docs/a.md/*", []),
        ("nowhere/*.md", []),
        (".env", [".env"]),
        (".*", [".env"]),
        ("docs/.*.md", ["docs/.hidden.md"]),
        ("x" * 300, []),
        ("docs/.cache/*", ["docs/.cache/d.md"]),
    ],
)
def test_what_a_pattern_matches(root: Path, pattern: str, found: list[str]) -> None:
    assert pattern_problem(pattern) is None
    assert find_files(root, pattern) == found


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "  ",
        "/etc/passwd",
        "~/x",
        "C:/x",
        "../x",
        "a/../../x",
        "a\\b",
        "a//b",
        "./a",
        "a/",
        "a/**.md",
        "a\nb",
    ],
)
def test_a_pattern_that_cannot_be_used_says_so(pattern: str) -> None:
    problem = pattern_problem(pattern)
    assert problem is not None
    assert problem.instead is None or pattern_problem(problem.instead) is None


def test_files_are_read_in_the_order_of_their_paths_each_once(root: Path) -> None:
    found = read_inputs(root, ["docs/b.md", "docs/*.md", "README.md", "nope"])
    assert [file.path for file in found.files] == ["README.md", "docs/a.md", "docs/b.md"]
    assert found.files[1].text == "# docs/a.md\n"
    assert found.unmatched == ("nope",)
    assert not found.no_room
    assert not found.refused


def test_links_lead_nowhere_outside(root: Path, tmp_path: Path) -> None:
    (root / "docs" / "out.md").symlink_to(tmp_path / "secret.md")
    (root / "docs" / "up").symlink_to(tmp_path)
    (root / "docs" / "in.md").symlink_to(root / "README.md")
    (root / "docs" / "loop").symlink_to(root / "docs")
    (root / "docs" / "gone.md").symlink_to(root / "nothing")
    (root / "docs" / "round.md").symlink_to(root / "docs" / "round.md")
    found = ["docs/a.md", "docs/b.md", "docs/deep/down/c.md", "docs/in.md"]
    assert find_files(root, "docs/**/*.md") == found
    assert find_files(root, "docs/out.md") == find_files(root, "docs/up/*") == []
    assert find_files(root, "docs/loop/a.md") == ["docs/loop/a.md"]
    text = {file.path: file.text for file in read_inputs(root, ["docs/**/*.md"]).files}
    assert text["docs/in.md"] == "# README.md\n"
    assert "secret" not in "".join(text.values())


def test_a_file_that_becomes_a_link_outside_while_it_is_read_is_refused(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def swap(self: object, entry: object) -> bool:
        (root / "README.md").unlink(missing_ok=True)
        (root / "README.md").symlink_to(tmp_path / "secret.md")
        return True

    monkeypatch.setattr(inputs._Walk, "_is_file", swap)
    found = read_inputs(root, ["README.md"])
    assert not found.files
    assert found.refused == (("README.md", "it leads out of the project"),)


@pytest.mark.parametrize("data", [b"\x89PNG\r\n\x1a\n\0\0", b"caf\xe9", b"text\0text", b"\xff\xfeh\0i\0"])
def test_what_is_no_text_is_refused(root: Path, data: bytes) -> None:
    (root / "docs" / "image.md").write_bytes(data)
    found = read_inputs(root, ["docs/*.md"])
    assert [file.path for file in found.files] == ["docs/a.md", "docs/b.md"]
    assert [path for path, _ in found.refused] == ["docs/image.md"]


def test_a_pipe_is_no_file_and_blocks_nobody(root: Path) -> None:
    os.mkfifo(root / "docs" / "pipe.md")
    assert find_files(root, "docs/*.md") == ["docs/a.md", "docs/b.md"]


def test_a_long_file_is_cut_after_a_whole_line(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inputs, "FILE_BYTES", 20)
    put(root / "docs" / "a.md", "first line\nsecond line\n")
    put(root / "docs" / "b.md", "é" * 15)
    a, b = read_inputs(root, ["docs/*.md"]).files
    assert (a.text, a.is_cut) == ("first line\n", True)
    assert (b.text, b.is_cut) == ("é" * 10, True)


def test_a_cut_file_is_the_same_whatever_changes_behind_the_cut(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inputs, "FILE_BYTES", 20)
    put(root / "docs" / "a.md", "first line\nsecond line\n")
    before = read_inputs(root, ["docs/a.md"])
    put(root / "docs" / "a.md", "first line\nsecond line\nand a third\n")
    assert read_inputs(root, ["docs/a.md"]) == before


def test_what_has_no_room_is_named(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inputs, "ALL_BYTES", 2500)
    for name in "abcd":
        put(root / "many" / name, f"{name}\n" * 500)
    found = read_inputs(root, ["many/*"])
    assert [(file.path, len(file.text), file.is_cut) for file in found.files] == [
        ("many/a", 1000, False),
        ("many/b", 1000, False),
    ]
    assert found.no_room == ("many/c", "many/d")
    monkeypatch.setattr(inputs, "MIN_ROOM_BYTES", 100)
    assert read_inputs(root, ["many/*"]).files[2].is_cut


def test_a_tree_that_is_too_large_is_not_walked(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inputs, "MAX_ENTRIES", 5)
    assert find_files(root, "docs/deep/**") == ["docs/deep/down/c.md"]
    with pytest.raises(Unreadable, match="more than 5 files and folders"):
        find_files(root, "**")
    with pytest.raises(Unreadable, match="more than 5 files and folders"):
        read_inputs(root, ["*", "docs/*"])


def test_many_stars_look_at_nothing_twice(root: Path) -> None:
    deep = root.joinpath(*"abcdefghijklmnopqrstuvwxyz")
    put(deep / "end.md", "end\n")
    assert find_files(root, "**/*/" * 12 + "end.md") == [deep.relative_to(root).as_posix() + "/end.md"]


def test_what_is_to_be_skipped_is_not_there(root: Path) -> None:
    skip = (root / "docs" / "deep", root / "docs" / "b.md", root / "nothing")
    assert find_files(root, "**/*.md", skip) == ["README.md", "docs/a.md"]
    assert find_files(root, "docs/b.md", skip) == []


def test_a_folder_that_cannot_be_listed_is_named(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scandir = os.scandir

    def refuse(path: Path) -> object:
        if path.name == "deep":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    found = read_inputs(root, ["docs/**/*.md"])
    assert [file.path for file in found.files] == ["docs/a.md", "docs/b.md"]
    assert found.refused == (("docs/deep/", "Permission denied"),)


def test_the_compiled_form_of_an_agent_keeps_what_it_declares(tmp_path: Path) -> None:
    put(
        tmp_path / "a.lark",
        'agents = [agent(id = "a", role = "A", inputs = ["*.lark"],'
        ' memory = ["agent:b"], memory_limit = 500), agent(id = "b", role = "B")]',
    )
    compiled = compile_file(tmp_path / "a.lark")
    assert compiled.diagnostics == ()
    text = emit(compiled.squad)
    assert text.count('"inputs"') == text.count('"memory"') == text.count('"memory_limit"') == 1
    assert parse_compiled(text, "a.json") == compiled.squad
