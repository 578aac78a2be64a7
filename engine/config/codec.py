"""Configuration values to plain data and back.

The names are those of the scenario document. A variant (one of several shapes, such as a size distribution)
is written as its tag alone when it has no fields, `{tag: value}` when it is a newtype, `{tag: {field:
value}}` otherwise. Values reach `decode` only after the core has validated them; it checks shape, not ranges.
"""

from __future__ import annotations

import types
import typing
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import cache
from typing import Any, ClassVar, cast, get_args, get_origin


class Variant:
    """Base of the shapes a key may have; `tag` is how the document names the shape."""

    tag: ClassVar[str]
    newtype: ClassVar[bool] = False
    """The only field is the value itself."""


@cache
def _hints(cls: type) -> dict[str, Any]:
    return typing.get_type_hints(cls)


def encode(value: object) -> Any:  # noqa: ANN401 - plain data has no narrower type
    """Plain data (dict, list, str, int, float, bool, None) of a configuration value.

    None-valued keys are left out.
    """
    if isinstance(value, Variant):
        inner = {f.name: encode(getattr(value, f.name)) for f in _fields(value)}
        if not inner:
            return value.tag
        return {value.tag: next(iter(inner.values())) if value.newtype else _present(inner)}
    if is_dataclass(value):
        return _present({f.name: encode(getattr(value, f.name)) for f in _fields(value)})
    if isinstance(value, tuple | list):
        return [encode(item) for item in value]
    return value


def _present(data: dict[str, object]) -> dict[str, object]:
    return {key: value for key, value in data.items() if value is not None}


def _fields(value: object) -> tuple[Field[Any], ...]:
    return tuple(f for f in fields(cast(Any, value)) if f.metadata.get("document", True))


def decode(kind: Any, data: Any) -> Any:  # noqa: ANN401 - driven by the annotations of the configuration classes
    """The configuration value of type `kind` written as `data`.

    Raises TypeError where the shapes disagree.
    """
    if is_dataclass(kind):
        return _decode_dataclass(cast(type, kind), data)
    origin = get_origin(kind)
    if origin is tuple:
        (item,) = (arg for arg in get_args(kind) if arg is not Ellipsis)
        return tuple(decode(item, each) for each in data)
    if origin in (typing.Union, types.UnionType):
        return _decode_union(get_args(kind), data)
    if kind is float and isinstance(data, int):
        return float(data)
    return data


def _decode_dataclass(kind: type, data: Any) -> Any:  # noqa: ANN401 - as decode
    hints = _hints(kind)
    known = {f.name: hints[f.name] for f in fields(kind) if f.metadata.get("document", True)}
    unknown = set(data) - set(known)
    if unknown:
        raise TypeError(f"{kind.__name__} has no {', '.join(sorted(unknown))}")
    return kind(**{name: decode(known[name], value) for name, value in data.items()})


def _decode_union(kinds: tuple[Any, ...], data: Any) -> Any:  # noqa: ANN401 - as decode
    if data is None:
        return None
    variants: dict[str, Any] = {k.tag: k for k in kinds if isinstance(k, type) and issubclass(k, Variant)}
    if not variants:
        (only,) = (k for k in kinds if k is not type(None))
        return decode(only, data)
    if isinstance(data, str):
        return variants[data]()
    ((tag, inner),) = data.items()
    kind = variants[tag]
    if kind.newtype:
        (field,) = fields(kind)
        return kind(decode(_hints(kind)[field.name], inner))
    return _decode_dataclass(kind, inner)


def default(field: Field[Any]) -> Any:  # noqa: ANN401 - any configuration value
    """The default of a field, as plain data; MISSING where a value must be given."""
    if field.default is not MISSING:
        return encode(field.default)
    return encode(field.default_factory()) if field.default_factory is not MISSING else MISSING
