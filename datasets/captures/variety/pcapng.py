"""The three pcapng blocks a capture of one interface needs (draft-ietf-opsawg-pcapng §4.1, §4.2, §4.3)."""

from __future__ import annotations

import struct

LINKTYPE_ETHERNET = 1
OPT_END, OPT_COMMENT, IF_TSRESOL = 0, 1, 9


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


def _option(code: int, value: bytes) -> bytes:
    return struct.pack("<HH", code, len(value)) + _padded(value)


def _block(kind: int, body: bytes) -> bytes:
    total = 12 + len(body)
    return struct.pack("<II", kind, total) + body + struct.pack("<I", total)


def section() -> bytes:
    """Section header, little endian, length unstated."""
    return _block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))


def interface() -> bytes:
    """An Ethernet interface without a snap length, stamps in nanoseconds."""
    options = _option(IF_TSRESOL, b"\x09") + _option(OPT_END, b"")
    return _block(1, struct.pack("<HHI", LINKTYPE_ETHERNET, 0, 0) + options)


def packet(frame: bytes, time_ns: int, comment: str) -> bytes:
    """A whole frame at `time_ns` since the epoch, with a comment."""
    head = struct.pack("<IIIII", 0, time_ns >> 32, time_ns & 0xFFFFFFFF, len(frame), len(frame))
    return _block(6, head + _padded(frame) + _option(OPT_COMMENT, comment.encode()) + _option(OPT_END, b""))
