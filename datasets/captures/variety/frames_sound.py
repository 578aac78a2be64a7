"""Frames that keep the rules: one of every kind, with payloads from the seed."""

from __future__ import annotations

import random
from collections.abc import Iterator

from scapy.contrib.igmp import IGMP
from scapy.contrib.igmpv3 import IGMPv3, IGMPv3gr, IGMPv3mr
from scapy.contrib.mpls import MPLS
from scapy.layers.inet import ICMP, IP, TCP, UDP, IPOption_RR, IPOption_Timestamp, fragment
from scapy.layers.inet6 import (
    ICMPv6DestUnreach,
    ICMPv6EchoRequest,
    ICMPv6MLReport2,
    ICMPv6ND_NS,
    ICMPv6PacketTooBig,
    ICMPv6TimeExceeded,
    IPv6,
    IPv6ExtHdrDestOpt,
    IPv6ExtHdrFragment,
    IPv6ExtHdrHopByHop,
    IPv6ExtHdrRouting,
    PadN,
    RouterAlert,
)
from scapy.layers.ipsec import AH, ESP
from scapy.layers.l2 import ARP, LLC, SNAP, STP, Dot1AD, Dot1Q, Dot3, Ether
from scapy.packet import Packet, Raw

MAC_A, MAC_B = "00:00:5e:00:53:02", "00:00:5e:00:53:01"
V4 = {"src": "198.51.100.7", "dst": "203.0.113.9"}
V6 = {"src": "2001:db8:1::7", "dst": "2001:db8:2::9"}
PORTS = {"sport": 40001, "dport": 5001}

Named = Iterator[tuple[str, Packet]]


def ethernet() -> Packet:
    """A header between the two documentation addresses."""
    return Ether(src=MAC_A, dst=MAC_B)


def link(rng: random.Random) -> Named:
    """Link layer: VLAN, QinQ, ARP, LLC, SNAP, spanning tree, an unknown EtherType."""
    udp = IP(**V4) / UDP(**PORTS) / Raw(rng.randbytes(18))
    yield "plain udp", ethernet() / udp
    yield "vlan", ethernet() / Dot1Q(vlan=100, prio=5) / udp
    yield "vlan priority tag", ethernet() / Dot1Q(vlan=0, prio=7) / udp
    yield "qinq 802.1ad", ethernet() / Dot1AD(vlan=200) / Dot1Q(vlan=100) / udp
    yield "qinq 0x8100 twice", ethernet() / Dot1Q(vlan=200) / Dot1Q(vlan=100) / udp
    yield "three vlan tags", ethernet() / Dot1AD(vlan=300) / Dot1Q(vlan=200) / Dot1Q(vlan=100) / udp
    yield (
        "arp request",
        Ether(src=MAC_A, dst="ff:ff:ff:ff:ff:ff") / ARP(hwsrc=MAC_A, psrc=V4["src"], pdst="198.51.100.1"),
    )
    yield "arp reply", ethernet() / ARP(op=2, hwsrc=MAC_A, psrc=V4["src"], hwdst=MAC_B, pdst="198.51.100.1")
    yield "arp in vlan", ethernet() / Dot1Q(vlan=7) / ARP(hwsrc=MAC_A, psrc=V4["src"], pdst="198.51.100.1")
    dot3 = Dot3(src=MAC_A, dst="01:80:c2:00:00:00")
    yield "llc spanning tree", dot3 / LLC(dsap=0x42, ssap=0x42, ctrl=3) / STP(rootmac=MAC_A, bridgemac=MAC_A)
    yield "llc snap ipv4", Dot3(src=MAC_A, dst=MAC_B) / LLC() / SNAP(code=0x0800) / udp
    yield "unknown ethertype", Ether(src=MAC_A, dst=MAC_B, type=0x88B5) / Raw(rng.randbytes(46))


