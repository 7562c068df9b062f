"""A value for any ordinary JSON Schema, chosen without guessing: built from the schema, then validated.

It covers types, enum, const, objects, arrays, strings, bounds of numbers, anyOf, oneOf, allOf and local
references. What it does not cover (not, if, dependent schemas) it ignores while building; the validation at
the end then decides, and a value that fails it is never given back.
"""

from __future__ import annotations

from pydantic import JsonValue

from orchestrator.backends.rehearsal.draw import Draw
from orchestrator.backends.rehearsal.numbers import number_for
from orchestrator.backends.rehearsal.strings import string_for
from orchestrator.backends.rehearsal.validity import first_error
from orchestrator.core.errors import OrchestratorError

Schema = dict[str, JsonValue]

_DEEPEST = 12
_DEEPEST_OPTIONAL = 3
_MOST_ITEMS = 200
_MOST_VALUES = 2_000

_TYPE_OF_KEYWORD = {
    "properties": "object",
    "required": "object",
    "additionalProperties": "object",
    "items": "array",
    "prefixItems": "array",
    "minItems": "array",
    "pattern": "string",
    "minLength": "string",
    "format": "string",
    "minimum": "number",
    "maximum": "number",
    "multipleOf": "number",
}


class Unfillable(OrchestratorError):
    """The rehearsal backend has no value for a schema; `message` says why, `remedy` what to do."""


def fill(schema: JsonValue, draw: Draw) -> JsonValue:
    """A value that is valid against a schema. Raises Unfillable when none was found."""
    remedy = "ask a real backend (--backend), or simplify the schema: plain types, enums and small bounds"
    try:
        value = _Filler(schema, draw).value(schema, "answer", 0)
    except (_Dead, OverflowError) as error:
        raise Unfillable(f"it cannot fill the schema asked for: {error}", remedy) from error
    if error_text := first_error(schema, value):
        raise Unfillable(f"it cannot fill the schema asked for: {error_text}", remedy)
    return value


class _Dead(Exception):
    """This way of filling leads nowhere; another may."""


