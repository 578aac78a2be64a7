"""Netlink messages: a request taken apart, and what is answered (net/netlink/af_netlink.c)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from engine.endpoint.refusal import Refusal

HEADER = struct.Struct("=IHHII")
REQUEST, MULTI, ACK, DUMP, INTERRUPTED = 1, 2, 4, 0x300, 0x10
"""NLM_F_REQUEST, _MULTI, _ACK, _DUMP, _DUMP_INTR."""
CREATE, EXCLUSIVE = 0x400, 0x200
"""NLM_F_CREATE, NLM_F_EXCL."""
ERROR, DONE = 2, 3
FIRST = 16
"""NLMSG_MIN_TYPE: lower types are control messages."""
CAPPED, WITH_ATTRIBUTES = 0x100, 0x200
"""NLM_F_CAPPED, NLM_F_ACK_TLVS."""


@dataclass(frozen=True, slots=True)
class Request:
    """One message that came, and who sent it."""

    data: bytes
    """All of it, with its header."""
    kind: int
    flags: int
    sequence: int
    port: int
    """Of the socket it came from."""
    strict: bool = False
    """NETLINK_GET_STRICT_CHK."""

    @property
    def dump(self) -> bool:
        """Everything is asked for."""
        return bool(self.flags & DUMP)


def requests(data: bytes, port: int, strict: bool) -> Iterator[Request]:
    """The messages of a datagram; what is cut off is passed over, as the kernel does."""
    at = 0
    while at + HEADER.size <= len(data):
        length, kind, flags, sequence, _ = HEADER.unpack_from(data, at)
        if not HEADER.size <= length <= len(data) - at:
            return
        yield Request(data[at : at + length], kind, flags, sequence, port, strict)
        at += (length + 3) & -4


def message(kind: int, payload: bytes, *, flags: int = 0, sequence: int = 0, port: int = 0) -> bytes:
    """A message, padded."""
    length = HEADER.size + len(payload)
    return HEADER.pack(length, kind, flags, sequence, port) + payload + bytes(-length % 4)


def answer(request: Request, kind: int, payload: bytes) -> bytes:
    """A message that answers a request."""
    flags = MULTI if request.dump else 0
    return message(kind, payload, flags=flags, sequence=request.sequence, port=request.port)


def acknowledged(request: Request, refusal: Refusal | None, *, capped: bool, extended: bool) -> bytes:
    """NLMSG_ERROR: what became of a request. An error echoes it whole, unless NETLINK_CAP_ACK says not to."""
    attributes = refusal.extended() if refusal is not None and extended else b""
    whole = refusal is not None and not capped
    flags = (0 if whole else CAPPED) | (WITH_ATTRIBUTES if attributes else 0)
    echoed = request.data if whole else request.data[: HEADER.size]
    payload = struct.pack("=i", -refusal.code if refusal else 0) + echoed + bytes(-len(echoed) % 4)
    return message(ERROR, payload + attributes, flags=flags, sequence=request.sequence, port=request.port)


def done(request: Request, code: int = 0, flags: int = 0) -> bytes:
    """NLMSG_DONE: the end of a dump."""
    payload = struct.pack("=i", -code)
    return message(DONE, payload, flags=MULTI | flags, sequence=request.sequence, port=request.port)


def interrupted(data: bytes) -> bytes:
    """The message, with the mark that what is dumped has changed meanwhile."""
    length, kind, flags, sequence, port = HEADER.unpack_from(data)
    return HEADER.pack(length, kind, flags | INTERRUPTED, sequence, port) + data[HEADER.size :]
