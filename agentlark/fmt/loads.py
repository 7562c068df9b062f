"""Loads come first, one for each file, in order; nothing depends on where a load stands."""

from __future__ import annotations

from collections.abc import Sequence

from agentlark.fmt.anchors import Anchors
from agentlark.fmt.blocks import Element
from agentlark.starlark.syntax import tree


def loads_first(elements: Sequence[Element], anchors: Anchors) -> list[Element]:
    """The elements of a file, its loads before the first other statement, merged and sorted."""
    ordered = _merged(_moved(elements), anchors)
    start = 0
    while start < len(ordered):
        if not isinstance(ordered[start].node, tree.Load):
            start += 1
            continue
        end = start
        while end < len(ordered) and isinstance(ordered[end].node, tree.Load):
            end += 1
        ordered[start:end] = sorted(ordered[start:end], key=lambda element: _label(_load(element)))
        start = end
    return ordered


def _load(element: Element) -> tree.Load:
    assert isinstance(element.node, tree.Load)
    return element.node


def _moved(elements: Sequence[Element]) -> list[Element]:
    """The elements with loads moved up to the first statement that is neither load nor docstring."""
    first = next((at for at, element in enumerate(elements) if _is_other(element.node)), len(elements))
    loads = [element for element in elements[first:] if isinstance(element.node, tree.Load)]
    others = [element for element in elements[first:] if not isinstance(element.node, tree.Load)]
    return [*elements[:first], *loads, *others]


def _is_other(node: tree.Node | None) -> bool:
    if isinstance(node, tree.Expression) and isinstance(node.value, tree.Literal):
        return not isinstance(node.value.value, str)
    return node is not None and not isinstance(node, tree.Load)


def _merged(elements: Sequence[Element], anchors: Anchors) -> list[Element]:
    """The elements with all loads of one file in the first of them, and its symbols in order."""
    first: dict[str, Element] = {}
    kept: list[Element] = []
    for element in elements:
        if isinstance(element.node, tree.Load):
            earlier = first.setdefault(str(element.node.module.value), element)
            if earlier is not element:
                _merge(earlier, element, anchors)
                continue
        kept.append(element)
    for element in first.values():
        node = _load(element)
        element.node = tree.Load(node.module, sorted(node.symbols, key=_symbol), node.start, node.end)
        _carry(node, element.node, anchors)
    return kept


def _merge(into: Element, element: Element, anchors: Anchors) -> None:
    one, other = _load(into), _load(element)
    into.node = tree.Load(one.module, [*one.symbols, *other.symbols], one.start, one.end)
    into.before += element.before
    into.after += element.after
    for node in (other.module, other):
        into.before += anchors.before.pop(node, [])
        into.before += anchors.closing.pop(node, [])
        into.before += anchors.behind.pop(node, [])
    _carry(one, into.node, anchors)


def _carry(old: tree.Node, new: tree.Node, anchors: Anchors) -> None:
    for kept in (anchors.before, anchors.closing, anchors.behind):
        if old in kept:
            kept[new] = kept.pop(old)


def _symbol(symbol: tree.Symbol) -> tuple[bool, str]:
    exported = str(symbol.exported.value)
    local = symbol.local.name if symbol.local else exported
    return local != exported, local


_Path = tuple[list[str], str]


def _label(load: tree.Load) -> tuple[bool, bool, str, _Path, _Path]:
    """What loads are sorted by: other repositories, then absolute labels, then relative paths."""
    label = str(load.module.value)
    if not label.startswith(("@", "//")):
        return True, True, "", _path(""), _path(label.lstrip(":"))
    repository, _, rest = label.partition("//")
    package, _, target = rest.partition(":")
    return not repository, False, repository, _path(package), _path(target or package.rpartition("/")[2])


def _path(path: str) -> _Path:
    return path.lower().split("/"), path
