"""LRO changes frames and no stream: per flow, the host is handed the same payload with it and without."""

import hashlib
import struct
from collections import Counter
from pathlib import Path

import pytest

from collectors.replay import replay

CAPTURES = sorted((Path(__file__).parents[2] / "datasets/captures").glob("*/*.pcap*"))
IP = {0x0800: 4, 0x86DD: 41}
TUNNELS, TCP = (4, 41), 6


def frames(content):
    at = 24
    while at < len(content):
        (length,) = struct.unpack_from("<I", content, at + 8)
        yield content[at + 16 : at + 16 + length]
        at += 16 + length


def tcp_of(frame):
    """Flow and payload of a segment without anything special in its headers, or None."""
    at, kind, names = 14, IP.get(int.from_bytes(frame[12:14], "big")), []
    while kind in TUNNELS:
        if at + 40 > len(frame):
            return None
        if kind == 4:
            if frame[at] != 0x45 or int.from_bytes(frame[at + 6 : at + 8], "big") & 0x3FFF:
                return None
            names.append(frame[at + 12 : at + 20])
            end = at + int.from_bytes(frame[at + 2 : at + 4], "big")
            kind, at = frame[at + 9], at + 20
        else:
            names.append(frame[at + 8 : at + 40])
            end = at + 40 + int.from_bytes(frame[at + 4 : at + 6], "big")
            kind, at = frame[at + 6], at + 40
    if kind != TCP or end > len(frame) or at + 20 > end:
        return None
    header_bytes = (frame[at + 12] >> 4) * 4
    return (*names, frame[at : at + 4]), frame[at + header_bytes : end]


def streams(path, *settings):
    """What the host is handed: a hash per flow, all other frames, and the counts."""
    done = replay(path, settings=["nic.ring_size=1024", *settings])
    hashes, others = {}, Counter()
    for frame in frames(done.handed()):
        match tcp_of(frame):
            case flow, payload:
                hashes.setdefault(flow, hashlib.sha256()).update(payload)
            case None:
                others[frame] += 1
    return {flow: one.hexdigest() for flow, one in hashes.items()}, others, done.stats


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
def test_every_flow_has_the_same_payload_with_lro_and_without(path):
    plain, others, stats = streams(path)
    on = "nic.lro.enabled=true"
    for settings in (
        (),
        ("nic.lro.timer_us=1000000", "nic.lro.contexts=2"),
        ('nic.lro.timestamps="rising"',),
    ):
        merged, others_then, stats_then = streams(path, on, *settings)
        assert merged == plain
        assert others_then == others
        assert stats_then["rx"] == stats["rx"]
        assert stats_then["delivered"] + stats_then["consumed"] == stats["delivered"]


def test_a_bulk_transfer_reaches_the_host_in_fewer_frames():
    first_light = next(path for path in CAPTURES if path.stem == "first_light")
    _, _, stats = streams(first_light, "nic.lro.enabled=true", "nic.lro.timer_us=500")
    assert stats["consumed"] > stats["rx"] / 10
