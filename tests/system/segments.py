"""TCP segments with everything around them, to be varied field by field."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace

FIN, SYN, RST, PSH, ACK, URG, ECE, CWR, AE = (1 << bit for bit in range(9))
TCP, IPV4, IPV6, HOP_BY_HOP, ROUTING, FRAGMENT, DESTINATION = 6, 4, 41, 0, 43, 44, 60
SOURCE_MAC, DESTINATION_MAC = bytes.fromhex("02000000000102000000000a")[6:], bytes.fromhex("020000000001")
TIMESTAMP = bytes.fromhex("0101080a0000000700000009")


def checksum(data: bytes) -> int:
    """RFC 1071, complemented."""
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return 0xFFFF ^ total


@dataclass(frozen=True)
class Ip:
    """An IP header of either version."""

    version: int = 4
    source: int = 1
    """Last byte of the address."""
    destination: int = 2
    tos: int = 0
    ttl: int = 64
    id: int = 1
    dont_fragment: bool = True
    fragment: int = 0
    """Reserved flag (0x8000), more fragments (0x2000), offset."""
    options: bytes = b""
    label: int = 0
    extensions: tuple[tuple[int, bytes], ...] = ()
    """Type and content of each, without its next header."""
    length_added: int = 0
    """A lie in the length."""
    wrong_checksum: bool = False

    def addresses(self) -> bytes:
        if self.version == 4:
            return socket.inet_aton(f"192.0.2.{self.source}") + socket.inet_aton(
                f"192.0.2.{self.destination}"
            )
        network = bytes.fromhex("20010db8") + bytes(11)
        return network + bytes([self.source]) + network + bytes([self.destination])

    def around(self, protocol: int, payload: bytes) -> bytes:
        """The packet."""
        if self.version == 6:
            behind = payload
            for kind, content in reversed(self.extensions):
                behind, protocol = bytes([protocol]) + content + behind, kind
            first = 6 << 28 | self.tos << 20 | self.label
            return (
                struct.pack("!IHBB", first, (len(behind) + self.length_added) % 65536, protocol, self.ttl)
                + self.addresses()
                + behind
            )
        header_bytes = 20 + len(self.options)
        header = bytearray(
            struct.pack(
                "!BBHHHBBH",
                0x40 | header_bytes // 4,
                self.tos,
                (header_bytes + len(payload) + self.length_added) % 65536,
                self.id % 65536,
                self.dont_fragment << 14 | self.fragment,
                self.ttl,
                protocol,
                0,
            )
            + self.addresses()
            + self.options
        )
        header[10:12] = struct.pack("!H", checksum(bytes(header)) ^ self.wrong_checksum)
        return bytes(header) + payload


@dataclass(frozen=True)
class Segment:
    """A frame with a TCP segment in it."""

    source_mac: bytes = SOURCE_MAC
    ip: Ip = Ip()
    outer: Ip | None = None
    source_port: int = 40_000
    destination_port: int = 80
    sequence: int = 1000
    ack: int = 5
    flags: int = ACK
    reserved: int = 0
    window: int = 100
    urgent: int = 0
    options: bytes = b""
    header_added: int = 0
    """A lie in the data offset, in words."""
    payload: bytes = b""
    wrong_checksum: bool = False
    padding: int = 0

    def frame(self) -> bytes:
        words = 5 + len(self.options) // 4 + self.header_added
        header = struct.pack(
            "!HHIIHHHH",
            self.source_port,
            self.destination_port,
            self.sequence % (1 << 32),
            self.ack,
            words << 12 | self.reserved << 9 | self.flags,
            self.window,
            0,
            self.urgent,
        )
        segment = header + self.options + self.payload
        pseudo = self.ip.addresses() + struct.pack("!II", len(segment), TCP)
        right = checksum(pseudo + segment) ^ self.wrong_checksum
        segment = segment[:16] + struct.pack("!H", right) + segment[18:]
        packet, version = self.ip.around(TCP, segment), self.ip.version
        if self.outer is not None:
            packet = self.outer.around(IPV4 if version == 4 else IPV6, packet)
            version = self.outer.version
        ethertype = b"\x08\x00" if version == 4 else b"\x86\xdd"
        return DESTINATION_MAC + self.source_mac + ethertype + packet + bytes(self.padding)


def in_ip(segment: Segment, **changes: object) -> Segment:
    """The segment with another inner IP header."""
    return replace(segment, ip=replace(segment.ip, **changes))  # type: ignore[arg-type]


def in_outer(segment: Segment, **changes: object) -> Segment:
    """The segment with another outer IP header."""
    assert segment.outer is not None
    return replace(segment, outer=replace(segment.outer, **changes))  # type: ignore[arg-type]


def train(first: Segment, count: int, size: int = 100) -> list[Segment]:
    """Segments as one sender sends them: each begins where the one before ends, identifications count up."""
    return list(_train(first, count, size))


def _train(first: Segment, count: int, size: int) -> Iterator[Segment]:
    for number in range(count):
        segment = in_ip(first, id=first.ip.id + number)
        if first.outer is not None:
            segment = in_outer(segment, id=first.outer.id + number)
        payload = bytes((number + at) % 251 for at in range(size))
        yield replace(segment, sequence=first.sequence + size * number, payload=payload)
