"""Make `variety.pcapng`: one frame of every kind the parser must know, sound and malformed, each named in a
comment.

    .venv/bin/python datasets/captures/variety/make.py      # needs the test extra (scapy)

Seeded and without a clock: two runs write the same bytes.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from pathlib import Path

import frames_malformed
import frames_sound
import pcapng
import scapy
from scapy.packet import Packet

HERE = Path(__file__).resolve().parent
SEED = 3
START_NS = 1_700_000_000_000_000_000
WHAT = (
    "one frame of every kind the parser must know: VLAN, QinQ, MPLS, IPv4 options and fragments, IPv6 "
    "extension chains, IP in IP, ESP, AH, IGMP, ARP, LLC, ICMP errors, and malformed ones"
)
GAP_NS = 67_200  # a thousandth of 10GbE's pace at 64 B


def frames() -> Iterator[tuple[str, bytes]]:
    """Every frame with its name, in the order it is written."""
    rng = random.Random(SEED)
    for name, frame in frames_sound.frames(rng):
        yield name, bytes(frame) if isinstance(frame, Packet) else frame
    yield from frames_malformed.frames(rng)


def main() -> None:
    """Write the capture and its manifest."""
    named = list(frames())
    data = pcapng.section() + pcapng.interface()
    for number, (name, frame) in enumerate(named):
        data += pcapng.packet(frame, START_NS + number * GAP_NS, name)
    (HERE / "variety.pcapng").write_bytes(data)
    (HERE / "manifest.toml").write_text(f'''\
name = "variety"
file = "variety.pcapng"
format = "pcapng, nanosecond stamps, link type Ethernet, each frame's name in its comment"
what = "{WHAT}"
how = "make.py: built with scapy {scapy.__version__}, seed {SEED}, synthetic stamps"
addresses = "documentation prefixes only: RFC 5737, RFC 3849, RFC 7042"
licence = "CC0-1.0"
sha256 = "{hashlib.sha256(data).hexdigest()}"
frames = {len(named)}
wire_bytes = {sum(len(frame) for _, frame in named)}
file_bytes = {len(data)}
duration_ns = {(len(named) - 1) * GAP_NS}
''')


if __name__ == "__main__":
    main()
