"""The dataclasses and the core's schema agree: names and defaults."""

import dataclasses
import json
import typing

from engine import Scenario, _core
from engine.config.codec import encode


def leaves(value, path=""):
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, f"{path}.{key}" if path else key)
    else:
        yield path, value


def declared_fields(kind, path=""):
    hints = typing.get_type_hints(kind)
    for field in dataclasses.fields(kind):
        if field.metadata.get("document", True):
            at = f"{path}.{field.name}" if path else field.name
            yield at
            if dataclasses.is_dataclass(hints[field.name]):
                yield from declared_fields(hints[field.name], at)


def without_nulls(value):
    if isinstance(value, dict):
        return {key: without_nulls(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [without_nulls(inner) for inner in value]
    return value


def test_defaults_are_the_core_s():
    core = without_nulls(json.loads(_core.resolve_scenario("version = 1\n", "toml")))
    assert dict(leaves(encode(Scenario()))) == dict(leaves(core))


def test_the_keys_of_the_schema_are_the_fields():
    schema = json.loads(_core.scenario_schema())
    definitions = schema.get("$defs", {})

    def properties(node, path=""):
        node = definitions[node["$ref"].rsplit("/", 1)[-1]] if "$ref" in node else node
        for name, inner in node.get("properties", {}).items():
            at = f"{path}.{name}" if path else name
            yield at
            if inner.get("type") != "array":
                yield from properties(inner, at)

    assert set(properties(schema)) == set(declared_fields(Scenario))


def test_declarations_are_read():
    from engine import declared

    keys = {operation.key for operation in declared.operations()}
    assert {row.key for row in declared.costs()} >= keys
    assert all(row.source.strip() for row in declared.costs())
    assert {reason.layer for reason in declared.reasons()} <= set(declared.layers())
    assert all(counter.meaning and counter.unit for counter in declared.counters())
    assert "other" not in {reason.name for reason in declared.reasons()}
