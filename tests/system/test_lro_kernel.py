"""The engine's LRO beside this machine's GRO: the same frames in, the same frames out, in the same order.

Left to the kernel alone is the TCP checksum of a merged frame: it leaves the pseudo-header's sum there, the
engine writes the whole one, which is checked by itself. VLAN tags are not asked about: kernels built without
them merge no tagged frames.
"""

import random
from dataclasses import replace

import pytest

from tests.system import engine_lro
from tests.system.kernel_gro import POLL_FRAMES, KernelGro, headers_at, payload_bytes, segments_in
from tests.system.segments import (
    ACK,
    AE,
    CWR,
    DESTINATION,
    ECE,
    FIN,
    FRAGMENT,
    HOP_BY_HOP,
    PSH,
    ROUTING,
    RST,
    SYN,
    TIMESTAMP,
    URG,
    Ip,
    Segment,
    checksum,
    in_ip,
    in_outer,
    train,
)

pytestmark = pytest.mark.needs("tap", "namespaces", "realtime")

PADDING = b"\x01\x04" + bytes(4)
OTHER_PADDING = b"\x1e\x04" + bytes(3) + b"\x01"
OTHER_MAC = bytes.fromhex("020000000003")

V4, V6 = Ip(), Ip(version=6)
TUNNEL4, TUNNEL6 = Ip(source=8, destination=9, id=500, ttl=9), Ip(version=6, source=8, destination=9)

FORMS = {
    "ipv4": Segment(),
    "ipv4 stamped": Segment(options=TIMESTAMP),
    "ipv6": Segment(ip=V6),
    "ipv6 hop by hop": Segment(
        ip=replace(V6, extensions=((HOP_BY_HOP, b"\0" + PADDING),)), options=TIMESTAMP
    ),
    "ipv6 destination, routing": Segment(
        ip=replace(V6, extensions=((DESTINATION, b"\0" + PADDING), (ROUTING, b"\0\x04" + bytes(5))))
    ),
    "4 in 4": Segment(outer=TUNNEL4),
    "6 in 4": Segment(ip=V6, outer=TUNNEL4),
    "4 in 6": Segment(outer=TUNNEL6),
    "6 in 6": Segment(ip=V6, outer=TUNNEL6),
}

