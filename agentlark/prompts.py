"""Prompt templates: what they may use, how they are checked, how they are rendered.

Templates are Jinja2 in its immutable sandbox, with undefined names refused and no globals, over `task`,
`agent`, `group`, `plan` and `outputs`. What other agents said goes in as values, never as template source.
Jinja2 is imported on first need: a squad of default prompts compiles without it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from agentlark.diagnostics import nearest
from agentlark.errors import AgentlarkError
from agentlark.resources import shipped_folder, shipped_text

if TYPE_CHECKING:
    from jinja2 import Template
    from jinja2.nodes import Getattr, Getitem
    from jinja2.nodes import Template as Tree
    from jinja2.runtime import Context
    from jinja2.sandbox import ImmutableSandboxedEnvironment

Turn: TypeAlias = Literal["plan", "follow-up"]

VARIABLES: Mapping[Turn, frozenset[str]] = {
    "plan": frozenset({"task", "agent", "group", "outputs"}),
    "follow-up": frozenset({"task", "agent", "group", "outputs", "plan"}),
}
"""What the templates of a turn may use."""

_ATTRIBUTES = {"agent": frozenset({"id", "role"}), "group": frozenset({"id"})}
_MAPPING_METHODS = frozenset({"items", "keys", "values", "get"})
_PADDING = frozenset({"center", "expandtabs", "format", "format_map", "ljust", "rjust", "zfill"})

MAX_PROMPT_CHARS = 16_000_000
"""The largest prompt that is rendered; no model takes as much."""

_LONGEST_FOLDER = 100
"""Characters of a role that may have a folder; file systems refuse to look for names much longer."""

PARTS_AT_ONCE = 1000
"""Pieces of a template that are rendered before their size is looked at."""

_MARK = re.compile(r"\{[{%#]")


class TemplateFailed(AgentlarkError):
    """A template that could not be rendered with the values of a turn."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is wrong in a template: the 1-based line in it, the reason, and a remedy."""

    line: int
    message: str
    help: str | None = None
    is_syntax: bool = False
    output: str | None = None
    """The agent whose output is asked for, though it is not waited for."""


@lru_cache(maxsize=1024)
def default_prompt(role: str, turn: Turn) -> str:
    """The shipped template of a role's turn; roles without templates of their own share one."""
    slug = re.sub(r"[^a-z0-9]+", "-", role.casefold()).strip("-")
    folder = f"templates/prompts/roles/{slug}"
    if not 0 < len(slug) <= _LONGEST_FOLDER or not (shipped_folder() / folder).is_dir():
        folder = "templates/prompts/roles/default"
    return shipped_text(f"{folder}/{turn}.md")


def is_template(text: str) -> bool:
    """Whether the text holds any template syntax at all."""
    return _MARK.search(text) is not None


@lru_cache(maxsize=4096)
def inspect_template(text: str, turn: Turn, upstream: frozenset[str]) -> tuple[Complaint, ...]:
    """Everything wrong with a template of that turn, whose agent depends on `upstream`, in line order."""
    if not is_template(text):
        return ()
    from jinja2 import TemplateSyntaxError

    try:
        tree = _environment().parse(text)
        found = [*_unknown_names(tree, turn), *_unknown_parts(tree, upstream)]
    except TemplateSyntaxError as error:  # unknown filters too, which are noticed only by the second step
        return (Complaint(error.lineno, error.message or "it does not parse", is_syntax=True),)
    return tuple(sorted(found, key=lambda complaint: complaint.line))


def render(text: str, variables: Mapping[str, object]) -> str:
    """The template with its values in place. Raises TemplateFailed when it asks for what is not there."""
    if not is_template(text):
        return text
    from jinja2 import TemplateError

    parts: list[str] = []
    room = MAX_PROMPT_CHARS
    try:
        rendering = _compiled(text).generate(variables)
        while some := list(islice(rendering, PARTS_AT_ONCE)):
            parts += some
            room -= sum(map(len, some))
            if room < 0:
                raise TemplateFailed(f"the prompt template gives more than {MAX_PROMPT_CHARS:,} characters")
        return "".join(parts)
    except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError, RecursionError) as error:
        raise TemplateFailed(f"the prompt template failed: {error}") from error


