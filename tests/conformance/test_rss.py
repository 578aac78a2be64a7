"""RSS as published: scapy makes the frames, a definition written here says what they must hash to."""

import io
import ipaddress
import json
import random

import pytest
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.inet6 import IPv6, IPv6ExtHdrFragment
from scapy.layers.l2 import Dot1Q, Ether
from scapy.utils import PcapWriter

from engine import _core
from engine.config.rss import MICROSOFT_KEY


def bitwise(key, data):
    """The definition: the key shifted along, exclusive-ored wherever the data has a 1."""
    window, bits = int.from_bytes(key[:4], "big"), int.from_bytes(key[4:], "big")
    left, result = 8 * (len(key) - 4), 0
    for byte in data:
        for bit in range(7, -1, -1):
            if byte >> bit & 1:
                result ^= window
            left -= 1
            window = (window << 1 | bits >> left & 1) & 0xFFFFFFFF
    return result


def tuples(source, destination, sport, dport):
    addresses = ipaddress.ip_address(source).packed + ipaddress.ip_address(destination).packed
    return addresses, addresses + sport.to_bytes(2, "big") + dport.to_bytes(2, "big")


def dissect(frames, key, queues):
    buffer = io.BytesIO()
    writer = PcapWriter(buffer, linktype=1, sync=True)
    for frame in frames:
        writer.write(frame)
    return [json.loads(text) for text in _core.dissect(buffer.getvalue(), key, queues)][:-1]


PUBLISHED = [
    ("66.9.149.187", "161.142.100.80", 2794, 1766, 0x323E8FC2, 0x51CCC178),
    ("199.92.111.2", "65.69.140.83", 14230, 4739, 0xD718262A, 0xC626B0EA),
    ("24.19.198.95", "12.22.207.184", 12898, 38024, 0xD2D0A5DE, 0x5C2B394A),
    ("38.27.205.30", "209.142.163.6", 48228, 2217, 0x82989176, 0xAFC7327F),
    ("153.39.163.191", "202.188.127.2", 44251, 1303, 0x5D1809C5, 0x10E828A2),
    ("3ffe:2501:200:1fff::7", "3ffe:2501:200:3::1", 2794, 1766, 0x2CC18CD5, 0x40207D3D),
    ("3ffe:501:8::260:97ff:fe40:efab", "ff02::1", 14230, 4739, 0x0F0C461C, 0xDDE51BBF),
    ("3ffe:1900:4545:3:200:f8ff:fe21:67cf", "fe80::200:f8ff:fe21:67cf", 44251, 38024, 0x4B61E985, 0x02D1FEEF),
]


def frame(source, destination, sport, dport, layer4=TCP, tags=0):
    layer3 = IPv6(src=source, dst=destination) if ":" in source else IP(src=source, dst=destination)
    shell = Ether(src="00:00:5e:00:53:02", dst="00:00:5e:00:53:01")
    for _ in range(tags):
        shell = shell / Dot1Q(vlan=7)
    return shell / layer3 / layer4(sport=sport, dport=dport) / bytes(20)


@pytest.mark.parametrize("layer4", [TCP, UDP])
def test_microsoft_s_vectors(layer4):
    found = dissect([frame(*row[:4], layer4) for row in PUBLISHED], MICROSOFT_KEY, 8)
    for (source, destination, sport, dport, hash2, hash4), line in zip(PUBLISHED, found, strict=True):
        assert (line["rss"]["hash2"], line["rss"]["hash4"]) == (hash2, hash4)
        assert bitwise(bytes.fromhex(MICROSOFT_KEY), tuples(source, destination, sport, dport)[1]) == hash4


@pytest.mark.parametrize("queues", [1, 2, 3, 5, 8, 16, 128])
def test_random_keys_and_frames(queues):
    choose = random.Random(queues)
    key = choose.randbytes(40)
    cases = []
    for i in range(200):
        version = ipaddress.IPv4Address if i % 2 else ipaddress.IPv6Address
        pair = [str(version(choose.randbytes(4 if i % 2 else 16))) for _ in range(2)]
        cases.append((*pair, choose.randrange(1, 65536), choose.randrange(1, 65536)))
    found = dissect(
        [frame(*case, choose.choice([TCP, UDP]), choose.randrange(3)) for case in cases], key.hex(), queues
    )
    for case, line in zip(cases, found, strict=True):
        two, four = (bitwise(key, data) for data in tuples(*case))
        assert (line["rss"]["hash2"], line["rss"]["hash4"]) == (two, four), case
        # The low 7 bits choose an entry of 128, filled with the queues in turn (ethtool -X equal).
        assert line["rss"]["queue"] == four % 128 % queues


def test_fragments_hash_addresses_alone():
    first = Ether() / IP(src="192.0.2.7", dst="198.51.100.9", flags="MF") / UDP(sport=5, dport=6) / bytes(24)
    later = Ether() / IP(src="192.0.2.7", dst="198.51.100.9", frag=4) / bytes(40)
    six = Ether() / IPv6(src="2001:db8::1", dst="2001:db8::2") / IPv6ExtHdrFragment(m=1) / UDP() / bytes(24)
    key = bytes.fromhex(MICROSOFT_KEY)
    lines = dissect([first, later, six], MICROSOFT_KEY, 8)
    for line, ends in zip(
        lines, [("192.0.2.7", "198.51.100.9")] * 2 + [("2001:db8::1", "2001:db8::2")], strict=True
    ):
        two = bitwise(key, tuples(*ends, 0, 0)[0])
        assert line["rss"]["hash2"] == two
        assert "hash4" not in line["rss"] or line["rss"]["hash4"] is None
        assert line["rss"]["queue"] == two % 128 % 8


@pytest.mark.parametrize(
    ("key", "queues"), [("", 8), ("zz" * 40, 8), ("6d" * 39, 8), (MICROSOFT_KEY, 0), (MICROSOFT_KEY, 129)]
)
def test_bad_keys_and_queues_are_told(key, queues):
    with pytest.raises(ValueError, match=r".+"):
        list(dissect([frame(*PUBLISHED[0][:4])], key, queues))
