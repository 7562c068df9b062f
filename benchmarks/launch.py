"""How long until somebody sees something: `python -m benchmarks.launch [--quick] [--zellij PATH]`.

From pressing Enter to the first line of a log on the screen of `agentlark launch`, beside the first line on
the screen of a multiplexer that is given one pane with one `echo`. Each is a process in a terminal of its own
and starts from nothing: no server, no session, no journal. All take turns, round by round; medians count.
Multiplexers that are not there are left out.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.report import examine
from orchestrator.process import Child, in_terminal, run

ROUNDS = 7
PATIENCE_S = 60.0
POLL_S = 0.003
LINE = "first-line"
"""Not as it stands in the command, which zellij shows above the pane."""
EMPTY = 'layout {\n    pane command="printf" {\n        args "first%sline" "-"\n    }\n}\n'
CONFIG = """
agents = [
    agent(id = "planner", role = "Planner"),
    agent(id = "researcher", role = "Researcher", depends_on = ["planner"]),
    agent(id = "builder", role = "Builder", depends_on = ["researcher"]),
]
"""
AGENTLARK = (sys.executable, "-P", "-m", "orchestrator")
RUN = ("--backend", "rehearsal", "--rehearsal-delay", "30", "--prompt", "Ship it")


@dataclass(frozen=True, slots=True)
class Contestant:
    """What is started, what its first line is, and how it is ended."""

    name: str
    argv: Sequence[str]
    first_line: str
    end: Sequence[str]


def contestants(folder: Path, zellij: str | None, tmux: str | None) -> list[Contestant]:
    """Everything there is to compare on this machine; what is beside what stands next to each other."""
    found = []
    stop = (*AGENTLARK, "stop", "--grace", "0")
    for program, path in (("zellij", zellij), ("tmux", tmux)):
        if path is None:
            continue
        empty = {
            "zellij": [path, f"--new-session-with-layout={folder / 'empty.kdl'}", "--session", "empty"],
            "tmux": [path, "-L", "empty", "-f", os.devnull, "new-session", "printf first%sline -; sleep 600"],
        }
        end = {
            "zellij": [path, "delete-session", "--force", "empty"],
            "tmux": [path, "-L", "empty", "kill-server"],
        }
        launch = (*AGENTLARK, "launch", "--in", program, *RUN)
        found += [
            Contestant(f"{program}, one pane", empty[program], LINE, end[program]),
            Contestant(f"agentlark launch in {program}", launch, "planner (Planner)", stop),
        ]
    return [*found, Contestant("agentlark launch as lines", (*AGENTLARK, "launch", "--in", "lines", *RUN),
                               "planner (Planner)", stop)]  # fmt: skip


def environment(folder: Path, zellij: str | None) -> Mapping[str, str]:
    """An environment in which nothing has ever been started."""
    for name in ("home", "sock", "conf", "cache"):
        (folder / name).mkdir()
    (folder / "conf" / "config.kdl").write_text("show_startup_tips false\nshow_release_notes false\n")
    path = os.environ["PATH"]
    return {
        "PATH": f"{Path(zellij).parent}{os.pathsep}{path}" if zellij else path,
        "LANG": "C.UTF-8",
        "TERM": "xterm-256color",
        "SHELL": "/bin/sh",
        "HOME": str(folder / "home"),
        "TMUX_TMPDIR": str(folder / "sock"),
        "ZELLIJ_SOCKET_DIR": str(folder / "sock"),
        "ZELLIJ_CONFIG_DIR": str(folder / "conf"),
        "XDG_CACHE_HOME": str(folder / "cache"),
    }


async def first_line_s(contestant: Contestant, folder: Path, environ: Mapping[str, str]) -> float:
    """Seconds from the start of a contestant to its first line on the screen."""
    begun = time.perf_counter()
    child = Child(contestant.argv, folder, PATIENCE_S, environ, environ.keys())
    async with in_terminal(child, rows=45, columns=160) as terminal:
        while contestant.first_line.encode() not in terminal.drawn:
            if time.perf_counter() - begun > PATIENCE_S or not terminal.is_running:
                raise SystemExit(
                    f"{contestant.name}: no line came:\n{terminal.drawn.decode(errors='replace')}"
                )
            await asyncio.sleep(POLL_S)
        taken = time.perf_counter() - begun
        # Its exit code says little: zellij ends a young session and says that it found none.
        await run(Child(contestant.end, folder, PATIENCE_S, environ, environ.keys()))
    return taken


def main(arguments: Sequence[str] | None = None) -> int:
    """Take all figures and print them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.launch", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two rounds")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--zellij", default=shutil.which("zellij"), help="where zellij is")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    rounds = 2 if options.quick else options.rounds
    with tempfile.TemporaryDirectory(prefix="al-", dir="/tmp") as name:  # short: sockets
        folder = Path(name)
        machine = examine(folder)
        environ = environment(folder, options.zellij)
        (folder / "empty.kdl").write_text(EMPTY)
        all_there = contestants(folder, options.zellij, shutil.which("tmux"))
        taken: dict[str, list[float]] = {each.name: [] for each in all_there}
        for number in range(rounds):
            for each in all_there:
                here = folder / f"{number}-{each.name.replace(' ', '-')}"
                (here / "configs").mkdir(parents=True)
                (here / "configs" / "agents.lark").write_text(CONFIG)
                taken[each.name].append(asyncio.run(first_line_s(each, here, environ)))
        if left := [path.name for path in (folder / "sock").glob("contract_version_*/*")]:
            raise SystemExit(f"zellij sessions were left behind: {left}")
    print(f"    {machine.line()}, rounds: {rounds}\n")
    print("| started | ms to the first line | least–most |\n|---|--:|--:|")
    for each_name, figures in taken.items():
        print(f"| {each_name} | {_ms(median(figures))} | {_ms(min(figures))}–{_ms(max(figures))} |")
    if options.json:
        options.json.write_text(json.dumps({"machine": machine._asdict(), "seconds": taken}, indent=2))
    return 0


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:,.0f}"


if __name__ == "__main__":
    raise SystemExit(main())
