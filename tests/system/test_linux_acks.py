"""When this machine's kernel acknowledges: the pattern the engine's `linux` policy is held against.

`linux_acks.txt` is read here and by `engine/crates/host/tests/linux_acks.rs`: frames of so many segments of
1,000 bytes, written one after the other and then left alone for a while, and the acknowledgements they bring.
"""

import time
from functools import partial
from pathlib import Path

import pytest
from scapy.layers.inet import IP, TCP
from scapy.layers.l2 import Ether

from engine import _core
from engine.linux import device
from engine.linux.namespace import Namespace

pytestmark = pytest.mark.needs("tap", "namespaces")

PATTERN = Path(__file__).with_name("linux_acks.txt")
SEGMENT_BYTES = 1000
FIRST = 1001
HOST, PEER = "10.98.7.1", "10.98.7.2"
HOST_MAC, PEER_MAC = "02:00:00:00:07:01", "02:00:00:00:07:02"
QUIET_S = 0.1
LATE_S = 0.02


def steps():
    lines = [line for line in PATTERN.read_text().splitlines() if line and not line.startswith("#")]
    return [tuple(part.strip() for part in line.split("|")) for line in lines]


def packet(**fields):
    segment = TCP(sport=20_000, dport=5_001, window=65_535, **fields)
    return Ether(src=PEER_MAC, dst=HOST_MAC) / IP(src=PEER, dst=HOST) / segment


def data(frame, own):
    """Bytes of a frame of the pattern, made beforehand since that takes longer than the kernel may wait."""
    at, segments = map(int, frame.split(":"))
    made = packet(seq=FIRST + at * SEGMENT_BYTES, ack=own, flags="A") / bytes(segments * SEGMENT_BYTES)
    return bytes(made), SEGMENT_BYTES if segments > 1 else 0


def answers(tap, seconds):
    """Segments the kernel sends in that time, with the seconds they took."""
    start = time.monotonic()
    while (left := start + seconds - time.monotonic()) > 0:
        tap.wait(max(int(left * 1000), 1))
        while (frame := tap.read(0)) is not None:
            parsed = Ether(frame)
            if TCP in parsed:
                yield parsed[TCP], time.monotonic() - start


def said(segment, after_s):
    words = [str((segment.ack - FIRST) // SEGMENT_BYTES), "late" if after_s > LATE_S else "now"]
    for kind, edges in segment.options:
        if kind == "SAck":
            blocks = [(edge - FIRST) // SEGMENT_BYTES for edge in edges]
            words += [f"{start}-{end}" for start, end in zip(blocks[::2], blocks[1::2], strict=True)]
    return " ".join(words)


def converse(tap):
    assert (
        tap.write(
            0, bytes(packet(seq=FIRST - 1, flags="S", options=[("MSS", SEGMENT_BYTES), ("SAckOK", b"")]))
        )
        is None
    )
    accepted = next(segment for segment, _ in answers(tap, 2) if segment.flags & 0x12 == 0x12)
    own = accepted.seq + 1
    tap.write(0, bytes(packet(seq=FIRST, ack=own, flags="A")))
    made = [[data(frame, own) for frame in frames.split()] for frames, _ in steps()]
    for (frames, _), written in zip(steps(), made, strict=True):
        for frame, gso_bytes in written:
            assert tap.write(0, frame, gso_bytes=gso_bytes) is None
        yield frames, ", ".join(said(*answer) for answer in answers(tap, QUIET_S))


def test_the_kernel_acknowledges_as_the_pattern_says():
    """Up to five times: on a machine that is busy elsewhere a pause grows beyond the kernel's timers."""
    expected = steps()
    for attempt in range(5):
        with Namespace(f"acks{attempt}") as kernel, kernel.call(partial(_core.Tap, "rxb0", 1)) as tap:
            neighbours = [(PEER, PEER_MAC)]
            device.set_up(
                kernel, "rxb0", mac=HOST_MAC, addresses=[f"{HOST}/24"], neighbours=neighbours, ipv6=False
            )
            sink = kernel.call(partial(_core.Sink, "tcp", HOST, 5_001))
            try:
                seen = list(converse(tap))
            finally:
                sink.close()
        if seen == expected:
            break
    assert seen == expected
