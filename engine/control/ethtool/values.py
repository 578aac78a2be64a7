"""From a message's attributes to a value of ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import Any, TypeVar

from engine.control.ethtool.channels import Channels
from engine.control.ethtool.coalesce import Coalesce
from engine.control.ethtool.rings import Rings
from engine.control.netlink.attributes import Message, present

Value = TypeVar("Value", Rings, Channels, Coalesce)
SAME: Mapping[str, str] = MappingProxyType({})
"""Every field is called as its attribute."""


def value_of(value: type[Value], answer: Message, names: Mapping[str, str] = SAME) -> Value:
    """The value; what the answer lacks is None. `names`: attributes of fields that are called otherwise."""
    found = present(answer)
    values: dict[str, Any] = {}
    for each in fields(value):
        number = found.get(names.get(each.name, each.name.upper()))
        values[each.name] = bool(number) if number is not None and "bool" in str(each.type) else number
    return value(**values)
