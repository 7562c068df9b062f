"""Settings: what was asked for, by whom, and what holds.

The only place that reads the environment. Built-in < environment < flag; what an agent's own fields say
stands between built-in and environment, so that a flag beats every field of a config.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias
from urllib.parse import urlsplit

from agentlark.model import MIN_REVIEW_CHARS, Approve, Limits
from orchestrator.core.errors import UserError

DEFAULT_JOBS = 16
DEFAULT_TIMEOUT_S = 600.0
DEFAULT_RETRIES = 2
DEFAULT_MAX_TOKENS = 16_000
DEFAULT_MAX_AGENTS = 100
DEFAULT_MAX_DEPTH = 16
LONGEST_DELAY_S = 3600.0

_SECRET_NAME = re.compile(r"(KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL)S?$", re.IGNORECASE)
_SECRET_MIN_LENGTH = 8


@dataclass(frozen=True, slots=True)
class Choice:
    """A setting's value and where it came from, in words for the user."""

    value: str
    origin: str


Concise: TypeAlias = Literal["off", "concise", "full"]
"""Whether each agent takes one turn of one sentence: no; yes, and nobody joins; yes, waves included."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a run asks of every group; None and False leave it to the group."""

    autonomous: bool = False
    parallel: bool = False
    relay: bool = False
    max_waves: int | None = None
    approve: Approve | None = None
    review_limit: int | None = None
    no_specialists: bool = False
    """Blueprints are given and checked, but nobody joins."""
    one_turn: bool = False
    """Each agent takes one turn: there is none for handing work on, so no note is demanded."""


@dataclass(frozen=True, slots=True)
class Fresh:
    """Whose turns are sent even if another run has recorded their answers."""

    agents: tuple[str, ...] = ()
    everybody: bool = False

    def applies_to(self, agent: str) -> bool:
        """Whether an agent's turns are sent in any case."""
        return self.everybody or agent in self.agents


@dataclass(frozen=True, slots=True)
class Pace:
    """What may be sent in a minute, beside what providers say themselves; None sets nothing."""

    requests: int | None = None
    tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Telemetry:
    """Where a run's spans are sent, and whether what was asked and said is in them."""

    endpoint: Choice
    content: bool


@dataclass(frozen=True, slots=True)
class Flags:
    """What a caller asks for; None and empty mean not asked for."""

    backend: str | None = None
    fallback: str | None = None
    """The backend of agents that name none, in place of the automatic choice."""
    model: str | None = None
    base_url: str | None = None
    mini: bool = False
    jobs: int | None = None
    fail_fast: bool = False
    asked: Asked = field(default_factory=Asked)
    concise: Concise = "off"
    max_agents: int | None = None
    max_depth: int | None = None
    fresh: Fresh = field(default_factory=Fresh)
    limits: Limits = field(default_factory=Limits)
    pace: Pace = field(default_factory=Pace)
    otel: str | None = None
    """The collector to send spans to."""
    otel_content: bool = False
    debug_prompt: bool = False
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
    mini: bool
    """Whether every agent is answered by its backend's cheap model."""
    jobs: int
    fail_fast: bool
    asked: Asked
    concise: Concise
    max_agents: int
    """How many agents may join the run."""
    max_depth: int
    """How many of them may wait for one another in a row."""
    fresh: Fresh
    limits: Limits
    """What the whole run may spend."""
    pace: Pace
    """What may be sent in a minute to each backend that has limits."""
    telemetry: Telemetry | None
    debug_prompt: bool
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
    _refuse_absurd(flags)
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
        mini=flags.mini,
        jobs=flags.jobs or DEFAULT_JOBS,
        fail_fast=flags.fail_fast,
        asked=replace(
            flags.asked, no_specialists=flags.concise == "concise", one_turn=flags.concise != "off"
        ),
        concise=flags.concise,
        max_agents=DEFAULT_MAX_AGENTS if flags.max_agents is None else flags.max_agents,
        max_depth=flags.max_depth or DEFAULT_MAX_DEPTH,
        fresh=flags.fresh,
        limits=flags.limits,
        pace=_pace(flags.pace, env),
        telemetry=_telemetry(flags, env),
        debug_prompt=flags.debug_prompt,
        rehearsal_delay_s=flags.rehearsal_delay_s,
        rehearsal_fail_once=frozenset(flags.rehearsal_fail_once),
        credentials={name: env[name] for name in ("ANTHROPIC_API_KEY",) if env.get(name)},
        secrets=known_secrets(env),
    )


