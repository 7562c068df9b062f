"""What is read back is what was recorded, or an error."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from orchestrator.core.errors import StoreError
from orchestrator.store.journal import AgentFSJournal, open_journal_readonly

TURNS = 12


@pytest.fixture
def turns(path: Path, make_turn: Any, record: Any) -> list[Any]:
    """A journal of some turns, closed; gives the turns."""
    made = [make_turn(f"n{i}", prompt=f"ask {i} " * 200, text=f"answer {i} " * 700) for i in range(TURNS)]

    async def story() -> None:
        journal = AgentFSJournal(path)
        await journal.open_run(record())
        for turn in made:
            await journal.commit("r", [turn.started, turn.ended], turn.bodies)
        await journal.close()

    asyncio.run(story())
    return made


def _unsound(path: Path, turns: list[Any]) -> int:
    """How many bodies cannot be read as recorded; a wrong body that is given out fails the test."""
    reader = open_journal_readonly(path)
    wrong = 0
    for turn in turns:
        for digest, body in turn.bodies.items():
            try:
                assert reader.body(digest) == body
            except StoreError as error:
                wrong += error.message != ""
    reader.close()
    return wrong


def test_sound_bodies_are_all_given_out(path: Path, turns: list[Any]) -> None:
    assert _unsound(path, turns) == 0


def test_every_flipped_bit_of_a_body_is_noticed(path: Path, turns: list[Any]) -> None:
    sound = path.read_bytes()
    rng = random.Random(20260301)
    for _ in range(100):
        turn = rng.choice(turns)
        text = rng.choice([turn.input.prompt, turn.done.message.text])[:200].encode()
        place = sound.index(text) + rng.randrange(len(text))
        spoilt = bytearray(sound)
        spoilt[place] ^= 1 << rng.randrange(8)
        path.write_bytes(spoilt)
        assert _unsound(path, turns) == 1


def test_a_file_flipped_anywhere_never_gives_out_a_wrong_body(path: Path, turns: list[Any]) -> None:
    sound = path.read_bytes()
    rng = random.Random(20260302)
    for _ in range(60):
        spoilt = bytearray(sound)
        spoilt[rng.randrange(4096, len(sound))] ^= 1 << rng.randrange(8)
        path.write_bytes(spoilt)
        try:
            _unsound(path, turns)
        except StoreError:
            continue


def test_an_altered_answer_is_an_error_when_found_not_a_miss(path: Path, turns: list[Any]) -> None:
    path.write_bytes(path.read_bytes().replace(b"answer 3 answer 3", b"answer 3 answer 4", 1))
    reader = open_journal_readonly(path)
    with pytest.raises(StoreError, match="altered") as caught:
        reader.find(turns[3].key, None)
    assert caught.value.remedy
    assert reader.find(turns[4].key, None) == turns[4].recorded
    reader.close()


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE journal_facts SET fact = replace(fact, 'n2', 'n9') WHERE seq = 5",
        "UPDATE journal_facts SET seq = 100 WHERE seq = 5",
        "DELETE FROM journal_facts WHERE seq = 5",
    ],
)
def test_a_fact_that_is_altered_or_missing_is_noticed(path: Path, turns: list[Any], damage: str) -> None:
    with sqlite3.connect(path) as db:
        assert db.execute(damage).rowcount == 1
    db.close()
    reader = open_journal_readonly(path)
    facts = reader.facts("r")
    assert [next(iter(facts))[0] for _ in range(4)] == [1, 2, 3, 4]
    with pytest.raises(StoreError, match="fact 5 of r is missing or altered"):
        list(facts)
    reader.close()


def test_a_fact_of_a_newer_kind_is_an_error_that_says_so(path: Path, turns: list[Any]) -> None:
    from orchestrator.store.journal.tables import INSERT_FACT, fact_crc

    text = '{"kind":"teleported"}'
    seq = 2 * TURNS + 1
    with sqlite3.connect(path) as db:
        db.execute(INSERT_FACT, (1, seq, text, fact_crc(seq, text)))
    db.close()
    reader = open_journal_readonly(path)
    with pytest.raises(StoreError, match="newer agentlark"):
        list(reader.facts("r"))
    reader.close()


def test_a_truncated_file_is_refused_or_noticed(path: Path, turns: list[Any]) -> None:
    sound = path.read_bytes()
    for pages in range(1, len(sound) // 4096, 3):
        path.write_bytes(sound[: pages * 4096])
        try:
            assert _unsound(path, turns) > 0
        except StoreError:
            continue


def test_one_run_is_read_without_the_texts_of_the_others(path: Path, turns: list[Any], record: Any) -> None:
    async def story() -> None:
        journal = AgentFSJournal(path)
        for slug in ("s", "t"):
            await journal.open_run(record(slug, prompt=f"the prompt of {slug}"))
        await journal.close()

    asyncio.run(story())
    path.write_bytes(path.read_bytes().replace(b"the prompt of s", b"the prompt of S"))
    with open_journal_readonly(path) as reader:
        assert reader.slugs() == ["r", "s", "t"]
        assert reader.last_run() == record("t", prompt="the prompt of t")
        assert reader.run("r") == record()
        assert reader.run("nobody") is None
        with pytest.raises(StoreError, match="altered"):
            reader.run("s")


@pytest.mark.parametrize("damage", ["record = replace(record, '\"4\"', '\"5\"')", "prompt = squad"])
def test_an_altered_record_of_a_run_is_noticed(path: Path, turns: list[Any], damage: str) -> None:
    with sqlite3.connect(path) as db:
        assert db.execute(f"UPDATE journal_runs SET {damage}").rowcount == 1
    db.close()
    with (
        open_journal_readonly(path) as reader,
        pytest.raises(StoreError, match="record of run r was altered"),
    ):
        reader.run("r")


def test_a_journal_without_runs_has_no_last_one(path: Path) -> None:
    asyncio.run(AgentFSJournal(path).close())
    with open_journal_readonly(path) as reader:
        assert reader.last_run() is None
        assert list(reader.facts("r")) == []
