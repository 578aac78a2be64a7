"""RSS by the SIOCETHTOOL ioctl: for kernels whose netlink cannot, and for the hashed fields."""

from __future__ import annotations

import errno
import struct

from engine.control.ethtool import rss
from engine.control.ethtool.rss import HashInput, RssChanges, RssState
from engine.control.transport import Transport

GRXFH, SRXFH, GRSSH, SRSSH = 0x29, 0x2A, 0x46, 0x47
RXFH = struct.Struct("=IIIIBBxxI")
"""struct ethtool_rxfh: cmd, context, entries, bytes of the key, function, transformation; table and key
follow."""
NO_CHANGE = 0xFFFF_FFFF
"""ETH_RXFH_INDIR_NO_CHANGE."""
FLOWS = {"tcp4": 1, "udp4": 2, "tcp6": 5, "udp6": 6, "ipv4": 0x10, "ipv6": 0x11}
"""TCP_V4_FLOW ... IPV6_FLOW."""
FIELDS = struct.Struct("=IIQ176x")
"""The part of struct ethtool_rxnfc that matters to the fields."""


def _sizes(transport: Transport, device: str) -> tuple[int, int, int]:
    """Entries of the table, bytes of the key, and the transformation of the input there is now."""
    request = bytearray(RXFH.pack(GRSSH, 0, 0, 0, 0, 0, 0))
    transport.ethtool(device, request)
    _, _, entries, key_bytes, _, transformation, _ = RXFH.unpack_from(request)
    return entries, key_bytes, transformation


def read(transport: Transport, device: str) -> RssState:
    """Table, key and function; the fields protocol by protocol. Raises OSError."""
    entries, key_bytes, _ = _sizes(transport, device)
    request = bytearray(RXFH.pack(GRSSH, 0, entries, key_bytes, 0, 0, 0) + bytes(4 * entries + key_bytes))
    transport.ethtool(device, request)
    _, _, _, _, function, transformation, _ = RXFH.unpack_from(request)
    table = struct.unpack_from(f"={entries}I", request, RXFH.size)
    key = bytes(request[RXFH.size + 4 * entries :][:key_bytes])
    found = RssState(table, key.hex(), rss.function_name(function), bool(transformation & rss.SYMMETRIC_XOR))
    fields = {}
    for protocol in FLOWS:
        try:
            fields[protocol] = hash_fields(transport, device, protocol)
        except OSError as cause:
            if cause.errno not in (errno.EOPNOTSUPP, errno.EINVAL):
                raise
    return RssState(found.table, found.key, found.function, found.symmetric, fields)


def hash_fields(transport: Transport, device: str, protocol: str) -> HashInput | str:
    """What is hashed of a protocol. Raises OSError."""
    request = bytearray(FIELDS.pack(GRXFH, FLOWS[protocol], 0))
    transport.ethtool(device, request)
    return rss.hash_input(FIELDS.unpack(request)[2])


def write(transport: Transport, device: str, changes: RssChanges) -> None:
    """Change what is asked for. Raises OSError, ValueError."""
    beyond_fields = (changes.table, changes.key, changes.function, changes.symmetric)
    if any(change is not None for change in beyond_fields):
        _, key_bytes, transformation = _sizes(transport, device)
        table = b"" if changes.table is None else rss.table_bytes(changes.table)
        key = b"" if changes.key is None else rss.key_bytes(changes.key)
        entries = NO_CHANGE if changes.table is None else len(changes.table)
        function = 0 if changes.function is None else rss.function_number(changes.function)
        # Kernels before 6.8 refuse RXH_XFRM_NO_CHANGE: what is there is said again.
        symmetric = {None: transformation, True: rss.SYMMETRIC_XOR, False: 0}[changes.symmetric]
        # A key of no bytes is one that is left alone.
        head = RXFH.pack(SRSSH, 0, entries, len(key), function, symmetric, 0)
        if key and len(key) != key_bytes:
            raise OSError(errno.EINVAL, f"a key of {key_bytes} bytes")
        transport.ethtool(device, bytearray(head + table + key))
    for protocol, value in (changes.fields or {}).items():
        rss.flow_type(protocol)
        transport.ethtool(device, bytearray(FIELDS.pack(SRXFH, FLOWS[protocol], rss.input_bits(value))))
