"""Frames that break the rules, each in one way, made from sound ones by changing bytes."""

from __future__ import annotations

import random
from collections.abc import Iterator

from frames_sound import PORTS, V4, V6, ethernet
from scapy.contrib.mpls import MPLS
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.inet6 import IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment
from scapy.packet import Packet, Raw

ETHERNET_LEN = 14


def patched(frame: Packet, changes: dict[int, int]) -> bytes:
    """The frame's bytes with some replaced: offset from the start of the IP header → value."""
    data = bytearray(bytes(frame))
    for offset, value in changes.items():
        data[ETHERNET_LEN + offset] = value
    return bytes(data)


def frames(rng: random.Random) -> Iterator[tuple[str, bytes]]:
    """Cut, lying and contradictory frames."""
    udp = ethernet() / IP(**V4) / UDP(**PORTS) / Raw(rng.randbytes(40))
    tcp = ethernet() / IP(**V4) / TCP(**PORTS, flags="A") / Raw(rng.randbytes(40))
    udp6 = ethernet() / IPv6(**V6) / UDP(**PORTS) / Raw(rng.randbytes(40))
    yield "cut in ethernet", bytes(udp)[:10]
    yield "ethernet only", bytes(udp)[:ETHERNET_LEN]
    yield "cut in ipv4", bytes(udp)[: ETHERNET_LEN + 12]
    yield "cut in udp", bytes(udp)[: ETHERNET_LEN + 24]
    yield "cut in tcp", bytes(tcp)[: ETHERNET_LEN + 30]
    yield "cut in ipv6", bytes(udp6)[: ETHERNET_LEN + 20]
    yield "cut in mpls", bytes(ethernet() / MPLS(label=16, s=0, ttl=9))
    yield "ipv4 version 7", patched(udp, {0: 0x75})
    yield "ipv4 header length 4", patched(udp, {0: 0x44})
    yield "ipv4 header length past the end", patched(ethernet() / IP(**V4), {0: 0x4F})
    yield "ipv4 total length too long", patched(udp, {2: 0xFF, 3: 0xFF})
    yield "ipv4 total length below header", patched(udp, {2: 0, 3: 10})
    yield "ipv4 wrong checksum", patched(udp, {10: 0xDE, 11: 0xAD})
    yield (
        "ipv4 fragment past 65535",
        bytes(ethernet() / IP(**V4, proto=17, frag=0x1FFF) / Raw(rng.randbytes(64))),
    )
    yield (
        "ipv4 fragment of odd length",
        bytes(ethernet() / IP(**V4, proto=17, flags="MF") / Raw(rng.randbytes(61))),
    )
    yield "ipv4 option overruns", patched(ethernet() / IP(**V4, options=[Raw(b"\x07\x04\x04\x00")]), {21: 40})
    yield "udp length too long", patched(udp, {24: 0xFF, 25: 0xFF})
    yield "udp length below header", patched(udp, {24: 0, 25: 7})
    yield "udp wrong checksum", patched(udp, {26: 0xDE, 27: 0xAD})
    yield "tcp data offset 4", patched(tcp, {32: 0x40})
    yield "tcp data offset past the end", patched(ethernet() / IP(**V4) / TCP(**PORTS), {32: 0xF0})
    yield "tcp syn and fin", patched(tcp, {33: 0x03})
    yield (
        "tcp option length zero",
        bytes(ethernet() / IP(**V4) / TCP(**PORTS, options=[(254, b"ab")]))[:-3] + b"\0\0\0",
    )
    yield "ipv6 payload too long", patched(udp6, {4: 0xFF, 5: 0xFF})
    yield "ipv6 version 4", patched(udp6, {0: 0x45})
    overrun = ethernet() / IPv6(**V6) / IPv6ExtHdrDestOpt() / UDP(**PORTS)
    yield "ipv6 extension overruns", patched(overrun, {41: 0xFF})
    bomb: Packet = ethernet() / IPv6(**V6)
    for _ in range(12):
        bomb = bomb / IPv6ExtHdrDestOpt()
    yield "ipv6 twelve extensions", bytes(bomb / UDP(**PORTS))
    yield "ipv6 hop by hop not first", patched(overrun, {40: 0})
    yield "ipv6 cut fragment header", bytes(ethernet() / IPv6(**V6) / IPv6ExtHdrFragment(nh=17))[:-4]
    stack: Packet = ethernet()
    for number in range(20):
        stack = stack / MPLS(label=50 + number, s=int(number == 19), ttl=9)
    yield "mpls twenty labels", bytes(stack / IP(**V4) / UDP(**PORTS))
    yield "mpls no bottom", bytes(ethernet() / MPLS(label=60, s=0, ttl=9) / Raw(bytes(40)))
    yield "mpls reserved label", bytes(ethernet() / MPLS(label=5, s=1, ttl=9) / IP(**V4))
    yield "mpls ttl zero", bytes(ethernet() / MPLS(label=61, s=1, ttl=0) / IP(**V4) / UDP(**PORTS))
    yield "802.3 length too long", bytes(udp)[:12] + b"\x05\xdc" + bytes(40)
    yield "random after ethernet", bytes(ethernet())[:12] + b"\x08\x00" + rng.randbytes(50)
