"""What every request of the ethtool family begins with: whom it is for.

Documentation/networking/ethtool-netlink.rst.
"""

from __future__ import annotations

from typing import Any

from pyroute2.netlink import nla

from engine.control.netlink.attributes import attribute_map

FAMILY = "ethtool"
MONITOR = "monitor"
"""The multicast group changes are told to."""
COMPACT_BITSETS = 1


class Header(nla):  # type: ignore[misc] # pyroute2 is untyped
    """ETHTOOL_A_HEADER_*."""

    prefix = "ETHTOOL_A_HEADER_"
    nla_flags = 0x8000  # NLA_F_NESTED
    nla_map = attribute_map(
        prefix,
        ("UNSPEC", "none"),
        ("DEV_INDEX", "uint32"),
        ("DEV_NAME", "asciiz"),
        ("FLAGS", "uint32"),
        ("PHY_INDEX", "uint32"),
    )


def addressed(device: str | int, flags: int = 0) -> dict[str, Any]:
    """The header of a request, by the interface's name or its index."""
    whom = ("ETHTOOL_A_HEADER_DEV_NAME", device)
    if isinstance(device, int):
        whom = ("ETHTOOL_A_HEADER_DEV_INDEX", device)
    return {"attrs": [whom, *([("ETHTOOL_A_HEADER_FLAGS", flags)] if flags else [])]}