class _Filler:
    """Builds values from one schema; bounded in depth and in how many values it builds."""

    def __init__(self, root: JsonValue, draw: Draw) -> None:
        self._root = root
        self._draw = draw
        self._left = _MOST_VALUES

    def value(self, schema: JsonValue, name: str, depth: int) -> JsonValue:
        """A value for a schema; `name` is what strings say they stand for."""
        self._left -= 1
        if depth > _DEEPEST or self._left < 0:
            raise _Dead("it nests without end, or is too large")
        if schema is False:
            raise _Dead(f"nothing is allowed for {name}")
        flat = self._flat(schema if isinstance(schema, dict) else {}, depth)
        if "const" in flat:
            return flat["const"]
        if isinstance(choices := flat.get("enum"), list):
            return self._choice(flat, choices, name)
        for keyword in ("oneOf", "anyOf"):
            if isinstance(branches := flat.get(keyword), list):
                return self._branch(flat, keyword, branches, name, depth)
        return self._typed(flat, name, depth)

    def _choice(self, flat: Schema, choices: list[JsonValue], name: str) -> JsonValue:
        suitable = [one for one in choices if self._suits(flat, one)]
        if not suitable:
            raise _Dead(f"no value listed for {name} is allowed")
        return self._draw.pick(suitable)

    def _flat(self, schema: Schema, depth: int) -> Schema:
        """A schema with its references followed and its allOf merged in."""
        if depth > _DEEPEST:
            raise _Dead("it refers to itself without end")
        flat = {key: item for key, item in schema.items() if key not in ("$ref", "allOf")}
        parts = [self._target(schema["$ref"])] if "$ref" in schema else []
        all_of = schema.get("allOf")
        parts += all_of if isinstance(all_of, list) else []
        for part in parts:
            flat = _merged(self._flat(part, depth + 1) if isinstance(part, dict) else {}, flat)
        return flat

    def _target(self, ref: JsonValue) -> JsonValue:
        """What a local reference points at."""
        place, found = str(ref), self._root
        if not place.startswith("#"):
            raise _Dead(f"it refers to {place!r}, which is not part of it")
        for part in place.removeprefix("#").split("/")[1:]:
            key = part.replace("~1", "/").replace("~0", "~")
            if not isinstance(found, dict) or key not in found:
                raise _Dead(f"it refers to {place!r}, which is not part of it")
            found = found[key]
        return found

    def _suits(self, schema: Schema, value: JsonValue) -> bool:
        """Whether a value is valid against a part of the schema, references included."""
        whole = dict(schema)
        if isinstance(self._root, dict):
            whole.update((key, self._root[key]) for key in ("$defs", "definitions") if key in self._root)
        return first_error(whole, value) is None

    def _branch(
        self, flat: Schema, keyword: str, branches: list[JsonValue], name: str, depth: int
    ) -> JsonValue:
        """The first branch, in turn from a drawn one, that gives a value the whole schema accepts."""
        base = {key: item for key, item in flat.items() if key != keyword}
        start = self._draw.number(len(branches)) if branches else 0
        reason = f"no branch of {keyword} fits"
        for branch in branches[start:] + branches[:start]:
            try:
                part = self._flat(branch, depth) if isinstance(branch, dict) else {}
                value = self.value(False if branch is False else _merged(base, part), name, depth + 1)
            except _Dead as error:
                reason = str(error)
                continue
            if self._suits(flat, value):
                return value
        raise _Dead(reason)

    def _typed(self, schema: Schema, name: str, depth: int) -> JsonValue:
        match _type_of(schema):
            case "object":
                return self._object(schema, depth)
            case "array":
                return self._array(schema, name, depth)
            case "integer":
                return number_for(schema, whole=True)
            case "number":
                return number_for(schema, whole=False)
            case "boolean":
                return self._draw.number(2) == 1
            case "null":
                return None
        text = string_for(schema, f"SIMULATED {name}")
        if text is None:
            raise _Dead(f"no string found for {name} with {_bounds(schema)}")
        return text

    def _object(self, schema: Schema, depth: int) -> JsonValue:
        """All required properties, and near the top those that are not."""
        known = schema.get("properties")
        properties = known if isinstance(known, dict) else {}
        required = [str(key) for key in _list(schema.get("required"))]
        filled: Schema = {key: self._property(schema, key, depth) for key in required}
        for key in properties:
            if key not in filled and (
                depth < _DEEPEST_OPTIONAL or len(filled) < _int(schema, "minProperties")
            ):
                try:
                    filled[key] = self._property(schema, key, depth)
                except _Dead:
                    continue
        for number in range(1, min(_int(schema, "minProperties"), _MOST_ITEMS) - len(filled) + 1):
            filled[f"simulated{number}"] = self._property(schema, f"simulated{number}", depth)
        most = schema.get("maxProperties")
        for key in [key for key in filled if key not in required]:
            if isinstance(most, int) and len(filled) > most:
                del filled[key]
        ordered = [key for key in properties if key in filled]
        return {key: filled[key] for key in [*ordered, *(key for key in filled if key not in properties)]}

    def _property(self, schema: Schema, key: str, depth: int) -> JsonValue:
        known = schema.get("properties")
        if isinstance(known, dict) and key in known:
            return self.value(known[key], key, depth + 1)
        return self.value(schema.get("additionalProperties", True), key, depth + 1)

    def _array(self, schema: Schema, name: str, depth: int) -> JsonValue:
        """One item near the top, none further down, always as many as must be, different where they must."""
        first = _list(schema.get("prefixItems"))
        least, most = _int(schema, "minItems"), _int(schema, "maxItems", _MOST_ITEMS)
        count = min(most, max(least, len(first), 1 if depth < _DEEPEST_OPTIONAL else 0))
        if least > _MOST_ITEMS:
            raise _Dead(f"{name} asks for {least} items")
        if "contains" in schema and not first:
            first = [schema["contains"]] * max(1, _int(schema, "minContains", 1))
            count = max(count, len(first))
        rest = schema.get("items", True)
        items: list[JsonValue] = []
        for index in range(count):
            own = first[index] if index < len(first) else rest
            try:
                items.append(
                    self._item(own, f"{name} {index + 1}", items if schema.get("uniqueItems") else [], depth)
                )
            except _Dead:
                if index >= max(least, 0):
                    break
                raise
        return items

    def _item(self, schema: JsonValue, name: str, others: list[JsonValue], depth: int) -> JsonValue:
        """An item that differs from the others, looked for in a few draws, then among enum and bounds."""
        for _ in range(8 if others else 1):
            value = self.value(schema, name, depth + 1)
            if value not in others:
                return value
        flat = self._flat(schema, depth) if isinstance(schema, dict) else {}
        low = others[-1]
        further = [low + 1] if isinstance(low, int) else []
        for candidate in [*_list(flat.get("enum")), True, False, *further]:
            if candidate not in others and self._suits(flat, candidate):
                return candidate
        raise _Dead(f"no further different value found for {name}")


def _type_of(schema: Schema) -> str:
    """The type to build: the first named that is not null, else what the keywords speak of, else a string."""
    named = schema.get("type")
    types = [str(one) for one in (named if isinstance(named, list) else [named] if named else [])]
    if types:
        return next((one for one in types if one != "null"), "null")
    return next((_TYPE_OF_KEYWORD[key] for key in schema if key in _TYPE_OF_KEYWORD), "string")


def _merged(below: Schema, above: Schema) -> Schema:
    """Two schemas as one: properties and required of both, for the rest what is above."""
    merged = {**below, **above}
    low, high = below.get("properties"), above.get("properties")
    if isinstance(low, dict) and isinstance(high, dict):
        merged["properties"] = {**low, **high}
    required = [*_list(below.get("required")), *_list(above.get("required"))]
    if required:
        merged["required"] = list(dict.fromkeys(map(str, required)))
    return merged


def _list(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else []


def _int(schema: Schema, key: str, absent: int = 0) -> int:
    value = schema.get(key)
    return int(value) if isinstance(value, int | float) else absent


def _bounds(schema: Schema) -> str:
    kept = ("format", "pattern", "minLength", "maxLength")
    return ", ".join(f"{key} {schema[key]!r}" for key in kept if key in schema)
