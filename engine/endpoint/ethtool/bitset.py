"""Sets of named bits (net/ethtool/bitset.c)."""

from __future__ import annotations

import errno
from collections.abc import Sequence

from engine.endpoint.attributes import Attribute, attribute, found, nest, text, u32
from engine.endpoint.policy import Allowed, inner
from engine.endpoint.refusal import Refusal

NOMASK, SIZE, BITS, VALUE, MASK = 1, 2, 3, 4, 5
BIT, BIT_INDEX, BIT_NAME, BIT_VALUE = 1, 1, 2, 3
POLICY = {
    NOMASK: Allowed("flag"),
    SIZE: Allowed("u32", high=0x7FFF),
    BITS: Allowed("nest"),
    VALUE: Allowed("binary"),
    MASK: Allowed("binary"),
}
BIT_POLICY = {BIT_INDEX: Allowed("u32"), BIT_NAME: Allowed("text", longest=31), BIT_VALUE: Allowed("flag")}


def written(number: int, value: int, names: Sequence[str], mask: int | None, *, compact: bool) -> bytes:
    """A set: with a mask the bits it holds, each with its value; without, those that are set."""
    head = [] if mask is not None else [attribute(NOMASK, b"")]
    head.append(u32(SIZE, len(names)))
    size = (len(names) + 31) // 32 * 4
    if compact:
        body = [attribute(VALUE, value.to_bytes(size, "little"))]
        if mask is not None:
            body.append(attribute(MASK, mask.to_bytes(size, "little")))
        return nest(number, *head, *body)
    listed = []
    for at, name in enumerate(names):
        if (value if mask is None else mask) >> at & 1:
            is_set = [attribute(BIT_VALUE, b"")] if mask is not None and value >> at & 1 else []
            listed.append(nest(BIT, u32(BIT_INDEX, at), text(BIT_NAME, name), *is_set))
    return nest(number, *head, nest(BITS, *listed))


def read(data: bytes, given: Attribute, names: Sequence[str]) -> tuple[int, int]:
    """Value and mask of a set in a request. Raises Refusal."""
    parts = inner(data, given, POLICY)
    listed, no_mask = parts.get(BITS), NOMASK in parts
    if listed is None:
        return _compact(parts, given, len(names), no_mask)
    for number in (VALUE, MASK):
        if number in parts:
            words = f"{'value' if number == VALUE else 'mask'} only allowed in compact bitset"
            raise Refusal(errno.EINVAL, words, offset=parts[number].offset)
    value, mask = 0, (1 << len(names)) - 1 if no_mask else 0
    bits, _ = found(data, listed.offset + 4, listed.offset + 4 + len(listed.value))
    for bit in bits:
        about = inner(data, bit, BIT_POLICY)
        at = _place(about, bit, names)
        mask |= 1 << at
        if no_mask or BIT_VALUE in about:
            value |= 1 << at
        else:
            value &= ~(1 << at)
    return value, mask


def _place(about: dict[int, Attribute], bit: Attribute, names: Sequence[str]) -> int:
    name = about.get(BIT_NAME)
    if (index := about.get(BIT_INDEX)) is not None:
        if index.u32 >= len(names):
            raise Refusal(errno.EOPNOTSUPP, "bit index too high", offset=index.offset)
        if name is not None and names[index.u32] != name.text:
            raise Refusal(errno.EINVAL, "bit index and name mismatch", offset=bit.offset)
        return index.u32
    if name is None:
        raise Refusal(errno.EINVAL, "neither bit index nor name specified", offset=bit.offset)
    if not name.text or name.text not in names:
        raise Refusal(errno.EOPNOTSUPP, "bit name not found", offset=name.offset)
    return names.index(name.text)


def _compact(parts: dict[int, Attribute], given: Attribute, bits: int, no_mask: bool) -> tuple[int, int]:
    for number, what in ((SIZE, "size"), (VALUE, "value")):
        if number not in parts:
            raise Refusal(errno.EINVAL, f"missing {what} in compact bitset", offset=given.offset)
    if no_mask and MASK in parts:
        raise Refusal(errno.EINVAL, "mask not allowed in list bitset", offset=parts[MASK].offset)
    if not no_mask and MASK not in parts:
        raise Refusal(errno.EINVAL, "missing mask in compact bitset", offset=given.offset)
    value = parts[VALUE].u32
    mask = (1 << bits) - 1 if no_mask else parts[MASK].u32
    if (value | mask) >> bits and not no_mask:
        raise Refusal(errno.EINVAL, "bitset has bits beyond its size", offset=given.offset)
    return value & mask, mask
