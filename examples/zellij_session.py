"""A zellij session driven from Python: make it, fill it, read it, watch it, end it.

    python examples/zellij_session.py

It needs zellij 0.44.1 or newer and no terminal; look at the session meanwhile with `zellij attach larkdemo`.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing

from orchestrator.panes.errors import MultiplexerError
from orchestrator.panes.zellij import PaneUpdate, ZellijClient

SESSION = "larkdemo"


async def main() -> None:
    zellij = ZellijClient()
    await zellij.sessions.create(SESSION)
    try:
        pane = await zellij.panes.create(["sh", "-c", "echo hello; exec cat"], direction="right", name="echo")
        print(f"pane {pane.pane_id} is in tab {pane.tab_name!r}: {pane.title}")
        await zellij.panes.submit(pane.pane_id, "typed from Python")
        async with aclosing(zellij.panes.watch([pane.pane_id])) as events:
            async for event in events:
                if isinstance(event, PaneUpdate) and event.viewport.count("typed from Python") == 2:
                    print("\n".join(event.viewport))
                    break
        print("exit status", await zellij.panes.run(["sh", "-c", "exit 7"], deadline_s=30))
    finally:
        await zellij.sessions.delete(SESSION, force=True)


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except MultiplexerError as error:
        raise SystemExit(str(error)) from error