def mpls(rng: random.Random) -> Named:
    """Label stacks of one to sixteen labels over both versions of IP, explicit nulls, an entropy label."""
    v4, v6 = IP(**V4) / TCP(**PORTS, flags="A"), IPv6(**V6) / UDP(**PORTS) / Raw(rng.randbytes(32))
    yield "mpls one label", ethernet() / MPLS(label=16, cos=3, s=1, ttl=64) / v4
    yield "mpls two labels", ethernet() / MPLS(label=17, s=0, ttl=64) / MPLS(label=18, s=1, ttl=63) / v4
    yield "mpls ipv6", ethernet() / MPLS(label=19, s=1, ttl=64) / v6
    yield "mpls explicit null", ethernet() / MPLS(label=0, s=1, ttl=64) / v4
    yield "mpls ipv6 explicit null", ethernet() / MPLS(label=2, s=1, ttl=64) / v6
    # RFC 6790 §4.2: the entropy label indicator is label 7.
    entropy = MPLS(label=7, s=0, ttl=64) / MPLS(label=rng.randrange(16, 2**20), s=1, ttl=0)
    yield "mpls entropy label", ethernet() / MPLS(label=20, s=0, ttl=64) / entropy / v4
    stack: Packet = ethernet()
    for number in range(16):
        stack = stack / MPLS(label=100 + number, s=int(number == 15), ttl=64)
    yield "mpls sixteen labels", stack / v4
    yield "mpls in vlan", ethernet() / Dot1Q(vlan=9) / MPLS(label=21, s=1, ttl=64) / v4


def ip4(rng: random.Random) -> Named:
    """IPv4: options, fragments, transports, ESP and AH, IGMP, ICMP and its errors."""
    yield (
        "tcp syn with options",
        ethernet()
        / IP(**V4)
        / TCP(
            **PORTS,
            flags="S",
            options=[("MSS", 1460), ("SAckOK", b""), ("Timestamp", (1, 0)), ("NOP", None), ("WScale", 7)],
        ),
    )
    yield (
        "tcp data",
        ethernet() / IP(**V4) / TCP(**PORTS, flags="PA", seq=1, ack=1) / Raw(rng.randbytes(1400)),
    )
    yield "tcp ecn", ethernet() / IP(**V4, tos=2) / TCP(**PORTS, flags="SEC")
    yield "udp no checksum", ethernet() / IP(**V4) / UDP(**PORTS, chksum=0) / Raw(rng.randbytes(30))
    options = [
        IPOption_RR(length=11, routers=["0.0.0.0", "0.0.0.0"]),
        IPOption_Timestamp(flg=0, length=8, timestamp=7),
    ]
    yield "ipv4 options", ethernet() / IP(**V4, options=options) / UDP(**PORTS) / Raw(rng.randbytes(20))
    whole = IP(**V4, id=77) / UDP(**PORTS) / Raw(rng.randbytes(3000))
    for number, piece in enumerate(fragment(whole, fragsize=1480)):
        yield f"ipv4 fragment {number}", ethernet() / piece
    yield "esp", ethernet() / IP(**V4) / ESP(spi=0x1001, seq=1, data=rng.randbytes(80))
    yield (
        "ah",
        ethernet()
        / IP(**V4)
        / AH(nh=17, payloadlen=4, spi=0x1002, seq=1, icv=rng.randbytes(12))
        / UDP(**PORTS),
    )
    yield (
        "igmp v2 report",
        ethernet() / IP(src=V4["src"], dst="233.252.0.1", ttl=1) / IGMP(type=0x16, gaddr="233.252.0.1"),
    )
    records = [
        IGMPv3gr(rtype=4, maddr="233.252.0.1"),
        IGMPv3gr(rtype=1, maddr="233.252.0.2", srcaddrs=["198.51.100.9"]),
    ]
    yield (
        "igmp v3 report",
        ethernet()
        / IP(src=V4["src"], dst="224.0.0.22", ttl=1)
        / IGMPv3(type=0x22)
        / IGMPv3mr(records=records),
    )
    yield "icmp echo", ethernet() / IP(**V4) / ICMP(id=1, seq=1) / Raw(rng.randbytes(56))
    quoted = IP(src=V4["dst"], dst=V4["src"]) / UDP(sport=5001, dport=40001)
    yield "icmp port unreachable", ethernet() / IP(**V4) / ICMP(type=3, code=3) / quoted
    yield "icmp fragmentation needed", ethernet() / IP(**V4) / ICMP(type=3, code=4, nexthopmtu=1400) / quoted
    yield "icmp time exceeded", ethernet() / IP(**V4) / ICMP(type=11) / quoted
    yield "unknown protocol", ethernet() / IP(**V4, proto=253) / Raw(rng.randbytes(24))


