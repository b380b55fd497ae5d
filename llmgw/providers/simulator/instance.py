"""A value that satisfies a JSON Schema: the smallest friendly one, the same every time.

Followed: type, const, enum, properties, required, minProperties, items, prefixItems, minItems, maxItems, length
and format of strings, bounds and multipleOf of numbers, anyOf, oneOf, allOf, local $ref. Not followed: pattern (a
stranger's regular expression could run for hours), uniqueItems, not, if, contains. Schemas come from callers, so
depth, steps and lengths are bounded.
"""

import math
import operator
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote

import msgspec

DEPTH_MAX = 24
DEPTH_SIMPLE = 4  # from here on whatever ends soonest is preferred
STEPS_MAX = 2_000
CHARS_PER_STEP = 64  # long names and constants count as several steps
CHARS_MAX = 4_096  # of one text

_FORMATS = {
    "date": "2025-01-31",
    "date-time": "2025-01-31T12:00:00Z",
    "time": "12:00:00Z",
    "duration": "PT1H",
    "email": "simulator@example.com",
    "hostname": "simulator.example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/simulator",
    "uuid": "00000000-0000-4000-8000-000000000000",
}
_HINTS = {
    "properties": "object",
    "required": "object",
    "minProperties": "object",
    "items": "array",
    "prefixItems": "array",
    "minItems": "array",
    "minimum": "number",
    "maximum": "number",
    "exclusiveMinimum": "number",
    "exclusiveMaximum": "number",
    "multipleOf": "number",
}
_BOUNDS: Mapping[str, Callable[[float, float], bool]] = {
    "minimum": operator.ge,
    "exclusiveMinimum": operator.gt,
    "maximum": operator.le,
    "exclusiveMaximum": operator.lt,
}


class ImpossibleSchemaError(ValueError):
    """Nothing satisfies the schema, or nothing within the bounds."""


def instance(schema: Any) -> Any:
    """Raises ImpossibleSchemaError."""
    return _Builder(schema).build(schema, "answer", 0)


class _Builder:
    """Builds values of one schema; counts its steps, for a schema may branch without end."""

    __slots__ = ("_root", "_steps")

    def __init__(self, root: Any) -> None:
        self._root = root
        self._steps = 0

    def build(self, schema: Any, name: str, depth: int) -> Any:
        """`name` is what the value is called: a text speaks of it."""
        self._step(depth, len(name))
        if schema is False:
            raise ImpossibleSchemaError("nothing satisfies `false`")
        flat = self._flat(schema, depth) if isinstance(schema, dict) else {}
        if "const" in flat:
            return self._given(flat["const"], depth)
        if isinstance(flat.get("enum"), list) and flat["enum"]:
            return self._given(flat["enum"][0], depth)
        branches = _branches(flat, depth)
        return self._typed(flat, name, depth) if branches is None else self._first(branches, name, depth)

    def _given(self, value: Any, depth: int) -> Any:
        self._step(depth, len(msgspec.json.encode(value)))
        return value

    def _step(self, depth: int, chars: int = 0) -> None:
        self._steps += 1 + chars // CHARS_PER_STEP
        if depth > DEPTH_MAX or self._steps > STEPS_MAX:
            raise ImpossibleSchemaError("the schema is nested too deeply or branches too much")

    def _flat(self, schema: dict[str, Any], depth: int) -> dict[str, Any]:
        """The schema with its references and `allOf` merged in."""
        self._step(depth)
        while isinstance(schema.get("$ref"), str):
            self._step(depth)
            rest = {key: value for key, value in schema.items() if key != "$ref"}
            schema = _merged(self._resolve(schema["$ref"]), rest)
        parts = schema.get("allOf")
        for part in parts if isinstance(parts, list) else []:
            flat = self._flat(part, depth + 1) if isinstance(part, dict) else {}
            schema = _merged({key: value for key, value in schema.items() if key != "allOf"}, flat)
        return schema

    def _resolve(self, reference: str) -> dict[str, Any]:
        """A JSON pointer into this schema."""
        found = self._root
        for part in reference.removeprefix("#").split("/")[1:]:
            key = unquote(part).replace("~1", "/").replace("~0", "~")
            found = found.get(key) if isinstance(found, dict) else None
        if not reference.startswith("#") or not isinstance(found, dict):
            raise ImpossibleSchemaError(f"{reference} is not a schema of this document")
        return found

    def _first(self, branches: list[dict[str, Any]], name: str, depth: int) -> Any:
        """The first branch that can be built."""
        for branch in branches:
            try:
                return self.build(branch, name, depth + 1)
            except ImpossibleSchemaError:
                continue
        raise ImpossibleSchemaError("no branch can be satisfied")

    def _typed(self, schema: dict[str, Any], name: str, depth: int) -> Any:
        kind = schema.get("type") or next((_HINTS[key] for key in schema if key in _HINTS), "string")
        match kind:
            case "object":
                return self._object(schema, depth)
            case "array":
                return self._array(schema, name, depth)
            case "integer" | "number":
                return _number(schema, whole=kind == "integer")
            case "boolean":
                return True
            case "null":
                return None
            case _:
                return _string(schema, name)

    def _object(self, schema: dict[str, Any], depth: int) -> dict[str, Any]:
        """The required properties, and others only as far as `minProperties` asks."""
        known = _dict(schema.get("properties"))
        names = [name for name in _list(schema.get("required")) if isinstance(name, str)]
        wanted = min(_count(schema, "minProperties", 0), STEPS_MAX)
        names += [name for name in known if name not in names][: max(0, wanted - len(names))]
        names += [f"property_{number}" for number in range(wanted - len(names))]
        other = schema.get("additionalProperties", True)
        return {name: self.build(known.get(name, other), name, depth + 1) for name in names}

    def _array(self, schema: dict[str, Any], name: str, depth: int) -> list[Any]:
        """As many as it must have; one more as an example, where there is room."""
        prefix = _list(schema.get("prefixItems"))
        items_min = _count(schema, "minItems", 0)
        items_max = _count(schema, "maxItems", STEPS_MAX)
        wanted = min(max(items_min, len(prefix) or 1), items_max) if depth < DEPTH_SIMPLE else items_min
        built: list[Any] = []
        for place in range(wanted):
            item = prefix[place] if place < len(prefix) else schema.get("items", True)
            try:
                built.append(self.build(item, name, depth + 1))
            except ImpossibleSchemaError:
                if len(built) < items_min:
                    raise
                break
        return built


