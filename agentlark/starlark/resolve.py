"""Says what every name of a file means, before anything runs.

The rules are those of starlark-go's resolver: a name assigned anywhere in a function is local to it, one
assigned anywhere at the top level is global, loads are local to the file, and what is neither must be known
to the host or the language. A comprehension is one block of its own, but its first iterable is evaluated
outside. Variables get slots in the frame of their function; a variable of an enclosing function is reached
through so many hops outwards. Mistakes are collected: one run reports all of them.

Beyond the rules, the resolver notes where a local variable has certainly been assigned, so that the
evaluator need not check.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

from agentlark.diagnostics import SHOWN_LIMIT, Diagnostic, Fix, Related, Source, Span, nearest, replacement
from agentlark.starlark.failures import StarlarkError
from agentlark.starlark.scopes import FREE, GLOBAL, KNOWN, LOCAL, SURE, Block, FunctionScope, Globals
from agentlark.starlark.syntax import tree
from agentlark.starlark.values import HEADER


def resolve(
    file: tree.File, source: Source, known: Collection[str], of_host: Collection[str]
) -> tuple[Globals, list[Diagnostic]]:
    """The variables of a file and its mistakes, in file order; sets `scope`, `hops`, `slot` of every name.

    `known` is what the host and the language offer, `of_host` what of it is the host's. A statement with a
    mistake must not be run.

    Raises:
        StarlarkError: AL006 when expressions nest too deeply.
    """
    resolver = _Resolver(source, known, of_host)
    for node in file.body:
        resolver.collect((node,), resolver.bind_global, ())
    for node in file.body:
        try:
            resolver.visit(node)
        except RecursionError:
            raise StarlarkError([too_deep(source, node)]) from None
    resolver.globals.frame_size = resolver.module.size
    return resolver.globals, sorted(resolver.found, key=_place_of)


def too_deep(source: Source, node: tree.Node) -> Diagnostic:
    """The complaint about a statement in which expressions nest too deeply."""
    place = Span(source, node.start, node.start)
    return Diagnostic("AL006", "an expression in this statement nests too deeply", place)


def _place_of(diagnostic: Diagnostic) -> int:
    return diagnostic.place.start if isinstance(diagnostic.place, Span) else 0


class _Resolver:
    def __init__(self, source: Source, known: Collection[str], of_host: Collection[str]) -> None:
        self.source = source
        self.known = known
        self.of_host = of_host
        self.called: tree.Node | None = None
        self.globals = Globals()
        self.found: list[Diagnostic] = []
        self.module = FunctionScope(None)
        self.function = self.module
        self.block = Block(self.module, None)
        self.conditions = 0
        self.visitors: dict[type, Callable[[Any], None]] = {
            tree.Name: self.use,
            tree.Literal: lambda node: None,
            tree.ListDisplay: self.display,
            tree.TupleDisplay: self.display,
            tree.Paren: lambda node: self.visit(node.inner),
            tree.DictDisplay: self.dict_display,
            tree.Comprehension: self.comprehension,
            tree.Unary: self.unary,
            tree.Binary: self.binary,
            tree.Choice: self.choice,
            tree.Lambda: self.lambda_,
            tree.Call: self.call,
            tree.Attribute: lambda node: self.visit(node.object),
            tree.Index: self.index,
            tree.Slice: self.slice,
            tree.Expression: lambda node: self.visit(node.value),
            tree.Assign: self.assign,
            tree.Return: self.return_,
            tree.Flow: self.flow,
            tree.Define: self.define,
            tree.For: self.loop,
            tree.If: self.conditional,
            tree.Load: self.load,
        }

    def visit(self, node: tree.Node) -> None:
        self.visitors[type(node)](node)

    def report(
        self,
        code: str,
        message: str,
        node: tree.Node,
        help: str | None = None,
        first: tuple[tree.Node, str] | None = None,
        fix: Fix | None = None,
    ) -> None:
        related = (Related(self.span(first[0]), first[1]),) if first else ()
        self.found.append(Diagnostic(code, message, self.span(node), help=help, related=related, fix=fix))

    def span(self, node: tree.Node) -> Span:
        return Span(self.source, node.start, node.end)

    # Which names a block binds.

    def collect(
        self,
        body: Iterable[tree.Node],
        bind: Callable[[tree.Name, tuple[tuple[int, int], ...], tree.Node], None],
        branches: tuple[tuple[int, int], ...],
    ) -> None:
        """Calls `bind` for every name and statement that assigns it, but not those of nested functions."""
        for node in body:
            kind = type(node)
            if isinstance(node, tree.Assign):
                for name in _names_in(node.target):
                    bind(name, branches, node)
            elif isinstance(node, tree.Define):
                bind(node.name, branches, node)
            elif isinstance(node, tree.For):
                for name in _names_in(node.target):
                    bind(name, branches, node)
                self.collect(node.body, bind, branches)
            elif isinstance(node, tree.If):
                for at, branch in enumerate(node.branches):
                    self.collect(branch.body, bind, (*branches, (id(node), at)))
                self.collect(node.otherwise, bind, (*branches, (id(node), -1)))
            elif kind is tree.Load and isinstance(node, tree.Load):
                self.collect_load(node)

    def bind_global(self, name: tree.Name, branches: tuple[tuple[int, int], ...], by: tree.Node) -> None:
        text = name.name
        loop = isinstance(by, tree.For)
        earlier = self.globals.first.get(text)
        if earlier is None:
            self.globals.first[text] = (name, branches, loop)
        elif not (loop and earlier[2]) and not _exclude(earlier[1], branches):
            self.report(
                "AL102",
                f"cannot reassign global {text} declared at {self.span(earlier[0])}",
                name,
                _GROWN if isinstance(by, tree.Assign) and by.op == "+" else _REASSIGNED,
                (earlier[0], "first assigned here"),
            )
        self.globals.slot(text)

    def collect_load(self, node: tree.Load) -> None:
        if not node.symbols:
            self.report("AL103", "load statement must import at least 1 symbol", node)
        for symbol in node.symbols:
            exported = str(symbol.exported.value)
            if exported.startswith("_"):
                message = f"load: names with leading underscores are not exported: {exported}"
                self.report("AL103", message, symbol.exported, "drop the underscore where it is defined")
            name = symbol.local or tree.Name(exported, symbol.exported.start, symbol.exported.end)
            self.bind_global(name, (), node)
            self.globals.loaded.add(name.name)

    # Statements.

    def statements(self, body: Iterable[tree.Node]) -> None:
        visitors = self.visitors
        for node in body:
            visitors[type(node)](node)

    def assign(self, node: tree.Assign) -> None:
        self.visit(node.value)
        target = tree.without_parens(node.target)
        if node.op:
            if isinstance(target, tree.Display):
                self.report("AL106", f"can't use {_what(target)} in augmented assignment", target)
                return
            if isinstance(target, tree.Name):
                self.use(target)
                return
        self.bind_target(target)

    def bind_target(self, target: tree.Node) -> None:
        target = tree.without_parens(target)
        if isinstance(target, tree.Name):
            self.bind(target)
        elif isinstance(target, tree.Display):
            for item in target.items:
                self.bind_target(item)
        elif isinstance(target, tree.Index):
            self.visit(target.object)
            self.visit(target.index)
        elif isinstance(target, tree.Attribute):
            self.visit(target.object)
        else:
            self.report("AL106", f"can't assign to {_what(target)}", target)

    def bind(self, name: tree.Name) -> None:
        """Points a name that is being assigned at its variable, which from here on is certainly set."""
        self.use(name)
        if name.scope == LOCAL:
            self.function.sure.add(name.slot)

    def return_(self, node: tree.Return) -> None:
        if self.function is self.module:
            self.report("AL105", "return statement not within a function", node, "a file is its globals")
        if node.value:
            self.visit(node.value)

    def flow(self, node: tree.Flow) -> None:
        if node.word != "pass" and not self.function.loops:
            self.report("AL105", f"{node.word} not in a loop", node, "put it into the body of a for")

    def loop(self, node: tree.For) -> None:
        self.visit(node.iterable)
        function = self.function
        before = set(function.sure)
        self.bind_target(node.target)
        function.loops += 1
        self.statements(node.body)
        function.loops -= 1
        function.sure = before

    def conditional(self, node: tree.If) -> None:
        function = self.function
        after: set[int] | None = None
        self.conditions += 1
        for branch in node.branches:
            self.visit(branch.test)
            before = set(function.sure)
            self.statements(branch.body)
            after = function.sure if after is None else after & function.sure
            function.sure = before
        self.statements(node.otherwise)
        self.conditions -= 1
        function.sure = function.sure & after if after is not None else function.sure

    def load(self, node: tree.Load) -> None:
        if self.function is not self.module or self.function.loops or self.conditions:
            message = "load statement within a function, a loop or a conditional"
            self.report("AL103", message, node, "put it at the top of the file")

    def define(self, node: tree.Define) -> None:
        self.bind(node.name)
        self.enter(node, node.params, lambda: self.body(node.body))

    def body(self, body: list[tree.Node]) -> None:
        block = self.block
        params = self.function.params
        self.collect(body, lambda name, branches, by: _ignore(params.pop(block.bind(name.name), None)), ())
        self.statements(body)

    def enter(
        self, node: tree.Define | tree.Lambda, params: list[tree.Parameter], inside: Callable[[], None]
    ) -> None:
        """Resolves a function: defaults outside, parameters and body in a block of its own."""
        for param in params:
            if param.default:
                self.visit(param.default)
        outer, block = self.function, self.block
        self.function = FunctionScope(outer)
        self.block = Block(self.function, block)
        self.parameters(params)
        inside()
        node.size = self.function.size - HEADER
        self.function, self.block = outer, block

    def parameters(self, params: list[tree.Parameter]) -> None:
        """Binds parameters: positional, keyword-only, `*rest`, `**keywords`; the order `Code.names` has."""
        self.check_order(params)
        star = next((at for at, param in enumerate(params) if param.prefix == "*"), len(params))
        plain = [param for param in params if not param.prefix]
        rest = [param for prefix in ("*", "**") for param in params if param.prefix == prefix and param.name]
        for param in [*plain, *rest]:
            assert param.name is not None
            if param.name.name in self.block.slots:
                earlier = next(
                    each.name for each in params if each.name and each.name.name == param.name.name
                )
                self.report(
                    "AL104",
                    f"duplicate parameter: {param.name.name}",
                    param.name,
                    first=(earlier, "first here"),
                )
            param.name.scope = SURE
            param.name.hops = 0
            param.name.slot = self.block.bind(param.name.name)
            self.function.sure.add(param.name.slot)
            if not param.prefix:
                self.function.params[param.name.slot] = (
                    plain.index(param) + 1 if param in params[:star] else -1
                )

    def check_order(self, params: list[tree.Parameter]) -> None:
        seen = ""
        optional = False
        for at, param in enumerate(params):
            if seen == "**":
                self.report("AL104", "parameters may not follow **kwargs", param, "put **kwargs last")
            elif param.prefix == "*" and seen == "*":
                self.report("AL104", "multiple * parameters not allowed", param)
            elif not param.prefix and not param.default and optional and not seen:
                help = "give it a default, or put it before those that have one"
                self.report("AL104", "required parameter may not follow optional", param, help)
            if param.prefix == "*" and not param.name and (at + 1 == len(params) or params[at + 1].prefix):
                self.report("AL104", "bare * must be followed by keyword-only parameters", param)
            seen = param.prefix or seen
            optional = optional or param.default is not None

    # Expressions.

    def use(self, name: tree.Name) -> None:
        text = name.name
        block: Block | None = self.block
        hops = 0
        while block is not None:
            slot = block.slots.get(text)
            if slot is not None:
                name.slot = slot
                name.hops = hops
                if hops:
                    name.scope = FREE
                elif slot in block.function.sure:
                    name.scope = SURE
                    name.hops = block.function.params.get(slot, 0)
                else:
                    name.scope = LOCAL
                return
            parent = block.parent
            if parent is not None and parent.function is not block.function:
                hops += 1
            block = parent
        slot = self.globals.slots.get(text)
        if slot is not None:
            name.scope = GLOBAL
            name.slot = slot
        elif text in self.known:
            name.scope = KNOWN
        else:
            name.scope = KNOWN
            self.undefined(name)

    def undefined(self, name: tree.Name) -> None:
        if len(self.found) >= SHOWN_LIMIT:  # looking for near names takes time, and nobody sees this one
            self.report("AL101", f"undefined: {name.name}", name)
            return
        visible = {*self.known, *self.globals.slots}
        block: Block | None = self.block
        while block is not None:
            visible.update(block.slots)
            block = block.parent
        near = _ELSEWHERE.get(name.name) or nearest(name.name, visible)
        if near is None or near not in visible:
            self.report("AL101", f"undefined: {name.name}", name, near or self.offer_instead_of(name))
            return
        fix = replacement(self.span(name), name.name, near)
        self.report("AL101", f"undefined: {name.name}", name, f"did you mean {near}?", fix=fix)

    def offer_instead_of(self, name: tree.Name) -> str | None:
        """What the host has, for somebody who calls something else."""
        if name is not self.called or not 0 < len(self.of_host) <= _OFFERED:
            return None
        return f"beside the language's own there is {', '.join(sorted(self.of_host))}"

    def display(self, node: tree.Display) -> None:
        visitors = self.visitors
        for item in node.items:
            if type(item) is not tree.Literal:
                visitors[type(item)](item)

    def dict_display(self, node: tree.DictDisplay) -> None:
        seen: dict[Any, tree.Node] = {}
        for entry in node.entries:
            key = entry.key
            if isinstance(key, tree.Literal):
                first = seen.setdefault(key.value, key)
                if first is not key and self.function is self.module:
                    self.report(
                        "AL107", f"duplicate key: {_shown(key)}", key, first=(first, "first given here")
                    )
            else:
                self.visit(key)
            if type(entry.value) is not tree.Literal:
                self.visit(entry.value)

    def comprehension(self, node: tree.Comprehension) -> None:
        first = node.clauses[0]
        assert isinstance(first, tree.ForClause)
        self.visit(first.iterable)
        outer = self.block
        self.block = Block(self.function, outer)
        for clause in node.clauses:
            if isinstance(clause, tree.ForClause):
                for name in _names_in(clause.target):
                    self.block.bind(name.name)
        for clause in node.clauses:
            if isinstance(clause, tree.IfClause):
                self.visit(clause.test)
                continue
            if clause is not first:
                self.visit(clause.iterable)
            self.bind_target(clause.target)
        if isinstance(node.body, tree.Entry):
            self.visit(node.body.key)
            self.visit(node.body.value)
        else:
            self.visit(node.body)
        self.block = outer

    def unary(self, node: tree.Unary) -> None:
        inner: tree.Node = node
        while type(inner) is tree.Unary:
            inner = inner.operand
        self.visit(inner)

    def binary(self, node: tree.Binary) -> None:
        left: tree.Node = node
        while type(left) is tree.Binary:
            if type(left.right) is not tree.Literal:
                self.visit(left.right)
            left = left.left
        self.visit(left)

    def choice(self, node: tree.Choice) -> None:
        self.visit(node.test)
        self.visit(node.then)
        self.visit(node.other)

    def lambda_(self, node: tree.Lambda) -> None:
        self.enter(node, node.params, lambda: self.visit(node.body))

    def index(self, node: tree.Index) -> None:
        self.visit(node.object)
        self.visit(node.index)

    def slice(self, node: tree.Slice) -> None:
        for part in (node.object, node.low, node.high, node.step):
            if part:
                self.visit(part)

    def call(self, node: tree.Call) -> None:
        visitors = self.visitors
        literal = tree.Literal
        callee = node.callee
        self.called = callee
        visitors[type(callee)](callee)
        names: dict[str, tree.Name] | None = None
        last = ""
        for arg in node.args:
            kind = type(arg)
            if kind is tree.Keyword:
                assert isinstance(arg, tree.Keyword)
                name = arg.name.name
                if names is None:
                    names = {name: arg.name}
                elif name in names:
                    first = (names[name], "first given here")
                    self.report("AL104", f"keyword argument {name} is repeated", arg.name, first=first)
                else:
                    names[name] = arg.name
                if last == "**":
                    self.report("AL104", "keyword argument may not follow **kwargs", arg)
                last = last or "name"
                value = arg.value
                if type(value) is not literal:
                    visitors[type(value)](value)
            elif kind is tree.Star:
                assert isinstance(arg, tree.Star)
                if last == "**" or (last == "*" and arg.prefix == "*"):
                    self.report("AL104", f"{arg.prefix} argument may not follow {last}", arg)
                last = arg.prefix
                self.visit(arg.value)
            else:
                if last:
                    after = "named" if last == "name" else last
                    help = "put it before the others, or give it by name"
                    self.report("AL104", f"positional argument may not follow {after}", arg, help)
                if kind is not literal:
                    visitors[kind](arg)


_OFFERED = 12
"""The most names of a host that are listed in a message."""

_REASSIGNED = "give the new value a name of its own, or compute it inside a function"
_GROWN = "add to a list with .append(…), make it by a comprehension, or compute the value inside a function"

_ELSEWHERE = {
    "true": "True",
    "false": "False",
    "null": "None",
    "nil": "None",
    "none": "None",
    "isinstance": 'compare type(x) with a name, as in type(x) == "string"',
    "open": "files are read by the host alone",
    "map": "use a comprehension: [f(x) for x in xs]",
    "filter": "use a comprehension: [x for x in xs if f(x)]",
    "sum": "add in a loop",
    "round": "use int(x + 0.5)",
}
"""What is called otherwise here, or is not there, by its name in other languages."""


def _names_in(target: tree.Node) -> Iterator[tree.Name]:
    """The names that an assignment to a target binds."""
    target = tree.without_parens(target)
    if isinstance(target, tree.Name):
        yield target
    elif isinstance(target, tree.Display):
        for item in target.items:
            yield from _names_in(item)


def _ignore(result: int | None) -> None:
    """Takes what a binding function returns, where only its effect is wanted."""


def _exclude(a: tuple[tuple[int, int], ...], b: tuple[tuple[int, int], ...]) -> bool:
    """Whether two places lie in different branches of one conditional, so that only one of them runs."""
    other = dict(b)
    return any(other.get(statement, branch) != branch for statement, branch in a)


def _what(node: tree.Node) -> str:
    names = {
        tree.ListDisplay: "list",
        tree.TupleDisplay: "tuple",
        tree.Call: "a call",
        tree.Literal: "a literal",
    }
    return names.get(type(node), "this expression")


def _shown(key: tree.Literal) -> str:
    return f'"{key.value}"' if isinstance(key.value, str) else str(key.value)
