"""What every journal promises, on disk and in memory."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from orchestrator.core.errors import StoreError, StoreRefused
from orchestrator.core.facts import RunEnded
from orchestrator.core.frozen import digest_of
from orchestrator.core.ports import Journal
from orchestrator.store.agentfs import connection
from orchestrator.store.journal import AgentFSJournal, open_journal_readonly

Open = Callable[[], Any]


@pytest.fixture(params=["file", "memory"])
def opened(request: pytest.FixtureRequest, path: Path) -> Open:
    where = path if request.param == "file" else None

    @asynccontextmanager
    async def opening() -> AsyncIterator[Journal]:
        journal = AgentFSJournal(where)
        try:
            yield journal
        finally:
            await journal.close()

    return opening


def test_a_recorded_turn_is_found_by_its_key_in_its_run_and_in_any(
    opened: Open, make_turn: Any, record: Any
) -> None:
    async def story() -> None:
        turn = make_turn()
        async with opened() as journal:
            await journal.open_run(record())
            assert await journal.find(turn.key, None) is None
            assert await journal.commit("r", [turn.started], {}) == 1
            assert await journal.commit("r", [turn.ended, turn.node_ended()], turn.bodies) == 3
            for run in (None, "r"):
                assert await journal.find(turn.key, run) == turn.done
            assert await journal.find(turn.key, "another") is None

    asyncio.run(story())


def test_facts_come_back_equal_in_order_and_numbered_from_one(
    opened: Open, make_turn: Any, record: Any
) -> None:
    async def story() -> None:
        turn = make_turn()
        facts = [turn.started, turn.acted(1), turn.acted(2, ok=False), turn.ended, turn.node_ended()]
        async with opened() as journal:
            await journal.open_run(record())
            await asyncio.gather(*(journal.commit("r", [fact], {}) for fact in facts))
            assert list(journal.facts("r")) == list(enumerate(facts, start=1))
            assert list(journal.facts("r", after=3)) == [(4, facts[3]), (5, facts[4])]
            assert list(journal.facts("r", after=9)) == []
            assert list(journal.facts("unknown")) == []

    asyncio.run(story())


def test_each_run_counts_for_itself(opened: Open, make_turn: Any, record: Any) -> None:
    async def story() -> None:
        async with opened() as journal:
            for slug in ("a", "b"):
                await journal.open_run(record(slug))
            commits = [journal.commit(slug, [make_turn(run=slug).started], {}) for slug in "abaab"]
            assert await asyncio.gather(*commits) == [1, 1, 2, 3, 2]

    asyncio.run(story())


def test_more_facts_than_a_page_come_back_without_a_gap(opened: Open, make_turn: Any, record: Any) -> None:
    async def story() -> None:
        turn = make_turn()
        async with opened() as journal:
            await journal.open_run(record())
            await journal.commit("r", [turn.started] * 4500, {})
            assert [seq for seq, _ in journal.facts("r")] == list(range(1, 4501))

    asyncio.run(story())


def test_bodies_come_back_byte_for_byte(opened: Open, make_turn: Any, record: Any) -> None:
    texts = (
        "",
        "plain",
        "line\nbreak \t\u0000\u001b[31m",
        "“quotes” 🚀 " * 3000,
        '"}\n"answer":',
        "x" * 8192,
    )

    async def story() -> None:
        async with opened() as journal:
            await journal.open_run(record())
            for step, text in enumerate(texts, start=1):
                turn = make_turn(step=step, prompt=text + str(step), text=text)
                await journal.commit("r", [turn.ended], turn.bodies)
                assert journal.body(turn.key) == turn.input.encoded()
                assert journal.body(turn.answer) == turn.done.encoded()
            with pytest.raises(StoreError, match="has no body"):
                journal.body("0" * 64)

    asyncio.run(story())


def test_a_key_recorded_again_gives_the_newest_answer_and_keeps_the_older_one(
    opened: Open, make_turn: Any, record: Any
) -> None:
    async def story() -> None:
        first, again = make_turn(text="one"), make_turn(text="two", attempt=2)
        assert first.key == again.key
        async with opened() as journal:
            await journal.open_run(record())
            await journal.commit("r", [first.ended], first.bodies)
            await journal.commit("r", [again.ended], again.bodies)
            assert await journal.find(first.key, "r") == again.done
            assert journal.body(first.answer) == first.done.encoded()

    asyncio.run(story())


def test_two_turns_may_give_the_same_bytes(opened: Open, make_turn: Any, record: Any) -> None:
    async def story() -> None:
        one, two = make_turn("planner"), make_turn("builder")
        assert one.answer == two.answer and one.key != two.key
        async with opened() as journal:
            await journal.open_run(record())
            await asyncio.gather(*(journal.commit("r", [t.ended], t.bodies) for t in (one, two, one)))
            assert await journal.find(one.key, "r") == await journal.find(two.key, "r") == one.done

    asyncio.run(story())


def test_a_turn_without_an_answer_is_no_answer_but_keeps_its_question(
    opened: Open, make_turn: Any, record: Any
) -> None:
    async def story() -> None:
        turn = make_turn(ending="failed", answer=None, error="503", paid="unknown", usage=None)
        async with opened() as journal:
            await journal.open_run(record())
            await journal.commit("r", [turn.ended], {turn.key: turn.input.encoded()})
            assert await journal.find(turn.key, None) is None
            assert journal.body(turn.key) == turn.input.encoded()

    asyncio.run(story())


def test_replayed_answers_belong_to_their_own_run(opened: Open, make_turn: Any, record: Any) -> None:
    async def story() -> None:
        turn = make_turn(origin="replayed")
        async with opened() as journal:
            await journal.open_run(record())
            await journal.commit("r", [turn.ended], turn.bodies)
            assert await journal.find(turn.key, None) is None
            assert await journal.find(turn.key, "r") == turn.done

    asyncio.run(story())


def test_a_simulated_answer_says_so(opened: Open, make_turn: Any, record: Any) -> None:
    async def story() -> None:
        turn = make_turn(simulated=True)
        async with opened() as journal:
            await journal.open_run(record(simulated=True))
            await journal.commit("r", [turn.ended], turn.bodies)
            found = await journal.find(turn.key, None)
            assert found is not None and found.simulated

    asyncio.run(story())


def test_a_taken_slug_gets_a_suffix(opened: Open, record: Any) -> None:
    async def story() -> None:
        async with opened() as journal:
            slugs = await asyncio.gather(*(journal.open_run(record("a")) for _ in range(3)))
            assert slugs == ["a", "a-2", "a-3"]
            assert await journal.open_run(record("a-2")) == "a-2-2"
            assert [run.slug for run in journal.runs()] == ["a", "a-2", "a-3", "a-2-2"]

    asyncio.run(story())


def test_run_records_come_back_whole_and_their_texts_are_bodies(opened: Open, record: Any) -> None:
    async def story() -> None:
        one, two = record("a"), record("b", prompt="another", simulated=True)
        async with opened() as journal:
            for wanted in (one, two):
                await journal.open_run(wanted)
            assert list(journal.runs()) == [one, two]
            for text in (one.prompt, one.squad, two.prompt):
                assert journal.body(digest_of(text.encode())) == text.encode()

    asyncio.run(story())


@pytest.mark.parametrize("slug", ["", ".", "..", "a/b", "a\0b", "\ud800"])
def test_a_slug_that_no_folder_can_have_is_refused(opened: Open, record: Any, slug: str) -> None:
    async def story() -> None:
        async with opened() as journal:
            with pytest.raises(StoreRefused, match="cannot be the name"):
                await journal.open_run(record().model_copy(update={"slug": slug}))
            assert await journal.open_run(record("fine")) == "fine"

    asyncio.run(story())


def test_a_commit_that_makes_no_sense_harms_nobody_else(opened: Open, make_turn: Any, record: Any) -> None:
    async def story() -> None:
        turn = make_turn()
        async with opened() as journal:
            await journal.open_run(record())
            results = await asyncio.gather(
                journal.commit("r", [turn.started], {}),
                journal.commit("nobody", [turn.started], {}),
                journal.commit("r", [turn.ended], {turn.key: b"something else"}),
                journal.commit("r", [turn.started, make_turn("a/b").ended], {}),
                journal.commit("r", [turn.ended], turn.bodies),
                return_exceptions=True,
            )
            assert [results[0], results[4]] == [1, 2]
            assert "no run 'nobody'" in str(results[1])
            assert "another digest" in str(results[2])
            assert "'a/b' cannot be the name" in str(results[3])
            assert [fact for _, fact in journal.facts("r")] == [turn.started, turn.ended]

    asyncio.run(story())


def test_a_cancelled_waiter_leaves_the_others_their_answers(
    opened: Open, make_turn: Any, record: Any
) -> None:
    async def story() -> None:
        turn = make_turn()
        async with opened() as journal:
            await journal.open_run(record())
            gone = asyncio.create_task(journal.commit("r", [turn.started], {}))
            kept = asyncio.create_task(journal.commit("r", [turn.ended], turn.bodies))
            await asyncio.sleep(0)
            gone.cancel()
            assert await kept == 2
            with pytest.raises(asyncio.CancelledError):
                await gone

    asyncio.run(story())


def test_after_closing_it_refuses_and_closing_again_is_fine(
    opened: Open, make_turn: Any, record: Any
) -> None:
    async def story() -> None:
        async with opened() as journal:
            await journal.open_run(record())
            waiting = asyncio.create_task(journal.commit("r", [make_turn().started], {}))
            await asyncio.sleep(0)
            await journal.close()
            assert await waiting == 1
            await journal.close()
            with pytest.raises(StoreError, match="is closed"):
                await journal.commit("r", [make_turn().started], {})
            with pytest.raises(StoreError, match="cannot be read"):
                journal.runs()

    asyncio.run(story())


def test_what_was_closed_is_there_when_opened_again_and_goes_on_counting(
    path: Path, make_turn: Any, record: Any, later: Any
) -> None:
    turn = make_turn()

    async def before() -> None:
        journal = AgentFSJournal(path)
        await journal.open_run(record())
        await journal.commit("r", [turn.started, turn.ended], turn.bodies)
        await journal.close()

    async def after() -> None:
        journal = AgentFSJournal(path)
        assert await journal.find(turn.key, "r") == turn.done
        assert await journal.commit("r", [RunEnded(ending="done", at=later(1))], {}) == 3
        assert await journal.open_run(record()) == "r-2"
        await journal.close()

    asyncio.run(before())
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    asyncio.run(after())


def test_files_are_for_their_owner_alone(path: Path, record: Any) -> None:
    async def story() -> None:
        journal = AgentFSJournal(path)
        await journal.open_run(record())
        files = sorted(path.parent.iterdir())
        assert len(files) == 3
        assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
        assert path.parent.stat().st_mode & 0o777 == 0o700
        await journal.close()

    asyncio.run(story())


def test_a_full_disk_stops_recording_and_says_what_is_not_recorded(
    path: Path, make_turn: Any, record: Any
) -> None:
    async def story() -> None:
        journal = AgentFSJournal(path)
        await journal.open_run(record())
        small = make_turn()
        await journal.commit("r", [small.ended], small.bodies)
        db = journal._connections.write
        pages = db.execute("PRAGMA page_count").fetchone()[0]
        db.execute(f"PRAGMA max_page_count={pages + 1}")
        big = make_turn("builder", text="x" * 100_000)
        several = await asyncio.gather(
            *(journal.commit("r", [big.ended], big.bodies) for _ in range(3)), return_exceptions=True
        )
        assert all(isinstance(error, StoreError) for error in several)
        assert "full" in str(several[0]) and "not recorded" in str(several[0])
        with pytest.raises(StoreError, match="nothing more is recorded"):
            await journal.commit("r", [small.started], {})
        assert await journal.find(small.key, "r") == small.done
        assert len(list(journal.facts("r"))) == 1
        await journal.close()

    asyncio.run(story())
    with sqlite3.connect(path) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    db.close()


def test_a_reader_sees_commits_of_a_writer_that_goes_on(path: Path, make_turn: Any, record: Any) -> None:
    async def story() -> None:
        journal = AgentFSJournal(path)
        await journal.open_run(record())
        reader = open_journal_readonly(path)
        for step in range(1, 20):
            turn = make_turn(step=step, text=str(step))
            await journal.commit("r", [turn.ended], turn.bodies)
            assert [seq for seq, _ in reader.facts("r")] == list(range(1, step + 1))
            assert reader.find(turn.key, None) == turn.done
        reader.close()
        await journal.close()

    asyncio.run(story())


def test_a_reader_neither_waits_for_a_transaction_nor_holds_it_up(path: Path, record: Any) -> None:
    async def story() -> None:
        journal = AgentFSJournal(path)
        await journal.open_run(record())
        other = sqlite3.connect(path, isolation_level=None, timeout=0)
        other.execute("BEGIN IMMEDIATE")
        other.execute("INSERT INTO kv_store (key, value) VALUES ('a', '1')")
        started = time.monotonic()
        reader = open_journal_readonly(path)
        assert [run.slug for run in reader.runs()] == ["r"]
        reader.close()
        assert time.monotonic() - started < connection.PROBE_S / 2
        other.execute("COMMIT")
        other.close()
        await journal.close()

    asyncio.run(story())


def test_reading_creates_nothing(path: Path) -> None:
    path.parent.mkdir()
    with pytest.raises(StoreRefused, match="no journal") as refused:
        open_journal_readonly(path)
    assert refused.value.remedy
    assert list(path.parent.iterdir()) == []


def test_two_processes_worth_of_writers_take_turns(path: Path, make_turn: Any, record: Any) -> None:
    async def story() -> None:
        first, second = AgentFSJournal(path), AgentFSJournal(path)
        await asyncio.gather(first.open_run(record("a")), second.open_run(record("b")))

        async def write(journal: AgentFSJournal, run: str) -> None:
            for step in range(1, 30):
                turn = make_turn(f"n{step % 3}", step, run=run, text=f"{run}{step}")
                assert await journal.commit(run, [turn.ended], turn.bodies) == step

        await asyncio.gather(write(first, "a"), write(second, "b"))
        await first.close()
        await second.close()

    asyncio.run(story())
    with sqlite3.connect(path) as db:
        assert db.execute("SELECT count(*), count(DISTINCT ino) FROM journal_turns").fetchone() == (58, 58)
    db.close()
