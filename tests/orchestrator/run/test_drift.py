"""What has become of a run's configuration when the run is taken up again."""

from __future__ import annotations

from pathlib import Path

import pytest

from agentlark.compiled import emit
from orchestrator.core.redact import Redactor
from orchestrator.run.drift import Drift, SquadOrigin, drift, kept_origin
from orchestrator.run.squads import FoundSquad, SquadChoice, find_squad
from orchestrator.schedule.select import select

TWO = 'agents = [agent(id = "a", role = "A"), agent(id = "b", role = VAR, depends_on = ["a"])]\n'
PLAIN = Redactor()


def found(path: Path, text: str, **variables: str) -> FoundSquad:
    path.write_text(text)
    return find_squad(SquadChoice(path.parent, agents_lark=path, variables=variables))


def kept(squad: FoundSquad, *agents: str) -> dict[str, str]:
    assert squad.source is not None
    return kept_origin(SquadOrigin.of(squad.source, agents, (), False), PLAIN)


def lark(role: str) -> str:
    return TWO.replace("VAR", f'"{role}"')


def test_an_untouched_file_is_no_change_nor_is_one_that_means_the_same(tmp_path: Path) -> None:
    path = tmp_path / "squad.lark"
    started = found(path, lark("B"))
    assert drift(kept(started), started.squad, PLAIN) == Drift()
    path.write_text("# better said\n" + lark("B"))
    assert drift(kept(started), started.squad, PLAIN) == Drift()


def test_an_untouched_file_is_not_compiled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started = found(tmp_path / "squad.lark", lark("B"))
    monkeypatch.delattr("orchestrator.run.drift.load_source")
    assert drift(kept(started), started.squad, PLAIN) == Drift()


def test_a_changed_file_is_told_in_the_squads_terms(tmp_path: Path) -> None:
    path = tmp_path / "squad.lark"
    started = found(path, lark("B"))
    path.write_text(lark("C"))
    changed = drift(kept(started), started.squad, PLAIN)
    assert changed.notice == ""
    assert '~ agent b\n    role: "B" → "C"\n' in changed.difference


def test_a_changed_prompt_file_is_a_change(tmp_path: Path) -> None:
    (tmp_path / "plan.md").write_text("Plan.")
    text = 'agents = [agent(id = "a", role = "A", plan_prompt = prompt_file("plan.md"))]\n'
    started = found(tmp_path / "squad.lark", text)
    (tmp_path / "plan.md").write_text("Plan well.")
    assert "plan_prompt" in drift(kept(started), started.squad, PLAIN).difference


def test_variables_and_the_part_that_was_run_are_those_of_the_start(tmp_path: Path) -> None:
    path = tmp_path / "squad.lark"
    text = 'v = param("role", "B")\n' + TWO.replace("VAR", "v")
    started = found(path, text, role="Z")
    path.write_text(f"# touched\n{text}")
    assert drift(kept(started), started.squad, PLAIN) == Drift()
    part = select(started.squad, ["a"])
    path.write_text(f"# touched\n{text}".replace('"B"', '"C"').replace("v,", '"Y",'))
    assert drift(kept(started, "a"), part, PLAIN) == Drift()
    assert drift(kept(started), started.squad, PLAIN).difference


def test_a_compiled_file_is_compared_too(tmp_path: Path) -> None:
    squad = found(tmp_path / "squad.lark", lark("B")).squad
    path = tmp_path / "squad.json"
    path.write_text(emit(squad))
    started = find_squad(SquadChoice(tmp_path, agents_config=path))
    origin = kept(started)
    assert drift(origin, started.squad, PLAIN) == Drift()
    path.write_text(emit(found(tmp_path / "squad.lark", lark("C")).squad))
    assert "role" in drift(origin, started.squad, PLAIN).difference


@pytest.mark.parametrize("text", [None, "agents = [", 'agents = [agent(id = "b", role = "B")]'])
def test_a_file_that_is_gone_or_broken_is_a_notice(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "squad.lark"
    started = found(path, lark("B"))
    part = select(started.squad, ["a"])
    if text is None:
        path.unlink()
    else:
        path.write_text(text)
    became = drift(kept(started, "a"), part, PLAIN)
    assert became.difference == ""
    assert "going on with the recorded one" in became.notice


def test_nothing_is_kept_of_a_squad_without_a_file_or_with_a_secret_variable(tmp_path: Path) -> None:
    assert kept_origin(None, PLAIN) == {}
    started = found(
        tmp_path / "squad.lark", 'v = param("role", "B")\n' + TWO.replace("VAR", "v"), role="hush-hush"
    )
    assert started.source is not None
    assert kept_origin(SquadOrigin.of(started.source, (), (), False), Redactor(["hush-hush"])) == {}
    assert drift({}, started.squad, PLAIN) == Drift()
