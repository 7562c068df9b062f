"""Making functions (`def`, `lambda`) and filling their parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from agentlark.diagnostics import Related, Span, nearest
from agentlark.starlark.evaluate.context import EXPRESSIONS, NOTHING, STATEMENTS, Closure, Context
from agentlark.starlark.evaluate.statements import weigh
from agentlark.starlark.evaluate.targets import target
from agentlark.starlark.failures import Fault
from agentlark.starlark.limits import Thread, steps_exhausted
from agentlark.starlark.syntax import tree
from agentlark.starlark.values import UNSET, Code, Dict, Function


def define(context: Context, node: tree.Define) -> Closure:
    """`def`: makes the function and binds its name."""
    make = _maker(context, node.name.name, node, _body(context, node.body), 1 + weigh(node.body))
    store = target(context, node.name, node.name)

    def run(f: list[Any]) -> None:
        store(f, make(f))

    return run


def _body(context: Context, body: list[tree.Node]) -> Closure:
    """The statements of a function; of one that only returns, the value itself."""
    only = body[0]
    if len(body) == 1 and isinstance(only, tree.Return) and only.value:
        return context.expression(only.value)
    return context.block(body)


def lambda_(context: Context, node: tree.Lambda) -> Closure:
    """`lambda`: makes the function."""
    return _maker(context, "lambda", node, context.expression(node.body), 1)


def _maker(
    context: Context, title: str, node: tree.Define | tree.Lambda, body: Closure, cost: int
) -> Closure:
    """The closure that makes the function: evaluates defaults and remembers the frame around."""
    params = node.params
    first, last = (params[0], params[-1]) if params else (node, node)
    code = _code(title, params, Span(context.origins.source, first.start, last.end))
    code.body = body
    code.cost = cost
    code.blank = (UNSET,) * (node.size - len(code.names))
    slots = {name: slot for slot, name in enumerate(code.names)}
    defaults = [
        (slots[param.name.name], context.expression(param.default))
        for param in params
        if param.default and param.name
    ]
    count = len(code.names)

    def make(f: list[Any]) -> Function:
        if not defaults:
            return Function(code, (), f)
        values: list[Any] = [UNSET] * count
        for slot, default in defaults:
            values[slot] = default(f)
        return Function(code, tuple(values), f)

    return make


def _code(title: str, params: list[tree.Parameter], place: Span) -> Code:
    plain = [param.name.name for param in params if not param.prefix and param.name]
    star = next((at for at, param in enumerate(params) if param.prefix == "*"), len(params))
    positional = sum(1 for param in params[:star] if not param.prefix)
    names = list(plain)
    rest = keywords = -1
    for prefix in ("*", "**"):
        for param in params:
            if param.prefix == prefix and param.name:
                if prefix == "*":
                    rest = len(names)
                else:
                    keywords = len(names)
                names.append(param.name.name)
    return Code(title, names, positional, rest, keywords, place)


def enter(code: Code, frame: list[Any]) -> Any:
    """Runs a function in a filled frame.

    Raises:
        Fault: AL208 when it is running already, AL207 when too many are, or its steps are used up.
    """
    thread: Thread = frame[1]
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


def refusal(code: Code, thread: Thread) -> Fault:
    """The failure of calling a function that is running, or one too many."""
    if code in thread.active:
        help = "Starlark has no recursion; use a loop"
        return Fault("AL208", f"function {code.title} called recursively", help=help)
    return Fault("AL207", f"calls nest deeper than {thread.limits.max_depth} (max_depth)")


def fill(function: Function, args: Sequence[Any], kwargs: Mapping[str, Any]) -> list[Any]:
    """The values of all parameters, by slot.

    Raises:
        Fault: AL210 for arguments too many, unknown, given twice or missing.
    """
    code = function.code
    values: list[Any] = [UNSET] * len(code.names)
    given = len(args)
    if given > code.positional:
        if code.rest < 0:
            raise _too_many(function, given, len(kwargs))
        values[: code.positional] = args[: code.positional]
    else:
        values[:given] = args
    if code.rest >= 0:
        values[code.rest] = tuple(args[code.positional :])
    extra = Dict()
    for name, value in kwargs.items():
        slot = code.index.get(name)
        if slot is None:
            if code.keywords < 0:
                raise _unexpected(code, name)
            extra[name] = value
        elif values[slot] is not UNSET:
            message = f'function {code.title} got multiple values for parameter "{name}"'
            raise _misfit(code, message, name)
        else:
            values[slot] = value
    if code.keywords >= 0:
        values[code.keywords] = extra
    if UNSET in values:
        _default(function, values)
    return values


def _default(function: Function, values: list[Any]) -> None:
    missing = []
    for slot, value in enumerate(values):
        if value is UNSET:
            if function.defaults:
                values[slot] = function.defaults[slot]
            if values[slot] is UNSET:
                missing.append(function.code.names[slot])
    if missing:
        word = "argument" if len(missing) == 1 else "arguments"
        listed = ", ".join(missing)
        raise _misfit(
            function.code, f"function {function.code.title} missing {len(missing)} {word} ({listed})"
        )


def _too_many(function: Function, given: int, named: int) -> Fault:
    code = function.code
    if not code.positional:
        message = f"function {code.title} accepts no positional arguments ({given} given)"
        return _misfit(code, message, 0)
    bound = "at most" if function.defaults or len(code.index) > code.positional else "exactly"
    word = "argument" if code.positional == 1 else "arguments"
    message = f"function {code.title} accepts {bound} {code.positional} positional {word} ({given} given)"
    return _misfit(code, message, code.positional)


def _unexpected(code: Code, name: str) -> Fault:
    near = nearest(name, code.index)
    help = f"did you mean {near}?" if near else None
    message = f"function {code.title} got an unexpected keyword argument {name}"
    return _misfit(code, message, name, help)


def _misfit(code: Code, message: str, argument: str | int | None = None, help: str | None = None) -> Fault:
    """The failure of arguments that do not fit the parameters, which are shown beside it."""
    related = (Related(code.place, f"the parameters of {code.title}"),)
    fault = Fault("AL210", message, help=help, related=related)
    fault.argument = argument
    return fault


STATEMENTS[tree.Define] = define
EXPRESSIONS[tree.Lambda] = lambda_
