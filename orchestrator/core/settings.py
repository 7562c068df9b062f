"""Settings: what was asked for, by whom, and what holds.

The only place that reads the environment. Built-in < environment < flag; what an agent's own fields say
stands between built-in and environment, so that a flag beats every field of a config.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from orchestrator.core.errors import UserError

DEFAULT_JOBS = 16
DEFAULT_TIMEOUT_S = 600.0
DEFAULT_RETRIES = 2
DEFAULT_MAX_TOKENS = 16_000
LONGEST_DELAY_S = 3600.0

_SECRET_NAME = re.compile(r"(KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL)S?$", re.IGNORECASE)
_SECRET_MIN_LENGTH = 8


@dataclass(frozen=True, slots=True)
class Choice:
    """A setting's value and where it came from, in words for the user."""

    value: str
    origin: str


@dataclass(frozen=True, slots=True)
class Flags:
    """What a caller asks for; None and empty mean not asked for."""

    backend: str | None = None
    fallback: str | None = None
    """The backend of agents that name none, in place of the automatic choice."""
    model: str | None = None
    base_url: str | None = None
    jobs: int | None = None
    fail_fast: bool = False
    rehearsal_delay_s: float = 0.0
    rehearsal_fail_once: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Settings:
    """What holds for a run. Credentials are never shown, stored or logged."""

    backend: Choice | None
    """Asked for outside the configuration; None leaves it to each agent, else to `fallback`."""
    fallback: Choice
    """The backend of agents that name none."""
    model: Choice | None
    base_url: Choice | None
    jobs: int
    fail_fast: bool
    rehearsal_delay_s: float
    rehearsal_fail_once: frozenset[str]
    credentials: Mapping[str, str] = field(repr=False)
    """API keys by the name of their environment variable."""
    secrets: tuple[str, ...] = field(repr=False)
    """Values that must not appear anywhere."""


def settle(flags: Flags, environ: Mapping[str, str] | None = None) -> Settings:
    """What holds, given the flags and the environment (the process's own by default).

    Raises UserError for values that cannot be meant.
    """
    env = os.environ if environ is None else environ
    if flags.jobs is not None and flags.jobs < 1:
        raise UserError(
            f"--jobs {flags.jobs}: at least one agent must be able to run", "give --jobs 1 or more"
        )
    if not 0 <= flags.rehearsal_delay_s <= LONGEST_DELAY_S:
        raise UserError(
            f"--rehearsal-delay {flags.rehearsal_delay_s}: a delay is a number of seconds from 0 to"
            f" {LONGEST_DELAY_S:g}",
            "give --rehearsal-delay 0.5, for example",
        )
    texts = {"--backend": flags.backend, "--model": flags.model, "--base-url": flags.base_url}
    for name, value in texts.items():
        if value is not None and not value.strip():
            raise UserError(f"{name} is empty", "leave it out, or give it a value (an unset shell variable?)")
    base_url = _first(("--base-url", flags.base_url), *_from(env, "ANTHROPIC_BASE_URL"))
    if base_url is not None and "@" in urlsplit(base_url.value).netloc:
        raise UserError(
            f"the address from {base_url.origin} holds credentials", "give the key in ANTHROPIC_API_KEY"
        )
    return Settings(
        backend=_first(("--backend", flags.backend), *_from(env, "ORCHESTRATED_CODEX_BACKEND")),
        fallback=_first(("the run's record", flags.fallback)) or _fallback(env),
        model=_first(("--model", flags.model)),
        base_url=base_url,
        jobs=flags.jobs or DEFAULT_JOBS,
        fail_fast=flags.fail_fast,
        rehearsal_delay_s=flags.rehearsal_delay_s,
        rehearsal_fail_once=frozenset(flags.rehearsal_fail_once),
        credentials={name: env[name] for name in ("ANTHROPIC_API_KEY",) if env.get(name)},
        secrets=known_secrets(env),
    )


def config_override(environ: Mapping[str, str] | None = None) -> str | None:
    """The compiled file named by the environment, if any."""
    env = os.environ if environ is None else environ
    return env.get("ORCHESTRATED_CODEX_AGENTS_CONFIG") or None


def process_environment() -> Mapping[str, str]:
    """This process's environment, for `orchestrator.process` to choose from."""
    return os.environ


def wants_plain(environ: Mapping[str, str] | None = None) -> bool:
    """Whether the terminal cannot move its cursor; colour is rich's business, which honours NO_COLOR."""
    env = os.environ if environ is None else environ
    return env.get("TERM") == "dumb"


def wants_colour(environ: Mapping[str, str] | None = None) -> bool:
    """Whether a terminal may be given colours: not with `NO_COLOR` set to anything, nor where it is dumb."""
    env = os.environ if environ is None else environ
    return not env.get("NO_COLOR") and env.get("TERM") not in (None, "", "dumb")


def known_secrets(env: Mapping[str, str]) -> tuple[str, ...]:
    """Values of environment variables that are named like secrets, longest first."""
    found = {
        value.strip()
        for name, value in env.items()
        if _SECRET_NAME.search(name) and len(value.strip()) >= _SECRET_MIN_LENGTH
    }
    return tuple(sorted(found, key=lambda value: (-len(value), value)))


def _fallback(env: Mapping[str, str]) -> Choice:
    if env.get("ANTHROPIC_API_KEY"):
        return Choice("anthropic", "ANTHROPIC_API_KEY is set")
    return Choice("rehearsal", "no backend was asked for and no key is set")


def _from(env: Mapping[str, str], name: str) -> tuple[tuple[str, str | None]]:
    return ((name, env.get(name)),)


def _first(*sources: tuple[str, str | None]) -> Choice | None:
    for origin, value in sources:
        if value:
            return Choice(value, origin)
    return None
