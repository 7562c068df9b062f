"""What every journal promises, on disk and in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from orchestrator.core.errors import StoreError, StoreRefused
from orchestrator.core.frozen import digest_of
from orchestrator.core.ports import Journal
from orchestrator.store.journal import AgentFSJournal

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
                assert await journal.find(turn.key, run) == turn.recorded
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
            assert await journal.find(first.key, "r") == again.recorded
            assert journal.body(first.answer) == first.done.encoded()

    asyncio.run(story())


def test_two_turns_may_give_the_same_bytes(opened: Open, make_turn: Any, record: Any) -> None:
    async def story() -> None:
        one, two = make_turn("planner"), make_turn("builder")
        assert one.answer == two.answer and one.key != two.key
        async with opened() as journal:
            await journal.open_run(record())
            await asyncio.gather(*(journal.commit("r", [t.ended], t.bodies) for t in (one, two, one)))
            assert await journal.find(one.key, "r") == await journal.find(two.key, "r") == one.recorded

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
            assert await journal.find(turn.key, "r") == turn.recorded

    asyncio.run(story())


def test_a_simulated_answer_says_so(opened: Open, make_turn: Any, record: Any) -> None:
    async def story() -> None:
        turn = make_turn(simulated=True)
        async with opened() as journal:
            await journal.open_run(record(simulated=True))
            await journal.commit("r", [turn.ended], turn.bodies)
            found = await journal.find(turn.key, None)
            assert found is not None and found.done.simulated

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
            gone = journal.commit("r", [turn.started], {})
            kept = journal.commit("r", [turn.ended], turn.bodies)
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
            waiting = journal.commit("r", [make_turn().started], {})
            await journal.close()
            assert await waiting == 1
            await journal.close()
            with pytest.raises(StoreError, match="is closed"):
                await journal.commit("r", [make_turn().started], {})
            with pytest.raises(StoreError, match="cannot be read"):
                journal.runs()

    asyncio.run(story())


def test_an_answer_keeps_the_digest_under_which_it_was_recorded_however_it_was_written(
    opened: Open, make_turn: Any, record: Any
) -> None:
    async def story() -> None:
        turn = make_turn()
        written = turn.done.model_dump_json(exclude_defaults=True).encode()
        digest = digest_of(written)
        assert digest != turn.answer
        ended = turn.ended.model_copy(update={"answer": digest})
        async with opened() as journal:
            await journal.open_run(record())
            await journal.commit("r", [ended], {turn.key: turn.input.encoded(), digest: written})
            assert await journal.find(turn.key, None) == (turn.done, digest)
            assert journal.body(digest) == written

    asyncio.run(story())