def ip6(rng: random.Random) -> Named:
    """IPv6: each extension header, a chain of them, fragments, ESP and AH, ICMPv6 and its errors."""
    base, udp = ethernet() / IPv6(**V6, tc=0x20, fl=0x12345), UDP(**PORTS) / Raw(rng.randbytes(24))
    alert = IPv6ExtHdrHopByHop(options=[RouterAlert()])
    routing = IPv6ExtHdrRouting(type=2, segleft=0, addresses=["2001:db8:3::1"])
    yield "ipv6 tcp", base / TCP(**PORTS, flags="PA", seq=5, ack=6) / Raw(rng.randbytes(600))
    yield "ipv6 hop by hop", base / alert / udp
    yield "ipv6 destination options", base / IPv6ExtHdrDestOpt(options=[PadN(optdata=bytes(4))]) / udp
    yield "ipv6 routing", base / routing / udp
    yield (
        "ipv6 chain",
        base / alert / IPv6ExtHdrDestOpt() / routing / IPv6ExtHdrFragment(id=5) / IPv6ExtHdrDestOpt() / udp,
    )
    yield "ipv6 fragment first", base / IPv6ExtHdrFragment(nh=17, id=9, m=1, offset=0) / Raw(bytes(udp)[:24])
    yield "ipv6 fragment last", base / IPv6ExtHdrFragment(nh=17, id=9, m=0, offset=3) / Raw(rng.randbytes(8))
    yield "ipv6 esp", base / ESP(spi=0x2001, seq=1, data=rng.randbytes(64))
    yield (
        "ipv6 ah",
        base / AH(nh=6, payloadlen=4, spi=0x2002, seq=1, icv=rng.randbytes(12)) / TCP(**PORTS, flags="A"),
    )
    yield "ipv6 no next header", ethernet() / IPv6(**V6, nh=59)
    yield "icmpv6 echo", base / ICMPv6EchoRequest(id=1, seq=1, data=rng.randbytes(32))
    yield (
        "icmpv6 neighbour solicitation",
        ethernet() / IPv6(**{**V6, "dst": "ff02::1:ff00:9"}, hlim=255) / ICMPv6ND_NS(tgt=V6["dst"]),
    )
    quoted = IPv6(src=V6["dst"], dst=V6["src"]) / UDP(sport=5001, dport=40001)
    yield "icmpv6 packet too big", base / ICMPv6PacketTooBig(mtu=1280) / quoted
    yield "icmpv6 unreachable", base / ICMPv6DestUnreach(code=4) / quoted
    yield "icmpv6 time exceeded", base / ICMPv6TimeExceeded() / quoted
    yield (
        "mld v2 report",
        ethernet() / IPv6(src="fe80::7", dst="ff02::16", hlim=1) / alert / ICMPv6MLReport2(records=[]),
    )


def tunnels(rng: random.Random) -> Named:
    """IP in IP in all four combinations, each with a transport inside; a tunnel in a tunnel."""
    inner4 = (
        IP(src="192.0.2.10", dst="192.0.2.20")
        / TCP(**PORTS, flags="PA", seq=1, ack=1)
        / Raw(rng.randbytes(40))
    )
    inner6 = IPv6(src="2001:db8:a::1", dst="2001:db8:b::1") / UDP(**PORTS) / Raw(rng.randbytes(40))
    yield "ipv4 in ipv4", ethernet() / IP(**V4) / inner4
    yield "ipv6 in ipv4", ethernet() / IP(**V4) / inner6
    yield "ipv4 in ipv6", ethernet() / IPv6(**V6) / inner4
    yield "ipv6 in ipv6", ethernet() / IPv6(**V6) / inner6
    yield "ipv4 in ipv6 in ipv4", ethernet() / IP(**V4) / IPv6(**V6) / inner4
    yield (
        "ipv4 in ipv4 in mpls in vlan",
        ethernet() / Dot1Q(vlan=5) / MPLS(label=30, s=1, ttl=9) / IP(**V4) / inner4,
    )


def frames(rng: random.Random) -> Named:
    """All of them, link layer first."""
    for kind in (link, mpls, ip4, ip6, tunnels):
        yield from kind(rng)
