"""Calls: of functions of the program, of the language and of the host."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from agentlark.starlark.attributes import METHODS, get_attribute
from agentlark.starlark.convert import from_python
from agentlark.starlark.evaluate.context import EXPRESSIONS, NOTHING, Closure, Context
from agentlark.starlark.evaluate.functions import enter, fill, refusal
from agentlark.starlark.failures import Fault
from agentlark.starlark.host import Call, Site
from agentlark.starlark.limits import Thread, steps_exhausted
from agentlark.starlark.natives import call_native, named
from agentlark.starlark.scopes import KNOWN
from agentlark.starlark.subscripts import not_iterable
from agentlark.starlark.syntax import tree
from agentlark.starlark.values import (
    UNSET,
    BoundMethod,
    Builtin,
    Dict,
    Function,
    Native,
    elements,
    items_of,
    type_name,
)

_NO_KEYWORDS: dict[str, Any] = {}


def call(context: Context, node: tree.Call) -> Closure:
    """A call, by the shape of its arguments."""
    if any(isinstance(arg, tree.Star) for arg in node.args):
        return _spread(context, node)
    named_args = [arg for arg in node.args if isinstance(arg, tree.Keyword)]
    if named_args:
        return _keywords(context, node, named_args)
    args = [context.expression(arg) for arg in node.args]
    if isinstance(node.callee, tree.Attribute):
        return _method(context, node, node.callee, args)
    return _positional(context, node, args)


def invoke(callee: Any, args: Sequence[Any], kwargs: Mapping[str, Any], f: list[Any], site: Site) -> Any:
    """The result of a call.

    Raises:
        Fault: whatever the callee raises, AL201 when it cannot be called.
    """
    kind = type(callee)
    if kind is Function:
        code = callee.code
        if code.exact == len(args) and not kwargs:
            return enter(code, [callee.outer, f[1], f, site, *args, *code.blank])
        return enter(code, [callee.outer, f[1], f, site, *fill(callee, args, kwargs), *code.blank])
    if kind is Builtin:
        result = callee.function(Call(site, f, callee.name), tuple(args), dict(kwargs))
        return from_python(result)
    thread: Thread = f[1]
    if kind is Native:
        thread.frame = f
        thread.site = site
        return call_native(callee, thread, args, kwargs)
    if kind is BoundMethod:
        return call_native(callee.native, thread, args, kwargs, callee.owner)
    raise Fault("AL201", f"invalid call of non-function ({type_name(callee)})")


def invoke_from_native(thread: Thread, callee: Any, args: Sequence[Any]) -> Any:
    """A call made by a function of the language, such as `sorted`, placed at the call of that function."""
    frame, site = thread.frame, thread.site
    try:
        return invoke(callee, args, _NO_KEYWORDS, frame, site)
    except Fault as fault:
        fault.argument = None  # of the call that the function made, which stands nowhere
        site.place(fault, frame)
        raise
    finally:
        thread.frame, thread.site = frame, site


def _collector(args: list[Closure]) -> Callable[[list[Any]], Sequence[Any]]:
    """The closure that evaluates arguments; short ones without a comprehension, which costs a call."""
    if not args:
        return lambda f: ()
    if len(args) == 1:
        only = args[0]
        return lambda f: (only(f),)
    if len(args) == 2:
        first, second = args
        return lambda f: (first(f), second(f))
    if len(args) == 3:
        one, two, three = args
        return lambda f: (one(f), two(f), three(f))
    return lambda f: [arg(f) for arg in args]


def _positional(context: Context, node: tree.Call, args: list[Closure]) -> Closure:
    if isinstance(node.callee, tree.Name) and node.callee.scope == KNOWN:
        native = context.known[node.callee.name]
        if type(native) is Native and native.most is not None and native.least <= len(args) <= native.most:
            return _native(context, node, native, args)
    callee = context.expression(node.callee)
    site = context.site(node)
    count = len(args)
    collect = _collector(args)

    def run(f: list[Any]) -> Any:
        function = callee(f)
        try:
            if type(function) is not Function or function.code.exact != count:
                return invoke(function, collect(f), _NO_KEYWORDS, f, site)
            code = function.code
            thread = f[1]
            frame = [function.outer, thread, f, site, *collect(f), *code.blank]
            active = thread.active
            if code in active or len(active) >= thread.max_depth:
                raise refusal(code, thread)
            thread.left -= code.cost
            if thread.left < 0:
                raise steps_exhausted(thread.limits)
            active.add(code)
            try:
                result = code.body(frame)
            finally:
                active.discard(code)
            return None if result is NOTHING else result
        except Fault as fault:
            site.place(fault, f)
            raise

    return run


def _native(context: Context, node: tree.Call, native: Native, args: list[Closure]) -> Closure:
    """A call of a function of the language by its own name, with as many arguments as it takes."""
    site = context.site(node)
    collect = _collector(args)
    function = native.function
    name = native.name

    def run(f: list[Any]) -> Any:
        values = collect(f)
        thread = f[1]
        thread.frame = f
        thread.site = site
        try:
            return function(thread, *values)
        except Fault as fault:
            site.place(named(fault, name), f)
            raise

    return run


def _method(context: Context, node: tree.Call, callee: tree.Attribute, args: list[Closure]) -> Closure:
    """`owner.name(...)` without making a bound method of `owner.name`."""
    owner_of = context.expression(callee.object)
    name = callee.name.name
    site = context.site(node)
    name_site = context.site(callee.name)
    count = len(args)
    collect = _collector(args)
    methods = {kind: table[name] for kind, table in METHODS.items() if name in table}

    def run(f: list[Any]) -> Any:
        owner = owner_of(f)
        native = methods.get(type(owner))
        if native is None:
            try:
                function = get_attribute(owner, name)
            except Fault as fault:
                name_site.place(fault, f)
                raise
            values = collect(f)
            try:
                return invoke(function, values, _NO_KEYWORDS, f, site)
            except Fault as fault:
                site.place(fault, f)
                raise
        values = collect(f)
        try:
            if native.most is not None and native.least <= count <= native.most:
                return native.function(f[1], owner, *values)
            return call_native(native, f[1], values, _NO_KEYWORDS, owner)
        except Fault as fault:
            site.place(named(fault, name), f)
            raise

    return run


def _plan(function: Function, count: int, names: Sequence[str]) -> tuple[list[Any], list[int]] | None:
    """Where the arguments of a call go: values of all parameters to begin with, slots of those by name.

    None when the call needs more than putting values into slots, or is wrong.
    """
    code = function.code
    if code.rest >= 0 or code.keywords >= 0 or count > code.positional:
        return None
    slots = [code.index.get(name, -1) for name in names]
    if any(slot < count for slot in slots):
        return None
    values = list(function.defaults) or [UNSET] * len(code.names)
    if any(values[slot] is UNSET and slot not in slots for slot in range(count, len(values))):
        return None
    return values, slots


def _keywords(context: Context, node: tree.Call, named_args: list[tree.Keyword]) -> Closure:
    """A call with arguments by name; literals among them are filled in beforehand.

    How a function takes them is found out at the first call and kept while the callee stays the same.
    """
    callee = context.expression(node.callee)
    site = context.site(node)
    collect = _collector([context.expression(arg) for arg in node.args if not isinstance(arg, tree.Keyword)])
    count = len(node.args) - len(named_args)
    values = [(arg.name.name, context.expression(arg.value)) for arg in named_args]
    template: dict[str, Any] = {
        arg.name.name: arg.value.value if isinstance(arg.value, tree.Literal) else None for arg in named_args
    }
    computed = [
        (name, value)
        for (name, value), arg in zip(values, named_args, strict=True)
        if not isinstance(arg.value, tree.Literal)
    ]
    known: Any = None
    plan: tuple[list[Any], list[tuple[int, Closure]]] | None = None

    def replan(function: Function) -> None:
        nonlocal known, plan
        known = function
        found = _plan(function, count, list(template))
        plan = None
        if found:
            plan = found[0], [(slot, value) for slot, (_, value) in zip(found[1], values, strict=True)]

    def run(f: list[Any]) -> Any:
        function = callee(f)
        args = collect(f)
        try:
            if type(function) is Function:
                if function is not known:
                    replan(function)
                if plan is not None:
                    filled = plan[0].copy()
                    filled[:count] = args
                    for slot, value in plan[1]:
                        filled[slot] = value(f)
                    code = function.code
                    return enter(code, [function.outer, f[1], f, site, *filled, *code.blank])
            kwargs = template.copy()
            for name, value in computed:
                kwargs[name] = value(f)
            if type(function) is Builtin:
                result = function.function(Call(site, f, function.name), tuple(args), kwargs)
                return from_python(result)
            return invoke(function, args, kwargs, f, site)
        except Fault as fault:
            site.place(fault, f)
            raise

    return run


def _spread(context: Context, node: tree.Call) -> Closure:
    """A call with `*args` or `**kwargs`."""
    callee = context.expression(node.callee)
    site = context.site(node)
    steps: list[tuple[str, str, Closure, Site]] = []
    for arg in node.args:
        if isinstance(arg, tree.Keyword):
            steps.append(("=", arg.name.name, context.expression(arg.value), context.site(arg)))
        elif isinstance(arg, tree.Star):
            steps.append((arg.prefix, "", context.expression(arg.value), context.site(arg)))
        else:
            steps.append(("", "", context.expression(arg), context.site(arg)))

    def run(f: list[Any]) -> Any:
        function = callee(f)
        args: list[Any] = []
        kwargs: dict[str, Any] = {}
        for prefix, name, value_of, place in steps:
            value = value_of(f)
            if prefix == "":
                args.append(value)
            elif prefix == "=":
                kwargs[name] = value
            else:
                try:
                    if prefix == "*":
                        args += _star(value, f[1])
                    else:
                        _double_star(value, kwargs)
                except Fault as fault:
                    place.place(fault, f)
                    raise
        try:
            return invoke(function, args, kwargs, f, site)
        except Fault as fault:
            site.place(fault, f)
            raise

    return run


def _star(value: Any, thread: Thread) -> Any:
    items = elements(value)
    if items is None:
        raise Fault(
            "AL201",
            f"argument after * must be iterable, not {type_name(value)}",
            help=not_iterable(value).help,
        )
    thread.charge_size(len(items))  # type: ignore[arg-type]  # all iterables have a length
    return items


def _double_star(value: Any, kwargs: dict[str, Any]) -> None:
    if type(value) is not Dict:
        raise Fault("AL201", f"argument after ** must be a mapping, not {type_name(value)}")
    for key, item in items_of(value):
        if type(key) is not str:
            raise Fault("AL201", f"keywords must be strings, not {type_name(key)}")
        if key in kwargs:
            raise Fault("AL210", f'got multiple values for parameter "{key}"')
        kwargs[key] = item


EXPRESSIONS[tree.Call] = call
