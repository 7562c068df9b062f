"""Reading, resolving and running one file; the functions the room offers."""

from __future__ import annotations

import gc
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from agentlark.diagnostics import Diagnostic, Source, Span, nearest
from agentlark.errors import AgentlarkError, ConfigError
from agentlark.starlark.aftermath import Aftermath
from agentlark.starlark.builtins import UNIVERSE
from agentlark.starlark.convert import from_python
from agentlark.starlark.evaluate import Context
from agentlark.starlark.evaluate.calls import invoke_from_native
from agentlark.starlark.failures import Fault, StarlarkError
from agentlark.starlark.host import Origins, Site
from agentlark.starlark.limits import Limits, Thread
from agentlark.starlark.resolve import resolve, too_deep
from agentlark.starlark.scopes import Globals
from agentlark.starlark.syntax import parse_source, read_source, tree
from agentlark.starlark.values import HEADER, UNSET, freeze

DEFAULT_LIMITS = Limits()


class Module(Mapping[str, Any]):
    """What a file defines: its globals by name, in order of definition, frozen.

    Names that begin with an underscore are here too, but no other file can load them. What the file itself
    loaded is not here.
    """

    def __init__(
        self, filename: str, values: dict[str, Any], slots: Mapping[str, int], origins: Origins
    ) -> None:
        self.filename = filename
        self._values = values
        self._slots = slots
        self._origins = origins

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"<module {self.filename}>"

    def where(self, name: str, *path: str | int) -> Span | None:
        """The place of the expression last assigned to a global, or of an element of it; None if unknown.

        `path` leads through list positions, dict keys and arguments, as far as they are written out.
        """
        slot = self._slots.get(name)
        node = self._origins.nodes[slot] if slot is not None else None
        return self._origins.descend(node, path) if node else None


Load = Callable[[str, Span], Module]
"""Finds the module a load names; gets the string and its place."""


def parse(source: str, *, filename: str) -> tree.File:
    """The syntax tree of a text.

    Raises:
        StarlarkError: with every syntax error found, first to last.
    """
    return parse_source(_read(source, filename, DEFAULT_LIMITS))


def execute(
    source: str,
    *,
    filename: str,
    builtins: Mapping[str, object] | None = None,
    load: Load | None = None,
    limits: Limits = DEFAULT_LIMITS,
    print: Callable[[str], object] | None = None,
) -> Module:
    """Runs a file and returns what it defines, frozen.

    `builtins` are the host's values, which hide those of the language; `load` finds the modules the file
    loads, and may raise any `AgentlarkError`; `print` gets every line printed, which else is dropped.

    Raises:
        StarlarkError: for whatever is wrong with the text or happens while it runs.
    """
    text = _read(source, filename, limits)
    known = {**UNIVERSE, **{name: from_python(value) for name, value in (builtins or {}).items()}}
    thread = Thread(limits, print or _drop, invoke_from_native)
    with _tree_set_aside():
        with _collection_paused():
            file = parse_source(text)
            variables, mistakes = resolve(file, text, known, builtins or {})
            if mistakes:
                thread.print = _drop  # what runs now runs only for what else is wrong with it
            prepared = _Prepared(file, variables, known, load, limits, mistakes)
        return prepared.run(thread)


def _read(source: str, filename: str, limits: Limits) -> Source:
    return read_source(source, filename, limits.max_source_bytes)


def _drop(line: str) -> None:
    """Where print goes when the host does not listen."""


@contextmanager
def _tree_set_aside() -> Iterator[None]:
    """What `_collection_paused` froze thaws at the end of this, unless the host freezes objects itself.

    Until then no collection looks at the tree; else what a program of many values costs is mostly that.
    """
    thaws = gc.isenabled() and not gc.get_freeze_count()
    try:
        yield
    finally:
        if thaws:
            gc.unfreeze()


