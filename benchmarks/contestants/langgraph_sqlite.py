"""LangGraph with its SQLite checkpointer: one node per agent, checkpoints written before the next step.

The state is a list of outputs with a reducer, as its documentation shows; a node with several dependencies
waits for all of them. The asynchronous saver is its faster one.
"""

from __future__ import annotations

import asyncio
import operator
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypedDict

from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.graph import END, START, StateGraph

from benchmarks.shapes import Shape, answer_of


class State(TypedDict):
    """What the graph carries: every output, with its agent's name."""

    outputs: Annotated[list[tuple[str, str]], operator.add]


def _node(name: str, delay_s: float | None) -> Callable[[State], Awaitable[State]]:
    async def node(state: State) -> State:
        if delay_s is not None:
            await asyncio.sleep(delay_s)
        return {"outputs": [(name, answer_of(name))]}

    return node


def builder_of(shape: Shape) -> StateGraph[State]:
    """The shape as a graph of nodes that do nothing, or wait."""
    builder = StateGraph(State)
    for name in shape.depends_on:
        builder.add_node(name, _node(name, shape.delays_s.get(name)))
    for name, upstream in shape.depends_on.items():
        builder.add_edge(list(upstream) if upstream else START, name)
    awaited = {up for upstream in shape.depends_on.values() for up in upstream}
    for name in shape.depends_on.keys() - awaited:
        builder.add_edge(name, END)
    return builder


async def run(shape: Shape, folder: Path) -> float:
    """Seconds of one `ainvoke`."""
    async with AsyncSqliteSaver.from_conn_string(str(folder / "langgraph.db")) as saver:
        await saver.setup()
        await saver.conn.execute("PRAGMA synchronous=FULL")
        graph = builder_of(shape).compile(checkpointer=saver)
        begun = time.perf_counter()
        result = await graph.ainvoke(
            {"outputs": []},
            {"configurable": {"thread_id": "run"}, "recursion_limit": shape.turns + 10},
            durability="sync",
        )
        seconds = time.perf_counter() - begun
    assert len(result["outputs"]) == shape.turns
    return seconds
