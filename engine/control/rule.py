"""Explicit steering rules (ethtool -n, -N flow-type): the structures of linux/ethtool.h.

Linux has no netlink message for them: they go by the SIOCETHTOOL ioctl, as struct ethtool_rxnfc.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, fields
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Literal, get_args

Protocol = Literal["tcp4", "udp4", "ip4", "tcp6", "udp6", "ip6"]
NUMBERS: dict[Protocol, int] = {"tcp4": 1, "udp4": 2, "tcp6": 5, "udp6": 6, "ip4": 0xD, "ip6": 0xE}
"""TCP_V4_FLOW ... IPV6_USER_FLOW."""
EXTENDED, RSS_CONTEXT = 0x8000_0000, 0x2000_0000
"""FLOW_EXT: the VLAN of the extension counts; FLOW_RSS: the rule leads to an RSS context."""
ANY_LOCATION, LAST_LOCATION = 0xFFFF_FFFF, 0xFFFF_FFFD
"""RX_CLS_LOC_ANY, RX_CLS_LOC_LAST: the driver chooses."""
SPECIAL_LOCATION = 0x8000_0000
"""RX_CLS_LOC_SPECIAL, in the answer to GRXCLSRLCNT: the driver chooses places by itself."""
DISCARD = 0xFFFF_FFFF_FFFF_FFFF
"""RX_CLS_FLOW_DISC, instead of a queue."""
UNION_BYTES, EXTENSION_BYTES = 52, 20
SPEC = struct.Struct("=I52s20s52s20s4xQI4x")
"""struct ethtool_rx_flow_spec: 168 bytes."""
RXNFC = struct.Struct("=IIQ168sI4x")
"""struct ethtool_rxnfc: 192 bytes, then the places."""
PLACES_AT = 188
"""Offset of rule_locs, within the structure's own padding."""
VLAN = struct.Struct(">2x6xHH8x")


