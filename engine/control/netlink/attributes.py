"""Netlink attributes by name, and the one an error points at."""

from __future__ import annotations

import struct
from typing import Any, TypeAlias

Message: TypeAlias = Any
"""A message of pyroute2, which is untyped."""
ALIGNMENT = 4
NESTED_AND_ORDER = 0xC000
"""NLA_F_NESTED and NLA_F_NET_BYTEORDER, which are no part of an attribute's type."""


def attribute_map(prefix: str, *names: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    """pyroute2's table of attributes: (name without its prefix, type), numbered from 0 in the order given."""
    return tuple((f"{prefix}{name}", kind) for name, kind in names)


def present(message: Message) -> dict[str, Any]:
    """A message's attributes by name, without the prefix, as far as it has them."""
    return {name.removeprefix(message.prefix): value for name, value in message["attrs"]}


def attribute_at(message: Message, data: bytes, offset: int) -> str:
    """The innermost attribute that begins at `offset` of an encoded message; empty where none does."""
    fixed = 16 + sum(struct.calcsize(f"={form}") for _, form in message.fields)
    return _within(message, data, fixed, len(data), offset)


def _within(kind: Message, data: bytes, at: int, end: int, wanted: int) -> str:
    while at + 4 <= end:
        length, number = struct.unpack_from("=HH", data, at)
        number &= ~NESTED_AND_ORDER
        if length < 4 or at + length > end:
            return ""
        name, form = kind.nla_map[number] if number < len(kind.nla_map) else (f"attribute {number}", "")
        if at == wanted:
            return str(name)
        if at < wanted < at + length:
            inner = getattr(kind, str(form).lstrip("*"), None)
            found = _within(inner, data, at + 4, at + length, wanted) if hasattr(inner, "nla_map") else ""
            return found or str(name)
        at += (length + ALIGNMENT - 1) & -ALIGNMENT
    return ""
