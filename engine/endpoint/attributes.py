"""Netlink attributes as bytes: length, type, value, padded to four (include/net/netlink.h)."""

from __future__ import annotations

import struct
from typing import NamedTuple

HEADER = struct.Struct("=HH")
NESTED = 0x8000
"""NLA_F_NESTED."""
TYPE = 0x3FFF
"""NLA_TYPE_MASK."""


class Attribute(NamedTuple):
    """One attribute of a request."""

    number: int
    nested: bool
    value: bytes
    offset: int
    """Of its header, from the start of the message."""

    @property
    def u32(self) -> int:
        """The value as a number, of however many bytes."""
        return int.from_bytes(self.value, "little")

    @property
    def text(self) -> str:
        """The value as text."""
        return self.value.split(b"\0")[0].decode("utf-8", "replace")


def found(message: bytes, at: int, end: int) -> tuple[list[Attribute], int]:
    """The attributes from `at` to `end` of a message, and how many bytes are left over."""
    attributes = []
    while at + HEADER.size <= end:
        length, number = HEADER.unpack_from(message, at)
        if not HEADER.size <= length <= end - at:
            break
        value = message[at + HEADER.size : at + length]
        attributes.append(Attribute(number & TYPE, bool(number & NESTED), value, at))
        at += (length + 3) & -4
    return attributes, max(end - at, 0)


def attribute(number: int, value: bytes) -> bytes:
    """An attribute."""
    return HEADER.pack(HEADER.size + len(value), number) + value + bytes(-len(value) % 4)


def nest(number: int, *inner: bytes) -> bytes:
    """An attribute that holds others."""
    return attribute(number | NESTED, b"".join(inner))


def u8(number: int, value: int) -> bytes:
    """An attribute of one byte."""
    return attribute(number, struct.pack("=B", value))


def u16(number: int, value: int) -> bytes:
    """An attribute of two bytes."""
    return attribute(number, struct.pack("=H", value))


def u32(number: int, value: int) -> bytes:
    """An attribute of four bytes."""
    return attribute(number, struct.pack("=I", value))


def text(number: int, value: str) -> bytes:
    """An attribute of text, with its NUL."""
    return attribute(number, value.encode() + b"\0")