@dataclass(frozen=True, slots=True)
class Rule:
    """What singles frames out, and where they go. What is None matches anything.

    Raises ValueError for a rule that cannot be: names the field, the value and what is allowed.
    """

    protocol: Protocol
    queue: int | None = None
    """Queue, or None: dropped by the interface."""
    source: str | None = None
    """An address or a network: 10.0.0.1, 10.0.0.0/8."""
    destination: str | None = None
    source_port: int | None = None
    destination_port: int | None = None
    source_port_mask: int = 0xFFFF
    """Bits of the port that count."""
    destination_port_mask: int = 0xFFFF
    vlan: int | None = None
    """Identifier of the outermost tag."""
    context: int = 0
    """RSS context the frames are spread by, instead of a queue; 0: none."""
    location: int | None = None
    """Place in the table; a lower one ranks higher. None: the interface chooses."""

    def __post_init__(self) -> None:
        if self.protocol not in NUMBERS:
            raise ValueError(f"protocol = {self.protocol}: allowed is {', '.join(get_args(Protocol))}")
        version = 4 if self.protocol.endswith("4") else 6
        for name in ("source", "destination"):
            text = getattr(self, name)
            try:
                found = None if text is None else ip_network(text).version
            except ValueError as cause:
                raise ValueError(f"{name} = {text}: allowed is an address or a network ({cause})") from None
            if found not in (None, version):
                raise ValueError(f"{name} = {text}: allowed is IPv{version}, as {self.protocol} says")
        limits = {
            "source_port": 0xFFFF,
            "destination_port": 0xFFFF,
            "source_port_mask": 0xFFFF,
            "destination_port_mask": 0xFFFF,
            "vlan": 4094,
            "queue": 0xFFFF_FFFF,
            "context": 0xFFFF_FFFF,
            "location": 0xFFFF_FFFF,
        }
        for name, most in limits.items():
            value = getattr(self, name)
            if value is not None and not 0 <= value <= most:
                raise ValueError(f"{name} = {value}: allowed is 0 to {most}")
            if value is not None and name.endswith("_port") and self.protocol.startswith("ip"):
                raise ValueError(f"{name} = {value}: allowed with TCP and UDP, not with {self.protocol}")

    def __str__(self) -> str:
        given = {each.name: getattr(self, each.name) for each in fields(self)[1:]}
        said = [f"{name}={value}" for name, value in given.items() if value not in (None, 0, 0xFFFF)]
        goes = f"queue={self.queue}" if self.queue is not None else "drop"
        where = [] if self.context else [goes]
        return " ".join([self.protocol, *(part for part in said if not part.startswith("queue=")), *where])

    def spec(self) -> bytes:
        """struct ethtool_rx_flow_spec."""
        kind = NUMBERS[self.protocol]
        value, mask = self._union()
        extension = extension_mask = b""
        if self.vlan is not None:
            kind |= EXTENDED
            extension, extension_mask = VLAN.pack(0, self.vlan), VLAN.pack(0, 0x0FFF)
        if self.context:
            kind |= RSS_CONTEXT
        nowhere = 0 if self.context else DISCARD
        cookie = nowhere if self.queue is None else self.queue
        place = ANY_LOCATION if self.location is None else self.location
        return SPEC.pack(kind, value, extension, mask, extension_mask, cookie, place)

    def _union(self) -> tuple[bytes, bytes]:
        """struct ethtool_tcpip4_spec, _usrip4_spec, _tcpip6_spec or _usrip6_spec, and its mask."""
        (source, source_mask), (destination, destination_mask) = (
            _address(text, self.protocol) for text in (self.source, self.destination)
        )
        ports, port_masks = _ports(self)
        tail = tail_mask = b""
        if self.protocol == "ip4":  # ports as four bytes, tos, then ip_ver = ETH_RX_NFC_IP4
            tail = b"\0\1"
        return source + destination + ports + tail, source_mask + destination_mask + port_masks + tail_mask

    @classmethod
    def of(cls, spec: bytes, context: int = 0) -> Rule:
        """From struct ethtool_rx_flow_spec. Raises ValueError for a kind of rule that has no name here."""
        kind, value, extension, mask, extension_mask, cookie, place = SPEC.unpack(spec)
        protocol = next((name for name, n in NUMBERS.items() if n == kind & 0xFF), None)
        if protocol is None:
            raise ValueError(f"flow type 0x{kind:x}: known are {', '.join(NUMBERS)}")
        size = 4 if protocol.endswith("4") else 16
        sport, dport = struct.unpack_from(">HH", value, 2 * size)
        sport_mask, dport_mask = struct.unpack_from(">HH", mask, 2 * size)
        tagged = kind & EXTENDED and VLAN.unpack(extension_mask)[1]
        # With a context the queue is added to what its table says.
        nowhere = cookie == DISCARD or (kind & RSS_CONTEXT and not cookie)
        return cls(
            protocol,
            None if nowhere else cookie & 0xFFFF_FFFF,
            _network(value[:size], mask[:size]),
            _network(value[size : 2 * size], mask[size : 2 * size]),
            sport if sport_mask else None,
            dport if dport_mask else None,
            sport_mask or 0xFFFF,
            dport_mask or 0xFFFF,
            VLAN.unpack(extension)[1] & 0x0FFF if tagged else None,
            context if kind & RSS_CONTEXT else 0,
            place,
        )


def _address(text: str | None, protocol: str) -> tuple[bytes, bytes]:
    if text is None:
        nothing = bytes(4 if protocol.endswith("4") else 16)
        return nothing, nothing
    network: IPv4Network | IPv6Network = ip_network(text)
    return network.network_address.packed, network.netmask.packed


def _network(address: bytes, mask: bytes) -> str | None:
    if not any(mask):
        return None
    network: IPv4Address | IPv6Address = ip_address(address)
    length = sum(byte.bit_count() for byte in mask)
    return str(network) if length == 8 * len(mask) else f"{network}/{length}"


def _ports(rule: Rule) -> tuple[bytes, bytes]:
    values, masks = [], []
    for port, mask in (
        (rule.source_port, rule.source_port_mask),
        (rule.destination_port, rule.destination_port_mask),
    ):
        values.append(port or 0)
        masks.append(0 if port is None else mask)
    return struct.pack(">HH", *values), struct.pack(">HH", *masks)
