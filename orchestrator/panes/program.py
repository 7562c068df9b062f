"""A multiplexer's program: one call of it, with a deadline, and whether it is new enough."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from orchestrator.core.settings import process_environment
from orchestrator.panes.errors import DeadlineExceeded, InvalidInput, ProgramMissing, ProgramTooOld
from orchestrator.process import DEFAULT_OUTPUT_BYTES, Child, Ended, run

DEADLINE_S = 15.0

_NEEDED = ("COLORTERM", "SHELL", "EDITOR", "VISUAL", "LC_MESSAGES", "LOGNAME")
_XDG = ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR", "XDG_STATE_HOME")

Version = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where and with what a multiplexer's program is run.

    The first call that starts a server decides the environment of the panes in it: they see the allowed
    variables and no others, so that no secret reaches a pane that was not meant to.
    """

    environ: Mapping[str, str] = field(default_factory=process_environment)
    also_allowed: frozenset[str] = frozenset()
    """Variables to pass on beside those that every program of ours is given."""
    deadline_s: float = DEADLINE_S
    """For one call."""
    cwd: Path = field(default_factory=Path.cwd)


@dataclass(frozen=True, slots=True)
class Requirement:
    """What we need of a program, and how to get it."""

    oldest: Version
    version_flag: str
    variables: frozenset[str]
    """Environment variables that it is configured by."""
    remedy: str


@dataclass(slots=True)
class Program:
    """A multiplexer's program, asked for its version once."""

    path: str
    requirement: Requirement
    around: Surroundings
    _version: str | None = None
    _asking: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def name(self) -> str:
        """What it is called in messages."""
        return Path(self.path).name

    async def call(
        self,
        argv: Sequence[str],
        stdin: bytes = b"",
        deadline_s: float | None = None,
        cwd: Path | None = None,
    ) -> Ended:
        """Run it with these arguments, once it is known to be new enough.

        Raises ProgramMissing, ProgramTooOld, DeadlineExceeded; a refusal is in the result.
        """
        await self.version()
        return await self._run(self.child(argv, stdin, deadline_s, cwd))

    def child(
        self,
        argv: Sequence[str],
        stdin: bytes = b"",
        deadline_s: float | None = None,
        cwd: Path | None = None,
        most_bytes: int = DEFAULT_OUTPUT_BYTES,
    ) -> Child:
        """The child process of such a call, not started."""
        return Child(
            argv=[self.path, *argv],
            cwd=cwd or self.around.cwd,
            deadline_s=deadline_s or self.around.deadline_s,
            environ=self.around.environ,
            also_allowed={*_NEEDED, *_XDG, *self.requirement.variables, *self.around.also_allowed},
            stdin=stdin,
            max_output_bytes=most_bytes,
        )

    async def version(self) -> str:
        """Its version as it says it. Raises ProgramMissing and ProgramTooOld."""
        async with self._asking:
            if self._version is None:
                said = await self._run(self.child([self.requirement.version_flag]))
                self._version = self._checked(said.stdout.decode(errors="replace"))
            return self._version

    async def at_least(self, version: Version) -> bool:
        """Whether it is this version or newer."""
        return numbers(await self.version()) >= version

    def _checked(self, said: str) -> str:
        found = said.strip().rpartition(" ")[2]
        if numbers(found) < self.requirement.oldest:
            oldest = ".".join(map(str, self.requirement.oldest))
            raise ProgramTooOld(
                f"{self.path} says {said.strip()[:80]!r}; {oldest} or newer is needed",
                self.requirement.remedy,
            )
        return found

    async def _run(self, child: Child) -> Ended:
        try:
            ended = await run(child)
        except OSError as error:
            raise self.missing(child, error) from error
        if ended.how == "deadline":
            shown = " ".join(child.argv[1:])[:80]
            raise DeadlineExceeded(
                f"{self.name} {shown}: no answer within {child.deadline_s:g} s",
                "it may be busy or hang; look at the session before asking again",
            )
        return ended

    def missing(self, child: Child, error: OSError) -> ProgramMissing | InvalidInput:
        """What it means that the program could not be started."""
        if not child.cwd.is_dir():
            return InvalidInput(f"{child.cwd} is no folder", "start in one that is there")
        return ProgramMissing(
            f"{self.path} cannot be run: {error.strerror or error}", self.requirement.remedy
        )


def numbers(version: str) -> Version:
    """The leading numbers of a version: `3.3a` is 3, 3, 0. Nothing readable is 0, 0, 0."""
    found = [int(part) for part in re.findall(r"\d+", version)][:3]
    major, minor, patch = [*found, 0, 0, 0][:3]
    return major, minor, patch
