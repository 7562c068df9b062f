"""What a provider's limits do to a squad: `python -m benchmarks.limits [--quick] [--json FILE]`.

200 independent agents against the loopback model server, which takes about a second to answer, refuses with
status 429 and 529 in bursts, and asks to stay away for two seconds each time. Beside them the bare SDK with
retries of its own: as it is (two) and with as many as it may take (fifty). The server counts requests,
refusals, and who came although it had asked to stay away. Each contestant is a process of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from agentlark.model import Agent, Group, Squad
from benchmarks.report import Goal, examine
from orchestrator.backends.loopback import Burst, Bursts, LoopbackServer, echo
from orchestrator.core.settings import Flags
from orchestrator.wiring.runs import RunOptions, start

AGENTS = 200
AT_ONCE = 32
BURSTS = (Burst(2.0, 6.0, 429, asks_s=2), Burst(10.0, 6.0, 529, asks_s=2), Burst(18.0, 6.0, 429, asks_s=2))
QUICK = BURSTS[:2]
KEY = "key-for-the-loopback-server"


@dataclass(frozen=True, slots=True)
class Run:
    """What became of a contestant's agents, and what the server saw."""

    contestant: str
    seconds: float
    answered: int
    failed: int
    requests: int
    refused: int
    too_early: int
    """Requests that came while the server had asked to stay away."""
    most_in_a_second: int


async def agentlark(url: str) -> int:
    """How many agents of a squad are answered."""
    agents = tuple(
        Agent(
            id=f"n{number}",
            role="N",
            plan_prompt=f"task {number}",
            follow_up_prompt="",
            follow_up_enabled=False,
        )
        for number in range(AGENTS)
    )
    squad = Squad(groups=(Group(id="g", agents=agents),))
    with tempfile.TemporaryDirectory() as folder:
        options = RunOptions(
            folder=Path(folder),
            flags=Flags(backend="anthropic", base_url=url, jobs=AT_ONCE),
            environ={"ANTHROPIC_API_KEY": KEY},
        )
        async with start(squad, "Ship the MVP", options) as run:
            return len((await run.result()).answers)


def bare_sdk(retries: int | None) -> Callable[[str], Coroutine[Any, Any, int]]:
    """How many requests the SDK has answered by itself; `retries` None leaves it as it is."""

    async def play(url: str) -> int:
        from anthropic import AnthropicError, AsyncAnthropic

        client = AsyncAnthropic(api_key=KEY, base_url=url)
        client = client if retries is None else client.with_options(max_retries=retries)
        slots = asyncio.Semaphore(AT_ONCE)

        async def one(number: int) -> bool:
            async with slots:
                try:
                    async with client.messages.stream(
                        model="m", max_tokens=100, messages=[{"role": "user", "content": f"task {number}"}]
                    ) as stream:
                        await stream.get_final_message()
                except AnthropicError:
                    return False
                return True

        answered = sum(await asyncio.gather(*(one(number) for number in range(AGENTS))))
        await client.close()
        return answered

    return play


CONTESTANTS: Mapping[str, Callable[[str], Coroutine[Any, Any, int]]] = {
    "agentlark": agentlark,
    "SDK": bare_sdk(None),
    "SDK, 50 retries": bare_sdk(50),
}


async def measure(contestant: str, bursts: Sequence[Burst]) -> Run:
    """One contestant, in a process of its own, against a server of its own."""
    seen = Bursts(bursts, lambda asked: replace(echo(asked), fault="slow", pause_s=0.1))
    async with LoopbackServer(seen) as server:
        argv = [sys.executable, "-m", "benchmarks.limits", "--contestant", contestant, server.base_url]
        child = await asyncio.create_subprocess_exec(*argv, stdout=asyncio.subprocess.PIPE)
        said, _ = await child.communicate()
    if child.returncode:
        raise SystemExit(f"{contestant} failed")
    played = json.loads(said)
    return Run(
        contestant=contestant,
        seconds=played["seconds"],
        answered=played["answered"],
        failed=AGENTS - played["answered"],
        requests=len(seen.arrivals),
        refused=seen.refused,
        too_early=seen.too_early,
        most_in_a_second=seen.most_within(1.0),
    )


def play(contestant: str, url: str) -> int:
    """Be one contestant and say on stdout what came of it."""
    import anthropic  # noqa: F401  # its import is nobody's time

    begun = time.perf_counter()
    answered = asyncio.run(CONTESTANTS[contestant](url))
    print(json.dumps({"answered": answered, "seconds": time.perf_counter() - begun}))
    return 0


def table(runs: Sequence[Run]) -> str:
    """The runs as a table in Markdown."""
    rows = [
        "| contestant | answered | failed | requests | refused | told to stay away | most in 1 s | s |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    rows += [
        f"| {run.contestant} | {run.answered} | {run.failed} | {run.requests} | {run.refused}"
        f" | {run.too_early} | {run.most_in_a_second} | {run.seconds:.1f} |"
        for run in runs
    ]
    return "\n".join(rows)


def goals(runs: Sequence[Run]) -> list[Goal]:
    """What is asked of a squad in such weather."""
    ours = next(run for run in runs if run.contestant == "agentlark")
    return [
        Goal(f"{AGENTS} agents in bursts of refusals: agents that failed", 0, ours.failed, "agents"),
        Goal("requests while asked to stay away", 0, ours.too_early, "requests"),
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the table, and write it as JSON where asked."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.limits", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two bursts only: under a minute")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures as JSON, too")
    parser.add_argument("--contestant", nargs=2, metavar=("NAME", "URL"), help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.contestant:
        return play(*options.contestant)
    with tempfile.TemporaryDirectory() as folder:
        machine = examine(Path(folder))
    print(machine.line(), flush=True)
    runs: list[Run] = []
    for contestant in CONTESTANTS:
        runs.append(asyncio.run(measure(contestant, QUICK if options.quick else BURSTS)))
        print(f"{contestant}: {runs[-1].seconds:.1f} s", file=sys.stderr)
    print(f"\n{table(runs)}\n")
    for goal in goals(runs):
        print(goal.line())
    if options.json:
        value = {
            "machine": machine._asdict(),
            "runs": [asdict(run) for run in runs],
            "goals": [goal.to_json() for goal in goals(runs)],
        }
        options.json.write_text(json.dumps(value, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
