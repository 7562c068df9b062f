from __future__ import annotations

import contextlib
import gc
from collections.abc import Mapping
from typing import Any

import pytest

from agentlark import starlark
from agentlark.diagnostics import Diagnostic, Span
from agentlark.errors import AgentlarkError
from tests.agentlark.starlark.running import failure, run, shown

GROUPS = """
groups = [group(
    id = "core",
    orchestration = define_orchestration(
        autonomous = True, relay = define_relay(graph = {"planner": ["researcher"]})),
    agents = [agent(id = "planner", role = "Planner")],
)]
"""


class Made(starlark.HostValue):
    def __init__(self, name: str, fields: dict[str, Any]) -> None:
        self.type_name = name
        self.fields = fields

    def attributes(self) -> Mapping[str, object]:
        return self.fields


class Host:
    """Builtins that remember their calls."""

    def __init__(self, *names: str) -> None:
        self.calls: dict[str, list[starlark.Call]] = {name: [] for name in names}
        self.builtins = {name: starlark.Builtin(name, self.make) for name in names}

    def make(self, call: starlark.Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Made:
        self.calls[call.name].append(call)
        return Made(call.name, {"args": args, **kwargs})


def test_a_squad_is_built_and_every_argument_knows_its_place() -> None:
    host = Host("group", "define_orchestration", "define_relay", "agent")
    module = run(GROUPS, builtins=host.builtins)
    relay = host.calls["define_relay"][0]
    assert shown(relay.where("graph", "planner", 0)) == '"researcher"'
    assert shown(relay.where("graph", "planner")) == '["researcher"]'
    assert shown(relay.where_key("graph", "planner")) == '"planner"'
    assert shown(relay.where("graph")) == '{"planner": ["researcher"]}'
    assert shown(relay.name_span("graph")) == "graph"
    assert shown(relay.callee_span) == "define_relay"
    assert relay.span.line == 5
    assert shown(module.where("groups", 0, "agents", 0, "role")) == '"Planner"'
    assert module.where("nothing") is None
    group = module["groups"][0]
    assert group.fields["orchestration"].fields["autonomous"] is True


def test_a_place_falls_back_to_the_nearest_enclosing_expression() -> None:
    host = Host("agent")
    text = "deps = ['a', 'b']\nmore = {'id': 'x'}\nagent('p', depends_on = deps, **more)\nagent(*['q'])\n"
    run(text, builtins=host.builtins)
    first, second = host.calls["agent"]
    assert shown(first.where(0)) == "'p'"
    assert shown(first.where("depends_on")) == "deps"
    assert shown(first.where("depends_on", 1)) == "'b'"
    assert shown(first.where("depends_on", 7)) == "deps"
    assert shown(first.where("id")) == "'x'"
    assert shown(first.where("role")) == "more"
    assert shown(first.name_span("role")).startswith("agent(")
    assert shown(second.where(0)) == "['q']"
    assert shown(second.where(3, "x")) == "['q']"


def test_an_argument_passed_through_a_function_is_found_at_the_outer_call() -> None:
    host = Host("agent")
    worker = "def worker(id, deps = ['z']):\n    return agent(id = id, depends_on = deps)\n"
    text = worker + "worker('w', deps = ['a', 'b'])\n"
    run(text, builtins=host.builtins)
    (call,) = host.calls["agent"]
    assert shown(call.where("depends_on")) == "deps"
    assert shown(call.where("depends_on", 1)) == "'b'"
    assert [str(related.place) for related in call.stack] == ["test.lark:3:1"]


def test_a_builtin_fails_at_the_place_it_chooses_with_the_calls_that_led_there() -> None:
    def check(call: starlark.Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        call.error("no such model", span=call.where("model"), code="AL310", help="did you mean opus?")

    text = "def f():\n    agent(model = 'opos')\nf()\n"
    found = failure(text, builtins={"agent": starlark.Builtin("agent", check)})
    assert (found.code, found.message, found.help) == ("AL310", "no such model", "did you mean opus?")
    assert shown(found.place) == "'opos'"
    assert [str(related.place) for related in found.related] == ["test.lark:3:1"]


def test_calls_may_be_kept_until_after_the_program() -> None:
    host = Host("agent")
    run("[agent(id = x) for x in ['a', 'b']]", builtins=host.builtins)
    assert len(host.calls["agent"]) == 2
    with pytest.raises(starlark.StarlarkError, match="duplicate id"):
        host.calls["agent"][1].error("duplicate id", span=host.calls["agent"][1].where("id"))


def test_a_program_reaches_only_what_a_host_value_offers() -> None:
    host = Host("agent")
    module = run("a = agent(id = 'x')\nid = a.id\nt = type(a)\nd = dir(a)", builtins=host.builtins)
    assert (module["id"], module["t"], list(module["d"])) == ("x", "agent", ["args", "id"])
    found = failure("agent(id = 'x').fields", builtins=host.builtins)
    assert (found.code, found.message) == ("AL202", "agent has no .fields field or method")
    assert failure("agent().id = 1", builtins=host.builtins).code == "AL206"
    assert failure("agent(name = 1).nome", builtins=host.builtins).help == "did you mean .name?"


def test_plain_python_data_from_the_host_becomes_starlark_data() -> None:
    module = run("x = data['a'][0]\ndata2 = data", builtins={"data": {"a": [1, (True, None)]}})
    assert module["x"] == 1
    assert isinstance(module["data2"], dict)
    with pytest.raises(TypeError, match="object is not a Starlark value"):
        run("", builtins={"data": object()})


def test_errors_of_the_hosts_load_pass_through_unchanged() -> None:
    def load(name: str, span: Span) -> starlark.Module:
        raise AgentlarkError(f"{span}: cannot find {name}")

    with pytest.raises(AgentlarkError, match=r"test\.lark:1:6: cannot find m\.lark"):
        run("load('m.lark', 'x')", load=load)


def test_load_binds_in_the_file_only_and_hides_private_names() -> None:
    library = run("x = [1]\n_y = 2\ndef f(): return _y", filename="lib.lark")
    module = run("load('lib', 'x', g = 'f')\nz = g() + len(x)", load=lambda name, span: library)
    assert dict(module) == {"z": 3}
    assert list(library) == ["x", "_y", "f"]
    found = failure("load('lib', 'fx')", load=lambda name, span: library)
    assert (found.code, found.help) == ("AL103", "did you mean x?")
    assert shown(found.place) == "'fx'"
    assert failure("load('lib', 'x')").code == "AL103"


def test_a_loaded_value_is_frozen() -> None:
    library = run("x = [1]\nd = {}\ndef f(v = []):\n    v.append(1)\n    return v", filename="lib.lark")
    for statement in ("x.append(2)", "x[0] = 2", "d['a'] = 1", "f()", "d.update(a = 1)"):
        names = "load('lib', 'x', 'd', 'f')\n"
        found = failure(names + statement, load=lambda name, span: library)
        assert found.code == "AL206"
        assert "frozen" in found.message


def test_a_loaded_function_is_charged_to_its_caller() -> None:
    library = run("def f(n):\n    return [i for i in range(n)]", filename="lib.lark")
    found = failure(
        "load('lib', 'f')\nf(5000)", load=lambda name, span: library, limits=starlark.Limits(max_steps=1000)
    )
    assert found.code == "AL207"
    assert [str(related.place) for related in found.related] == ["test.lark:2:1"]


def test_print_goes_to_the_host() -> None:
    lines: list[str] = []
    run("print('a', 1, [True])\nprint('b', 'c', sep = '-')", print=lines.append)
    assert lines == ["a 1 [True]", "b-c"]


def test_an_error_inside_a_key_function_names_both_places() -> None:
    found = failure("def key(x):\n    return x + 1\nsorted(['a', 'b'], key = key)")
    assert str(found.place) == "test.lark:2:12"
    assert [str(related.place) for related in found.related] == ["test.lark:3:1"]


def test_the_text_of_an_error_is_the_rendered_report() -> None:
    with pytest.raises(starlark.StarlarkError) as caught:
        run("x = 1\ny = x + 'a'\n")
    assert str(caught.value) == (
        "test.lark:2:5: error[AL201]: unknown binary op: int + string\n  2 | y = x + 'a'\n    |     ^^^^^^^\n"
        "  help: make the number a string with str(…)"
    )
    assert isinstance(caught.value.diagnostics[0], Diagnostic)


def test_exported_names_stay() -> None:
    assert starlark.__all__ == [
        "Builtin",
        "Call",
        "HostValue",
        "Limits",
        "Module",
        "NotPlain",
        "StarlarkError",
        "comments",
        "execute",
        "freeze",
        "from_python",
        "parse",
        "to_python",
        "type_name",
    ]


@pytest.mark.parametrize("text", ["x = [1]", "x = (", "x = fail()"])
def test_garbage_collection_is_as_it_was_after_a_run(text: str) -> None:
    frozen = gc.get_freeze_count()
    with contextlib.suppress(starlark.StarlarkError):
        starlark.to_python(run(text)["x"])
    assert gc.isenabled()
    assert gc.get_freeze_count() == frozen