@contextmanager
def _collection_paused() -> Iterator[None]:
    """No garbage collection meanwhile: a tree is all new objects, and none of them is garbage yet.

    Each collection would look at all of them again, which takes a third of the time of reading a large file.
    Freezing moves them out of its sight.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


class _Prepared:
    """A resolved file as closures, ready to run once; statements with a mistake in them are left out."""

    def __init__(
        self,
        file: tree.File,
        variables: Globals,
        known: Mapping[str, Any],
        load: Load | None,
        limits: Limits,
        mistakes: list[Diagnostic],
    ) -> None:
        self.variables = variables
        self.source = file.source
        self.nodes = file.body
        self.values: list[Any] = [UNSET] * len(variables.slots)
        self.origins = Origins(file.source, len(self.values))
        self.found = mistakes
        wrong = _statements_of(mistakes, file.body)
        context = Context(self.values, self.origins, known, limits)
        self.steps = [
            _left_out if node.start in wrong else _step(node, context, variables, load) for node in file.body
        ]

    def run(self, thread: Thread) -> Module:
        """Runs the statements in turn and freezes what they leave.

        After a failure those statements still run that do not depend on it, for what else is wrong.
        """
        frame: list[Any] = [None, thread, None, None]
        frame += [UNSET] * (self.variables.frame_size - HEADER)
        after: Aftermath | None = None
        for step, node in zip(self.steps, self.nodes, strict=True):
            if after is not None and after.touches(node):
                after.spoil(node)
                continue
            error = self._failure(step, node, frame, thread)
            if error is None:
                continue
            if not isinstance(error, StarlarkError | ConfigError):
                raise error
            self.found += error.diagnostics
            if any(each.code == "AL207" for each in error.diagnostics):
                raise StarlarkError(self.found) from error
            after = after or Aftermath(self.nodes, self.variables.slots, self.values)
            after.spoil(node)
        freeze(*self.values)
        if after is not None:
            raise StarlarkError(self.found, self._module(after))
        return self._module()

    def _failure(
        self, step: Callable[[list[Any]], Any], node: tree.Node, frame: list[Any], thread: Thread
    ) -> AgentlarkError | None:
        """What running a statement came to grief with."""
        try:
            thread.charge(1)
            step(frame)
        except Fault as fault:
            Site(node, self.origins).place(fault, frame)
            return StarlarkError([fault.diagnostic(self.source)])
        except (RecursionError, MemoryError) as error:
            what = "memory is used up" if isinstance(error, MemoryError) else "calls nest too deeply"
            place = Span(self.source, node.start, node.end)
            return StarlarkError([Diagnostic("AL207", f"{what} while this statement runs", place)])
        except AgentlarkError as error:  # the host's, from a load or a builtin
            return error
        return None

    def _module(self, after: Aftermath | None = None) -> Module:
        """The globals, less those that are in doubt."""
        loaded = self.variables.loaded
        exported = {
            name: self.values[slot]
            for name, slot in self.variables.slots.items()
            if name not in loaded
            and self.values[slot] is not UNSET
            and not (after and after.is_doubtful(slot))
        }
        return Module(self.source.name, exported, self.variables.slots, self.origins)


def _left_out(frame: list[Any]) -> None:
    """Runs a statement that has been found wrong: not at all. Raises StarlarkError without a finding."""
    raise StarlarkError([])


def _statements_of(mistakes: list[Diagnostic], body: list[tree.Node]) -> set[int]:
    """The offsets at which the statements begin that the mistakes are in."""
    starts = [node.start for node in body]
    places = [each.place.start for each in mistakes if isinstance(each.place, Span)]
    return {starts[max(0, bisect_right(starts, place) - 1)] for place in places}


def _step(
    node: tree.Node, context: Context, variables: Globals, load: Load | None
) -> Callable[[list[Any]], Any]:
    if isinstance(node, tree.Load):
        return _loading(node, context, variables, load)
    try:
        return context.statement(node)
    except RecursionError:
        raise StarlarkError([too_deep(context.origins.source, node)]) from None


def _loading(
    node: tree.Load, context: Context, variables: Globals, load: Load | None
) -> Callable[[list[Any]], None]:
    site = Site(node.module, context.origins)

    def run(frame: list[Any]) -> None:
        if load is None:
            raise Fault("AL103", "load is not available here", site.span)
        module = load(str(node.module.value), site.span)
        for symbol in node.symbols:
            exported = str(symbol.exported.value)
            if exported not in module or exported.startswith("_"):
                raise _not_exported(module, exported, Site(symbol.exported, context.origins))
            slot = variables.slots[symbol.local.name if symbol.local else exported]
            context.globals[slot] = module[exported]
            context.origins.nodes[slot] = symbol

    return run


def _not_exported(module: Module, name: str, site: Site) -> Fault:
    near = nearest(name, (known for known in module if not known.startswith("_")))
    help = f"did you mean {near}?" if near else None
    return Fault("AL103", f"load: name {name} not found in module {module.filename}", site.span, help=help)