def render_frame(name: str, variables: Mapping[str, object]) -> str:
    """A shipped frame (`templates/prompts/frames/<name>.md`) with its values in place."""
    return render(shipped_text(f"templates/prompts/frames/{name}.md"), variables)


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    from jinja2 import StrictUndefined
    from jinja2.exceptions import SecurityError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Bounded(ImmutableSandboxedEnvironment):
        """Jinja's immutable sandbox, without what makes large texts out of small ones."""

        intercepted_binops = frozenset({"*", "**", "%"})

        def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
            if operator == "**" or not all(isinstance(side, int | float) for side in (left, right)):
                raise SecurityError(f"{operator!r} is for numbers, and '**' not at all")
            return super().call_binop(context, operator, left, right)

        def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
            if isinstance(obj, str) and attr in _PADDING:
                return False
            return super().is_safe_attribute(obj, attr, value)

    environment = Bounded(
        undefined=StrictUndefined, keep_trailing_newline=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals.clear()
    for name in ("center", "format"):
        del environment.filters[name]
    return environment


@lru_cache(maxsize=1024)
def _compiled(text: str) -> Template:
    return _environment().from_string(text)


def _unknown_names(tree: Tree, turn: Turn) -> Iterator[Complaint]:
    from jinja2.meta import find_undeclared_variables
    from jinja2.nodes import Name

    unknown = find_undeclared_variables(tree) - VARIABLES[turn]
    for node in tree.find_all(Name):
        if node.name in unknown:
            unknown = unknown - {node.name}
            yield Complaint(node.lineno, f"unknown variable {node.name!r}", _about_variable(node.name, turn))


def _about_variable(name: str, turn: Turn) -> str:
    if name == "plan":
        return "the plan is known only in the follow-up prompt"
    near = nearest(name, VARIABLES[turn])
    listed = ", ".join(sorted(VARIABLES[turn]))
    return (
        f"did you mean {near!r}? a {turn} prompt knows {listed}"
        if near
        else f"a {turn} prompt knows {listed}"
    )


def _unknown_parts(tree: Tree, upstream: frozenset[str]) -> Iterator[Complaint]:
    from jinja2.nodes import Getattr, Getitem, Name

    for node in tree.find_all((Getattr, Getitem)):
        assert isinstance(node, Getattr | Getitem)
        if not isinstance(node.node, Name):
            continue
        part = _part(node)
        if part is None:
            continue
        owner = node.node.name
        if owner == "outputs":
            method = isinstance(node, Getattr) and part in _MAPPING_METHODS
            if part not in upstream and not method:
                message = f"outputs has no {part!r}"
                yield Complaint(node.lineno, message, _about_output(part, upstream), output=part)
        elif owner in _ATTRIBUTES and part not in _ATTRIBUTES[owner]:
            known = ", ".join(f"{owner}.{name}" for name in sorted(_ATTRIBUTES[owner]))
            yield Complaint(node.lineno, f"{owner} has no {part!r}", f"there is {known}")


def _part(node: Getattr | Getitem) -> str | None:
    from jinja2.nodes import Const, Getattr

    if isinstance(node, Getattr):
        return node.attr
    if isinstance(node.arg, Const) and isinstance(node.arg.value, str):
        return node.arg.value
    return None


def _about_output(part: str, upstream: frozenset[str]) -> str:
    near = nearest(part, upstream)
    if near:
        return f"did you mean {near!r}?"
    if not upstream:
        return f"it holds the agents in depends_on, and there are none: add depends_on = [{part!r}]"
    return f"it holds the agents in depends_on: {', '.join(sorted(upstream))}"