def _branches(schema: dict[str, Any], depth: int) -> list[dict[str, Any]] | None:
    """The alternatives, each with all that stands beside them; None if there is no choice."""
    for key in ("anyOf", "oneOf"):
        if isinstance(schema.get(key), list):
            rest = {name: value for name, value in schema.items() if name != key}
            return _ordered([_merged(rest, part) for part in schema[key] if isinstance(part, dict)], depth)
    if isinstance(schema.get("type"), list):
        return _ordered([{**schema, "type": kind} for kind in schema["type"]], depth)
    return None


def _ordered(branches: list[dict[str, Any]], depth: int) -> list[dict[str, Any]]:
    """As written, but deep inside those first that end there: a recursive schema has to stop somewhere."""
    if depth < DEPTH_SIMPLE:
        return branches
    return sorted(branches, key=lambda branch: "$ref" in branch or branch.get("type") in ("object", "array"))


def _merged(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """Both at once; where they differ the second wins."""
    merged = {**first, **second}
    if "properties" in first and "properties" in second:
        merged["properties"] = {**_dict(first["properties"]), **_dict(second["properties"])}
    if "required" in first and "required" in second:
        merged["required"] = list(dict.fromkeys([*_list(first["required"]), *_list(second["required"])]))
    return merged


def _string(schema: dict[str, Any], name: str) -> str:
    chars_min = _count(schema, "minLength", 0)
    if chars_min > CHARS_MAX:
        raise ImpossibleSchemaError(f"a text of more than {CHARS_MAX} characters")
    text = _FORMATS.get(str(schema.get("format")), f"simulated {name}")
    return text.ljust(chars_min, ".")[: _count(schema, "maxLength", CHARS_MAX)]


def _number(schema: dict[str, Any], *, whole: bool) -> int | float:
    try:
        return next(value for value in _candidates(schema, whole=whole) if _fits(schema, value))
    except (StopIteration, OverflowError):
        raise ImpossibleSchemaError("no number within the bounds") from None


def _candidates(schema: dict[str, Any], *, whole: bool) -> Iterator[int | float]:
    """One or nothing if that will do; else the multiples next to a bound, or what lies between two."""
    yield from (1, 0)
    step = _bound(schema, "multipleOf") or 1
    bounds = [bound for key in _BOUNDS if (bound := _bound(schema, key)) is not None]
    for bound in [*bounds, 0]:
        nearest = math.floor(bound / step)
        for value in (bound, *((nearest + offset) * step for offset in (0, 1, -1, 2))):
            if value == math.floor(value):
                yield math.floor(value)
            elif not whole:
                yield value
    if not whole and len(bounds) > 1:
        yield sum(bounds) / len(bounds)


def _fits(schema: dict[str, Any], value: float) -> bool:
    step = _bound(schema, "multipleOf")
    if step and value % step != 0:
        return False
    return all(holds(value, bound) for key, holds in _BOUNDS.items() if (bound := _bound(schema, key)) is not None)


def _bound(schema: dict[str, Any], key: str) -> int | float | None:
    value = schema.get(key)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _count(schema: dict[str, Any], key: str, default: int) -> int:
    value = schema.get(key)
    return max(0, int(value)) if isinstance(value, int | float) else default


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
