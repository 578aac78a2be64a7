"""The engine as a router beside this machine's kernel: the same frames in, the same out, the same counts."""

import contextlib
import random
from dataclasses import replace

import pytest

from engine import Scenario
from engine.run import execute
from tests.system import engine_lro
from tests.system.router import LAST, NEXT_HOP_MAC, OUT_MAC, OWN, Router
from tests.system.segments import ACK, PSH, TIMESTAMP, Ip, Segment, checksum, in_ip, in_outer, train

pytestmark = pytest.mark.needs("namespaces")

MTU = 1280
"""The least that IPv6 has (RFC 8200 section 5)."""
SCENARIO = Scenario().with_(
    *engine_lro.SETTINGS,
    **{
        "duration_ns": 1_000_000_000,
        "host.addresses": list(OWN),
        "host.forwarding": {
            "enabled": True,
            "mtu_bytes": MTU,
            "source_mac": OUT_MAC,
            "next_hop_mac": NEXT_HOP_MAC,
        },
        "traffic.streams.0": {"capture": {"file": "frames"}},
    },
)
V4, V6 = Segment(payload=b"payload"), Segment(ip=Ip(version=6), payload=b"payload")
TUNNEL = Ip(source=8, destination=3, id=500, ttl=9)


def engine(frames, **settings):
    """What leaves, and the verdicts' counts."""
    done = execute(SCENARIO.with_(**settings), captured={"frames": engine_lro.capture([frames])})
    return engine_lro.frames_of(done.forwarded_capture()), done.stats


def kernel(frames, **settings):
    with contextlib.closing(Router(mtu=MTU, **settings)) as router:
        before = router.counted()
        left = router.run(frames)
        return left, {name: value - before[name] for name, value in router.counted().items()}


def edges():
    """Every hop count, length and checksum that a router looks at, and what it does not."""
    for first in (V4, V6):
        yield from (in_ip(first, ttl=ttl) for ttl in (0, 1, 2, 3, 64, 254, 255))
        yield from (in_ip(first, tos=tos) for tos in (1, 2, 3, 0xB8))
        headers = len(first.frame()) - len(first.payload) - 14
        yield from (replace(first, payload=bytes(MTU - headers + more)) for more in (-1, 0, 1, 2))
        yield replace(first, wrong_checksum=True)
        yield replace(first, padding=17)
        yield in_ip(first, length_added=1)
        yield in_ip(first, length_added=-1)
        yield replace(first, outer=TUNNEL)
        yield replace(first, outer=replace(TUNNEL, ttl=1))
        yield in_ip(first, destination=9, ttl=1)
        yield replace(first, header_added=4)
    yield in_ip(V4, wrong_checksum=True)
    yield in_ip(V4, fragment=0x2000)
    yield in_ip(V4, fragment=100, dont_fragment=False)
    yield in_outer(replace(V6, outer=TUNNEL), wrong_checksum=True)


def of_every_checksum():
    """Headers whose checksum is at the ends of its range, where its update has to carry."""
    for ttl in (2, 64, 255):
        base = in_ip(V4, ttl=ttl, id=0).frame()
        there = checksum(base[14:34][:10] + bytes(2) + base[26:34])
        for wanted in (0x0000, 0x0001, 0x00FF, 0xFE00, 0xFEFE, 0xFEFF, 0xFF00, 0xFF01, 0xFFFE):
            number = (there - wanted) % 0xFFFF
            yield in_ip(V4, ttl=ttl, id=number)


def drawn(count):
    """Anything."""
    draw = random.Random(7)
    for _ in range(count):
        first = draw.choice((V4, V6))
        size = draw.choice((0, 1, 20, 500, 1219, 1220, 1221, 1239, 1240, 1241))
        segment = in_ip(
            replace(first, payload=draw.randbytes(size), source_port=draw.randrange(1, 65536)),
            ttl=draw.choice((0, 1, 2, 64, 255)),
            tos=draw.randrange(256),
            id=draw.randrange(65536),
            source=draw.randrange(1, 8),
            destination=draw.choice((2, 3, 9)),
            wrong_checksum=draw.random() < 0.1,
        )
        yield (
            replace(segment, outer=replace(TUNNEL, ttl=draw.choice((1, 2, 64))))
            if draw.random() < 0.2
            else segment
        )


def test_the_same_frames_leave_with_the_same_bytes():
    frames = [segment.frame() for segment in (*edges(), *of_every_checksum(), *drawn(150))]
    ours, stats = engine(frames)
    theirs, counted = kernel(frames)
    assert [frame.hex() for frame in ours] == [frame.hex() for frame in theirs]
    dropped = stats["dropped"]
    refused = dropped["pkt_too_big"]
    assert refused == counted["IpFragFails"] + counted["Ip6FragFails"]
    # The kernel counts what it then finds too long as forwarded (ip_forward, ip6_forward).
    assert len(ours) + refused + len(LAST) == counted["IpForwDatagrams"] + counted["Ip6OutForwDatagrams"]
    errors = counted["IpInHdrErrors"] + counted["Ip6InHdrErrors"]
    assert dropped["ip_forward_ttl"] + dropped["ip_csum"] == errors > 20


def test_a_host_that_does_not_forward_drops():
    frames = [segment.frame() for segment in drawn(60)]
    ours, stats = engine(frames, **{"host.forwarding.enabled": False})
    theirs, counted = kernel(frames, forwards=False)
    assert ours == theirs == []
    assert stats["dropped"]["ip_inaddrerrors"] == counted["IpInAddrErrors"] + counted["Ip6InAddrErrors"]


@pytest.mark.parametrize("first", [V4, V6, replace(V4, options=TIMESTAMP)], ids=["ipv4", "ipv6", "stamped"])
def test_what_gro_merges_leaves_as_it_came(first):
    frames = [segment.frame() for segment in train(first, 40, 300)]
    frames.append(replace(train(first, 41, 300)[-1], flags=ACK | PSH).frame())
    ours, stats = engine(
        frames, **{"host.gro.enabled": True, "nic.coalesce": {"rx_usecs": 1000, "rx_max_coalesced_frames": 0}}
    )
    theirs, _ = kernel(frames, gro=True)
    assert [frame.hex() for frame in ours] == [frame.hex() for frame in theirs]
    assert len(ours) == 41
    assert stats["consumed"] > 30


def test_what_the_card_merges_does_not_leave():
    frames = [segment.frame() for segment in train(V4, 40, 300)]
    lro = {"nic.lro.enabled": True, "nic.lro.timer_us": 1000}
    ours, stats = engine(frames, **lro)
    assert len(ours) == stats["delivered"] == 40, "forwarding has turned LRO off"
    ours, stats = engine(frames, **lro, **{"host.forwarding.keep_lro": True})
    assert (ours, stats["dropped"]) == ([], {"lro_forward": 1})
    assert stats["consumed"] == 39
