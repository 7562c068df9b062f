"""`python -m orchestrator.backends.loopback [--port N]`: the loopback server by hand, until interrupted."""

from __future__ import annotations

import argparse
import asyncio
import sys

from orchestrator.backends.loopback import FAULTS, LoopbackServer
from orchestrator.core.errors import ServerError


async def _serve(port: int) -> None:
    async with LoopbackServer(port=port) as server:
        sys.stdout.write(f"{server.base_url}\n")
        sys.stdout.flush()
        sys.stderr.write(
            f"loopback model server: Anthropic Messages API, any key, simulated answers\n"
            f"  use it: ANTHROPIC_API_KEY=any ANTHROPIC_BASE_URL={server.base_url}\n"
            f"  faults: {server.base_url}/fault/NAME, NAME a status such as 429, or {', '.join(FAULTS)}\n"
        )
        await asyncio.Event().wait()


def main(arguments: list[str] | None = None) -> int:
    """Serve until interrupted; 0 then, 1 when the port cannot be had."""
    parser = argparse.ArgumentParser(prog="python -m orchestrator.backends.loopback", description=__doc__)
    parser.add_argument(
        "--port", type=int, default=0, help="the port to listen on; 0 (default) takes a free one"
    )
    try:
        asyncio.run(_serve(parser.parse_args(arguments).port))
    except KeyboardInterrupt:
        return 0
    except ServerError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
