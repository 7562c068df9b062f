"""The runner: a checked squad in, recorded turns and an answer out.

    import asyncio, agentlark, orchestrator

    async def main():
        squad = agentlark.compile_file("configs/agents.lark").squad
        async with orchestrator.start(squad, "Ship the MVP") as run:
            async for number, item in run.events():
                ...
            result = await run.result()
        print(result.answer)

    asyncio.run(main())

Names are loaded on first use, so that importing a room costs only that room.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from orchestrator.core.errors import FolderBusy, OrchestratorError, StoreError, StoreRefused, UserError
    from orchestrator.core.settings import Flags
    from orchestrator.run.handle import RunHandle, RunResult
    from orchestrator.wiring.runs import RunOptions, resume, start

_HOMES = {
    "FolderBusy": "core.errors",
    "OrchestratorError": "core.errors",
    "StoreError": "core.errors",
    "StoreRefused": "core.errors",
    "UserError": "core.errors",
    "Flags": "core.settings",
    "RunHandle": "run.handle",
    "RunResult": "run.handle",
    "RunOptions": "wiring.runs",
    "resume": "wiring.runs",
    "start": "wiring.runs",
}

__all__ = [
    "Flags",
    "FolderBusy",
    "OrchestratorError",
    "RunHandle",
    "RunOptions",
    "RunResult",
    "StoreError",
    "StoreRefused",
    "UserError",
    "resume",
    "start",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{home}"), name)
