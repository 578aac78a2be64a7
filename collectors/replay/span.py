"""How long a capture lasts, from the time stamps of its records alone.

Only stamps are looked at; whether a file is sound is for the core to say. A damaged file gives the span of
what can be read, and 0 where nothing can.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

_PCAP_TICKS = {0xA1B2C3D4: 1000, 0xA1B23C4D: 1}
"""Magic number → ns per tick of the second field of a stamp."""
_SECTION, _INTERFACE, _PACKET, _ENHANCED = 0x0A0D0D0A, 1, 2, 6
_TSRESOL = 9


def span_ns(capture: bytes) -> int:
    """From the first stamp to the latest, in ns."""
    stamps = _pcapng(capture) if capture[:4] == b"\x0a\x0d\x0d\x0a" else _pcap(capture)
    first = next(stamps, 0)
    return max(max(stamps, default=first), first) - first


def _pcap(capture: bytes) -> Iterator[int]:
    for order in "<>":
        if len(capture) >= 24 and (tick := _PCAP_TICKS.get(struct.unpack_from(order + "I", capture)[0])):
            record = struct.Struct(order + "IIII")
            at = 24
            while at + 16 <= len(capture):
                seconds, fraction, length, _ = record.unpack_from(capture, at)
                yield seconds * 10**9 + fraction * tick
                at += 16 + length


def _pcapng(capture: bytes) -> Iterator[int]:
    order, at = "<", 0
    units: list[tuple[int, int]] = []
    while at + 12 <= len(capture):
        kind, length = struct.unpack_from(order + "II", capture, at)
        if kind == _SECTION:
            order = "<" if capture[at + 8 : at + 12] == b"\x4d\x3c\x2b\x1a" else ">"
            (length,) = struct.unpack_from(order + "I", capture, at + 4)
            units = []
        if length < 12 or at + length > len(capture):
            return
        body = capture[at + 8 : at + length - 4]
        if kind == _INTERFACE:
            units.append(_resolution(body, order))
        elif kind in (_PACKET, _ENHANCED) and len(body) >= 12:
            interface, high, low = struct.unpack_from(order + ("III" if kind == _ENHANCED else "HxxII"), body)
            if interface < len(units):
                numerator, denominator = units[interface]
                yield (high << 32 | low) * numerator // denominator
        at += length


def _resolution(body: bytes, order: str) -> tuple[int, int]:
    """ns per tick of an interface as a fraction; if_tsresol, default 10^-6 s."""
    at = 8
    while at + 4 <= len(body):
        code, length = struct.unpack_from(order + "HH", body, at)
        if code == 0:
            break
        if code == _TSRESOL and length == 1 and at + 5 <= len(body):
            exponent = body[at + 4] & 0x7F
            base = 2 if body[at + 4] & 0x80 else 10
            return 10**9, base**exponent
        at += 4 + length + (-length % 4)
    return 1000, 1
