"""A link as rtnetlink shows it (rtnl_fill_ifinfo, net/core/rtnetlink.c)."""

from __future__ import annotations

import errno
import struct

from engine.endpoint.attributes import Attribute, attribute, text, u8, u32
from engine.endpoint.card import Card
from engine.endpoint.policy import LONGEST, TYPE
from engine.endpoint.refusal import Refusal

IFINFO = struct.Struct("=BBHiII")
"""struct ifinfomsg: family, padding, type, index, flags, changed flags."""
ETHERNET = 1
"""ARPHRD_ETHER."""
UP, BROADCAST, RUNNING, MULTICAST, LOWER_UP = 1, 2, 0x40, 0x1000, 0x10000
OPERATIVE, NOT_OPERATIVE = 6, 2
"""IF_OPER_UP, IF_OPER_DOWN."""
HEADER_BYTES = 14
"""What a frame has before its payload: the MTU does not count it."""
SMALLEST, LARGEST = 68, 65_535
"""ETH_MIN_MTU, ETH_MAX_MTU: `min_mtu` and `max_mtu` of the interface."""
COUNTERS = 25
"""struct rtnl_link_stats64; struct rtnl_link_stats has the first 24, of 32 bits."""


def mtu_settings(given: Attribute) -> dict[str, object]:
    """What an MTU asks for. Raises Refusal (__dev_set_mtu, net/core/dev.c)."""
    if given.u32 < SMALLEST:
        raise Refusal(errno.EINVAL, "mtu less than device minimum")
    if given.u32 > LARGEST:
        raise Refusal(errno.EINVAL, "mtu greater than device maximum")
    return {"nic.max_frame_bytes": given.u32 + HEADER_BYTES}


def address(index: int) -> bytes:
    """A locally administered address."""
    return b"\x02rxb" + struct.pack(">H", index & 0xFFFF)


def text_policy(longest: int) -> bytes:
    """How the kernel describes a text that is too long: NL_ATTR_TYPE_STRING."""
    return u32(LONGEST, longest) + u32(TYPE, 11)


def stats(card: Card) -> list[int]:
    """struct rtnl_link_stats64, in order."""
    counted = card.counters
    length, header = counted.get("rx_length_errors", 0), counted.get("rx_header_errors", 0)
    dropped = sum(counted.get(name, 0) for name in ("rx_no_buffer_count", "rx_filtered", "rx_down"))
    values = [0] * COUNTERS
    values[0], values[2] = counted.get("rx_packets", 0), counted.get("rx_bytes", 0)
    values[4], values[6] = length + header, dropped
    values[10], values[13] = length, header
    values[15] = counted.get("rx_missed_errors", 0)
    return values


def described(card: Card, changed: int = 0) -> bytes:
    """The payload of RTM_NEWLINK, attributes in the kernel's order; what only senders have is left out."""
    nic = card.nic
    up = bool(nic["up"])
    flags = BROADCAST | MULTICAST | (UP | RUNNING | LOWER_UP if up else 0)
    counted = stats(card)
    ups = (card.carrier_changes + 1) // 2
    return b"".join(
        [
            IFINFO.pack(0, 0, ETHERNET, card.index, flags, changed),
            text(3, card.name),
            u8(16, OPERATIVE if up else NOT_OPERATIVE),
            u8(17, 0),  # IFLA_LINKMODE
            u32(4, nic["max_frame_bytes"] - HEADER_BYTES),
            u32(50, SMALLEST),
            u32(51, LARGEST),
            u32(27, 0),  # IFLA_GROUP
            u32(30, 0),  # IFLA_PROMISCUITY
            u32(61, 0),  # IFLA_ALLMULTI
            u32(32, card.limits.queues),
            u8(33, int(up)),
            u32(35, card.carrier_changes),
            u32(47, card.carrier_changes - ups),
            u32(48, ups),
            u8(39, 0),  # IFLA_PROTO_DOWN
            attribute(1, address(card.index)),
            attribute(2, b"\xff" * 6),
            attribute(23, struct.pack(f"={COUNTERS}Q", *counted)),
            attribute(7, struct.pack(f"={COUNTERS - 1}I", *(value & 0xFFFF_FFFF for value in counted[:-1]))),
            text(56, "rxbench"),
            text(57, "engine"),
        ]
    )