# What a segment may have other than the ones before it, by name.
CHANGES = {
    "nothing": lambda s: s,
    "link address": lambda s: replace(s, source_mac=OTHER_MAC),
    "address": lambda s: in_ip(s, source=3),
    "port": lambda s: replace(s, source_port=s.source_port + 1),
    "dscp": lambda s: in_ip(s, tos=0xB8),
    "ecn": lambda s: in_ip(s, tos=1),
    "ttl": lambda s: in_ip(s, ttl=63),
    "window": lambda s: replace(s, window=101),
    "ack": lambda s: replace(s, ack=6),
    "gap": lambda s: replace(s, sequence=s.sequence + 100_000),
    "repeat": lambda s: replace(s, sequence=s.sequence - 100),
    "overlap": lambda s: replace(s, sequence=s.sequence - 1),
    "shorter": lambda s: replace(s, payload=s.payload[:-1]),
    "longer": lambda s: replace(s, payload=s.payload + b"x"),
    "empty": lambda s: replace(s, payload=b""),
    "one byte": lambda s: replace(s, payload=b"x"),
    "psh": lambda s: replace(s, flags=ACK | PSH),
    "fin": lambda s: replace(s, flags=ACK | FIN),
    "syn": lambda s: replace(s, flags=ACK | SYN),
    "rst": lambda s: replace(s, flags=ACK | RST),
    "urg": lambda s: replace(s, flags=ACK | URG, urgent=1),
    "urgent pointer without urg": lambda s: replace(s, urgent=7),
    "ece": lambda s: replace(s, flags=ACK | ECE),
    "cwr": lambda s: replace(s, flags=ACK | CWR),
    "ae": lambda s: replace(s, flags=ACK | AE),
    "no flags": lambda s: replace(s, flags=0),
    "reserved bit": lambda s: replace(s, reserved=4),
    "options": lambda s: replace(s, options=bytes.fromhex("0101080a0000000800000009")),
    "other length of options": lambda s: replace(s, options=s.options + b"\x01\x01\x01\x01"),
    "malformed option": lambda s: replace(s, options=b"\x02\x00\x00\x00"),
    "tcp checksum": lambda s: replace(s, wrong_checksum=True),
    "short data offset": lambda s: replace(s, header_added=-1 - len(s.options) // 4),
    "data offset behind the end": lambda s: replace(s, payload=s.payload[:4], header_added=7),
    "data offset into the payload": lambda s: replace(s, header_added=1),
    "padding": lambda s: replace(s, padding=4),
    "length beyond the frame": lambda s: in_ip(s, length_added=4),
    "length below the frame": lambda s: in_ip(s, length_added=-4),
    "length of a header": lambda s: in_ip(s, length_added=-110),
    "protocol": lambda s: in_ip(s, extensions=((FRAGMENT, bytes(7)),)) if s.ip.version == 6 else s,
}
CHANGES_V4 = {
    "same id": lambda s: in_ip(s, id=1),
    "other id": lambda s: in_ip(s, id=s.ip.id + 7),
    "dont fragment": lambda s: in_ip(s, dont_fragment=False),
    "reserved flag": lambda s: in_ip(s, fragment=0x8000),
    "more fragments": lambda s: in_ip(s, fragment=0x2000),
    "fragment": lambda s: in_ip(s, fragment=0x0010),
    "ip options": lambda s: in_ip(s, options=b"\x01\x01\x01\x00"),
    "header checksum": lambda s: in_ip(s, wrong_checksum=True),
}
CHANGES_V6 = {
    "flow label": lambda s: in_ip(s, label=1),
    "more extensions": lambda s: in_ip(s, extensions=(*s.ip.extensions, (DESTINATION, b"\0" + PADDING))),
    "other extension": lambda s: in_ip(s, extensions=((DESTINATION, b"\0" + OTHER_PADDING),)),
}
CHANGES_OUTER = {
    "outer address": lambda s: in_outer(s, source=3),
    "outer tos": lambda s: in_outer(s, tos=2),
    "outer ttl": lambda s: in_outer(s, ttl=8),
    "outer length": lambda s: in_outer(s, length_added=-4),
}
CHANGES_OUTER_V4 = {
    "same outer id": lambda s: in_outer(s, id=500),
    "other outer id": lambda s: in_outer(s, id=s.outer.id + 7),
    "outer dont fragment": lambda s: in_outer(s, dont_fragment=False),
    "outer header checksum": lambda s: in_outer(s, wrong_checksum=True),
}


def changes_of(form: Segment) -> dict:
    found = {**CHANGES, **(CHANGES_V4 if form.ip.version == 4 else CHANGES_V6)}
    if form.outer is not None:
        found |= CHANGES_OUTER | (CHANGES_OUTER_V4 if form.outer.version == 4 else {})
    return found


@pytest.fixture(scope="module")
def kernel():
    gro = KernelGro()
    yield gro
    gro.close()


def without_checksum(merged):
    frame, gso_bytes = merged
    if gso_bytes == 0:
        return merged
    at = headers_at(frame)[1] + 16
    return frame[:at] + b"\0\0" + frame[at + 2 :], gso_bytes


def described(outcome) -> list:
    return [(len(frame), gso_bytes) for frame, gso_bytes in outcome]


def assert_same(kernel, cases):
    scripts = {name: [segment.frame() for segment in segments] for name, segments in cases.items()}
    outcomes = engine_lro.run(list(scripts.values()), *engine_lro.AS_LINUX)
    for (name, frames), got in zip(scripts.items(), outcomes, strict=True):
        expected = kernel.run(frames)
        assert described(got) == described(expected), name
        assert [without_checksum(one) for one in got] == [without_checksum(one) for one in expected], name
        for frame, gso_bytes in got:
            if gso_bytes:
                assert_right_checksum(frame)


def assert_right_checksum(frame: bytes) -> None:
    ip_at, at = headers_at(frame)
    version = frame[ip_at] >> 4
    addresses = frame[ip_at + 12 : ip_at + 20] if version == 4 else frame[ip_at + 8 : ip_at + 40]
    pseudo = addresses + (len(frame) - at).to_bytes(4, "big") + (6).to_bytes(4, "big")
    assert checksum(pseudo + frame[at:]) == 0


@pytest.mark.parametrize("form", FORMS)
def test_a_segment_that_differs_is_treated_as_the_kernel_treats_it(kernel, form):
    cases = {}
    for name, change in changes_of(FORMS[form]).items():
        for where in (0, 2, 5):
            segments = train(FORMS[form], 6)
            segments[where] = change(segments[where])
            cases[name, where] = segments
    assert_same(kernel, cases)


@pytest.mark.parametrize("form", FORMS)
def test_segments_that_are_alike_in_it_are_treated_as_the_kernel_treats_them(kernel, form):
    cases = {}
    for name, change in changes_of(FORMS[form]).items():
        first, second, third = train(FORMS[form], 3)
        # The changed one is a stranger between segments that follow one another.
        cases[name, "between"] = [first, change(second), second, third]
        if name != "no flags":  # the one difference, see below
            cases[name, "all"] = [change(segment) for segment in train(FORMS[form], 4)]
    assert_same(kernel, cases)


def test_segments_without_ack_are_the_one_difference(kernel):
    frames = [segment.frame() for segment in train(Segment(flags=0), 3)]
    assert described(kernel.run(frames)) == [(354, 100)]
    assert described(engine_lro.run([frames], *engine_lro.AS_LINUX)[0]) == [(154, 0)] * 3


def test_sequence_numbers_and_identifications_wrap(kernel):
    late = {name: in_ip(replace(form, sequence=2**32 - 150), id=65_535) for name, form in FORMS.items()}
    assert_same(kernel, {name: train(first, 4) for name, first in late.items()})


def test_as_many_bytes_merge_as_the_kernel_merges(kernel):
    sizes = (1, 7, 536, 1448, 1460, 9000, 13_099)
    forms = ("ipv4", "ipv6", "6 in 4")
    assert_same(kernel, {(f, size): train(FORMS[f], POLL_FRAMES, size) for f in forms for size in sizes})


def test_flows_are_kept_apart_until_the_ninth(kernel):
    cases = {}
    for flows in (2, 7, 8, 9):
        trains = [train(Segment(source_port=1000 + flow), 60 // flows) for flow in range(flows)]
        cases[flows] = [segment for row in zip(*trains, strict=True) for segment in row]
    assert_same(kernel, cases)


# What leaves a segment sound, so that its socket gets it.
SOUND = (
    *("nothing", "link address", "port", "dscp", "ecn", "ttl", "window", "ack", "gap", "repeat", "overlap"),
    *("shorter", "longer", "empty", "one byte", "psh", "fin", "urg", "ece", "cwr", "ae", "options"),
    *("same id", "other id", "dont fragment", "flow label", "outer tos", "outer ttl", "other outer id"),
)


def scripts(seed: int, count: int, allowed: tuple[str, ...] | None = None):
    """Flows of all forms, interleaved at random; some segments changed, lost, repeated, swapped."""
    chance = random.Random(seed)
    for _ in range(count):
        flows = []
        for number in range(chance.randint(1, 10)):
            form = replace(chance.choice(list(FORMS.values())), source_port=2000 + number)
            if chance.random() < 0.3:
                form = in_ip(form, id=7)
            flows.append(train(form, chance.randint(1, 12), chance.choice([1, 33, 100, 1000])))
        segments = []
        while flows:
            flow = chance.choice(flows)
            segment = flow.pop(0)
            if not flow:
                flows.remove(flow)
            if chance.random() < 0.2:
                changes = changes_of(segment)
                names = [name for name in changes if name != "no flags" and name in (allowed or changes)]
                name = chance.choice(names)
                segment = changes[name](segment)
            kind = chance.random()
            if kind < 0.9:
                segments.append(segment)
            if kind < 0.04:
                segments.append(segment)
            if kind < 0.08 and len(segments) > 1:
                segments[-2:] = reversed(segments[-2:])
        if segments:
            yield segments[:POLL_FRAMES]


def test_whatever_comes_is_treated_as_the_kernel_treats_it(kernel):
    assert_same(kernel, dict(enumerate(scripts(seed=5, count=150))))


def test_the_host_merges_what_the_kernel_merges(kernel):
    """Payload and segments of what its sockets get, in order."""
    cases = [[segment.frame() for segment in script] for script in scripts(seed=6, count=80, allowed=SOUND)]
    for frames, got in zip(cases, engine_lro.delivered(cases, *engine_lro.GRO), strict=True):
        assert got == [(payload_bytes(one.frame), segments_in(one)) for one in kernel.run(frames)]