def _refuse_absurd(flags: Flags) -> None:
    lowest = {
        "--max-waves": (flags.asked.max_waves, 1),
        "--max-agents": (flags.max_agents, 0),
        "--max-depth": (flags.max_depth, 1),
        "--review-limit": (flags.asked.review_limit, MIN_REVIEW_CHARS),
        "--requests-per-minute": (flags.pace.requests, 1),
        "--tokens-per-minute": (flags.pace.tokens, 1),
    }
    for name, (value, least) in lowest.items():
        if value is not None and value < least:
            raise UserError(f"{name} {value}: it must be {least} or more", f"give {name} {least} or more")
    if flags.mini and flags.model is not None:
        raise UserError(
            f"--mini and --model {flags.model} contradict each other",
            "give one of them: --mini is each backend's cheap model",
        )


def _pace(asked: Pace, env: Mapping[str, str]) -> Pace:
    """The flags' pace, else the environment's. Raises UserError for what is no number from 1 on."""
    names = {"requests": "AGENTLARK_REQUESTS_PER_MINUTE", "tokens": "AGENTLARK_TOKENS_PER_MINUTE"}
    found: dict[str, int | None] = {"requests": asked.requests, "tokens": asked.tokens}
    for kind, name in names.items():
        text = env.get(name, "").strip()
        if text and not re.fullmatch(r"0*[1-9]\d{0,11}", text, re.ASCII):
            raise UserError(f"{name} is {text!r}: a whole number from 1 on", f"set {name}=50, or unset it")
        if text and found[kind] is None:
            found[kind] = int(text)
    return Pace(**found)


def _telemetry(flags: Flags, env: Mapping[str, str]) -> Telemetry | None:
    """Where spans go, by flag or as any OpenTelemetry SDK is told. Raises UserError for no address."""
    names = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
    is_off = env.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
    asked = () if is_off else tuple((name, env.get(name)) for name in names)
    endpoint = _first(("--otel", flags.otel), *asked)
    if endpoint is None:
        if flags.otel_content:
            raise UserError(
                "--otel-content: no spans are sent", "name a collector: --otel http://localhost:4318"
            )
        return None
    try:
        parts = urlsplit(endpoint.value)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        is_address = False
    if not is_address or "@" in endpoint.value:
        raise UserError(
            f"the collector from {endpoint.origin} is no address without credentials",
            "name one such as http://localhost:4318; headers belong into OTEL_EXPORTER_OTLP_HEADERS",
        )
    return Telemetry(endpoint, flags.otel_content)


def config_override(environ: Mapping[str, str] | None = None) -> str | None:
    """The compiled file named by the environment, if any."""
    env = os.environ if environ is None else environ
    return env.get("ORCHESTRATED_CODEX_AGENTS_CONFIG") or None


def process_environment() -> Mapping[str, str]:
    """This process's environment, for `orchestrator.process` to choose from."""
    return os.environ


def keep_bounds(environ: Mapping[str, str] | None = None) -> dict[str, float]:
    """What finished runs may come to in the journal, as far as the environment says: runs, days, bytes.

    Raises UserError for what is no number.
    """
    env = os.environ if environ is None else environ
    names = {"runs": "AGENTLARK_KEEP_RUNS", "days": "AGENTLARK_KEEP_DAYS", "bytes": "AGENTLARK_MAX_BYTES"}
    found: dict[str, float] = {}
    for bound, name in names.items():
        if text := env.get(name, "").strip():
            if not re.fullmatch(r"\d{1,15}(\.\d+)?", text):
                raise UserError(f"{name} is {text!r}: a number from 0 on", f"set {name}=100, or unset it")
            found[bound] = float(text)
    return found


def editor(environ: Mapping[str, str] | None = None) -> list[str]:
    """The user's editor, as a command and its arguments."""
    env = os.environ if environ is None else environ
    return shlex.split(env.get("VISUAL") or env.get("EDITOR") or "vi")


def zellij_around(environ: Mapping[str, str] | None = None) -> str | None:
    """The zellij session that this process runs in, if any."""
    env = os.environ if environ is None else environ
    return env.get("ZELLIJ_SESSION_NAME") if "ZELLIJ" in env else None


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
