"""The Toeplitz hash as Microsoft defines it ("RSS hashing functions"), bit by bit.

To judge by, not to run with.
"""

from __future__ import annotations

import ipaddress


def toeplitz(key: bytes, data: bytes) -> int:
    """32 bits: for each set bit of `data`, the 32 bits of `key` that start at that bit, exclusive-ored.

    Raises ValueError for a key shorter than the data and 4 bytes.
    """
    if len(key) < len(data) + 4:
        raise ValueError(
            f"key of {len(key)} bytes: must be at least {len(data) + 4} for {len(data)} bytes of data"
        )
    bits = int.from_bytes(key, "big")
    result = 0
    for i in range(8 * len(data)):
        if data[i // 8] >> (7 - i % 8) & 1:
            result ^= bits >> (8 * len(key) - 32 - i) & 0xFFFFFFFF
    return result


def hash_input(source: str, destination: str, ports: tuple[int, int] | None = None) -> bytes:
    """What is hashed: both addresses, then source and destination port if given, in network order."""
    data = ipaddress.ip_address(source).packed + ipaddress.ip_address(destination).packed
    if ports is not None:
        data += ports[0].to_bytes(2, "big") + ports[1].to_bytes(2, "big")
    return data
