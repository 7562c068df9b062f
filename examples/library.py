"""Run a squad from Python: compile a file, follow what happens, use the answers."""

import asyncio
import sys
from pathlib import Path

import agentlark
import orchestrator


async def main(config: Path, task: str) -> None:
    squad = agentlark.compile_file(config).squad
    async with orchestrator.start(squad, task) as run:
        async for number, item in run.events():
            if number is not None:  # a fact; signals, such as text as it arrives, have no number
                print(number, item.kind)
        result = await run.result()
    print(result.answers["planner"])
    print(result.answer)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
