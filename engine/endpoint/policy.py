"""Which attributes a request may have: checked as nla_validate_parse does (lib/nlattr.c), in its words."""

from __future__ import annotations

import errno
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from engine.endpoint.attributes import Attribute, attribute, found, u32
from engine.endpoint.refusal import Refusal

Kind = Literal["flag", "u8", "u16", "u32", "uint", "binary", "text", "nest"]
TYPES: dict[Kind, int] = {
    "flag": 1,
    "u8": 2,
    "u16": 3,
    "u32": 4,
    "binary": 10,
    "text": 12,
    "nest": 13,
    "uint": 17,
}
"""NL_ATTR_TYPE_*."""
SIZES: dict[Kind, tuple[int, ...]] = {"u8": (1,), "u16": (2,), "u32": (4,), "uint": (4, 8)}
"""Bytes."""
MINIMUM, MAXIMUM, LONGEST, MASK, TYPE = 4, 5, 7, 12, 1
"""NL_POLICY_TYPE_ATTR_MIN_VALUE_U, _MAX_VALUE_U, _MAX_LENGTH, _MASK, _TYPE."""
Policy = Mapping[int, "Allowed"]


@dataclass(frozen=True, slots=True)
class Allowed:
    """What one attribute may be."""

    kind: Kind
    low: int = 0
    high: int | None = None
    """None: as much as the kind can hold."""
    mask: int | None = None
    """Bits that may be set."""
    longest: int | None = None
    """Characters of a text, without its NUL."""
    shortest: int = 0
    """Bytes; the kernel does not describe it (netlink_policy_dump_write_attr)."""
    inner: Policy = field(default_factory=dict)

    def described(self) -> bytes:
        """As the kernel describes it beside a refusal."""
        parts = []
        if self.mask is not None:
            parts.append(attribute(MASK, struct.pack("=Q", self.mask)))
        elif self.kind in SIZES:
            high = self.high if self.high is not None else (1 << 8 * SIZES[self.kind][-1]) - 1
            parts += [
                attribute(MINIMUM, struct.pack("=Q", self.low)),
                attribute(MAXIMUM, struct.pack("=Q", high)),
            ]
        if self.longest is not None:
            parts.append(u32(LONGEST, self.longest))
        return b"".join([*parts, u32(TYPE, TYPES[self.kind])])


def parsed(message: bytes, at: int, end: int, policy: Policy) -> dict[int, Attribute]:
    """The attributes from `at` on, by number; of several with one number the last. Raises Refusal."""
    attributes, left_over = found(message, at, end)
    last = max(policy, default=0)
    for each in attributes:
        allowed = policy.get(each.number)
        if allowed is None:
            words = "Unknown attribute type" if each.number > last else "Unsupported attribute"
            raise Refusal(errno.EINVAL, words, offset=each.offset)
        _check(message, each, allowed)
    if left_over:
        raise Refusal(errno.EINVAL, "bytes leftover after parsing attributes")
    return {each.number: each for each in attributes}


def inner(message: bytes, outer: Attribute, policy: Policy) -> dict[int, Attribute]:
    """The attributes within one. Raises Refusal."""
    at = outer.offset + 4
    return parsed(message, at, at + len(outer.value), policy)


def _check(message: bytes, given: Attribute, allowed: Allowed) -> None:
    def refused(code: int, words: str) -> Refusal:
        return Refusal(code, words, offset=given.offset, policy=allowed.described())

    failed = "Attribute failed policy validation"
    if allowed.kind == "nest":
        if not given.nested:
            raise refused(errno.EINVAL, "NLA_F_NESTED is missing")
        if allowed.inner:
            inner(message, given, allowed.inner)
    elif allowed.kind == "flag" and given.value:
        raise refused(errno.ERANGE, failed)
    elif allowed.kind == "text":
        if b"\0" not in given.value:
            raise refused(errno.EINVAL, failed)
        if allowed.longest is not None and given.value.index(b"\0") > allowed.longest:
            raise refused(errno.ERANGE, failed)
    elif allowed.kind == "binary" and len(given.value) < allowed.shortest:
        raise refused(errno.ERANGE, "binary attribute size out of range")
    elif allowed.kind in SIZES:
        if len(given.value) not in SIZES[allowed.kind]:
            raise refused(errno.EINVAL, "invalid attribute length")
        if allowed.mask is not None and given.u32 & ~allowed.mask:
            raise Refusal(errno.EINVAL, "reserved bit set", offset=given.offset)
        if given.u32 < allowed.low or (allowed.high is not None and given.u32 > allowed.high):
            raise refused(errno.ERANGE, "integer out of range")
