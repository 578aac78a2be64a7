"""Quantities as people write them, and the arithmetic of an Ethernet line.

A frame of n bytes (FCS included) occupies n + 20 bytes of a line: 7 of preamble, 1 start-of-frame delimiter
and an inter-frame gap of 12 (IEEE 802.3, clause 4.4.2).
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

PREAMBLE_BYTES = 8
GAP_BYTES = 12
OVERHEAD_BYTES = PREAMBLE_BYTES + GAP_BYTES
MIN_FRAME_BYTES = 64
RATE_10GBE_BPS = 10_000_000_000

_SECONDS = {"ns": 1, "us": 10**3, "µs": 10**3, "ms": 10**6, "s": 10**9}
_BYTES = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
_BITS = {"b/s": 1, "kb/s": 10**3, "Mb/s": 10**6, "Gb/s": 10**9, "bit/s": 1, "Mbit/s": 10**6, "Gbit/s": 10**9}
_QUANTITY = re.compile(r"\s*([0-9][0-9_]*(?:\.[0-9]+)?)\s*([A-Za-zµ/]+)\s*")


def _parse(text: str, units: dict[str, int], what: str) -> int:
    match = _QUANTITY.fullmatch(text)
    scale = units.get(match.group(2)) if match else None
    if match is None or scale is None:
        raise ValueError(f"{what} = {text!r}: must be a number and one of {', '.join(units)}")
    try:
        value = Decimal(match.group(1).replace("_", "")) * scale
    except InvalidOperation:
        raise ValueError(f"{what} = {text!r}: not a number") from None
    if value != value.to_integral_value():
        raise ValueError(f"{what} = {text!r}: must be a whole number of {next(iter(units))}")
    return int(value)


def duration_ns(text: str) -> int:
    """`"10us"` → 10,000. Raises ValueError naming the units allowed."""
    return _parse(text, _SECONDS, "duration")


def size_bytes(text: str) -> int:
    """`"1518B"` → 1,518; `"32KiB"` → 32,768. Raises ValueError naming the units allowed."""
    return _parse(text, _BYTES, "size")


def rate_bps(text: str) -> int:
    """`"10Gb/s"` → 10,000,000,000. Raises ValueError naming the units allowed."""
    return _parse(text, _BITS, "rate")


def line_rate_pps(frame_bytes: float, line_bps: float = RATE_10GBE_BPS) -> float:
    """Frames per second a line carries at most: 64 B at 10 Gb/s → 14,880,952.38.

    `frame_bytes` counts the FCS; a mean size gives the rate of a mix.
    """
    return line_bps / (8 * (frame_bytes + OVERHEAD_BYTES))


def frame_time_ns(frame_bytes: float, line_bps: float = RATE_10GBE_BPS) -> float:
    """How long a frame occupies the line, in ns: 64 B at 10 Gb/s → 67.2."""
    return 8e9 * (frame_bytes + OVERHEAD_BYTES) / line_bps


def goodput_bps(frame_bytes: float, line_bps: float = RATE_10GBE_BPS) -> float:
    """Bits of frames per second at line rate, preamble and gap not counted.

    64 B at 10 Gb/s → 7,619,047,619.
    """
    return 8 * frame_bytes * line_rate_pps(frame_bytes, line_bps)


def engineering(value: float, unit: str, digits: int = 3) -> str:
    """`(14_880_952, "pps")` → `14.9 Mpps`: a number with an SI prefix for people."""
    for prefix, scale in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if abs(value) >= scale:
            return f"{value / scale:.{digits}g} {prefix}{unit}"
    return f"{value:.{digits}g} {unit}"
