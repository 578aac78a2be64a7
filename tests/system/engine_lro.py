"""The engine's LRO, asked as anyone would ask it: a capture, a scenario, what the host was handed."""

from __future__ import annotations

import struct
from typing import TypeVar

import pyarrow as pa

from engine.config import Capture, Traffic
from engine.run import Result, execute
from engine.scenario import Scenario
from tests.system.kernel_gro import Merged

T = TypeVar("T")

SETTINGS = (
    "drain_ns=2_000_000_000",
    "nic.queues=1",
    "nic.ring_size=512",
    "nic.max_frame_bytes=65549",
    "nic.coalesce={rx_usecs=0, rx_max_coalesced_frames=1}",
    "host.cpus=1",
    "host.cache.enabled=false",
    'host.tcp.gap="ignore"',
    "observe.verdicts=true",
    "observe.frames=true",
    "observe.bin_ns=1_000_000_000",
)
"""One queue, room for everything, and nothing that closes a context but what arrives."""

LRO = ("nic.lro.enabled=true", "nic.lro.timer_us=1_000_000")
"""The card merges, and holds frames for a second."""

AS_LINUX = (*LRO, "nic.lro.contexts=8", 'nic.lro.flows="linux"')
"""What the kernel has where the device gives no hash: a bucket of eight (gro.c, MAX_GRO_SKBS)."""

NO_HASH = ", ".join(f'{kind} = "off"' for kind in ("ipv4", "tcp4", "udp4", "ipv6", "tcp6", "udp6"))
GRO = (
    "host.gro.enabled=true",
    "nic.coalesce={rx_usecs=1000, rx_max_coalesced_frames=0}",
    f"nic.rss.fields={{{NO_HASH}}}",
)
"""The host merges, and finds all frames of a script in one poll and in one bucket."""

APART_S = 2
"""From one script of frames to the next; nothing is held for more than a second."""


def capture(scripts: list[list[bytes]]) -> bytes:
    """A pcap file with nanosecond stamps: a frame every microsecond, then silence until the next script."""
    content = [struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 1 << 18, 1)]
    for number, frames in enumerate(scripts):
        for i, frame in enumerate(frames):
            content += (struct.pack("<IIII", APART_S * number, 1000 * i, len(frame), len(frame)), frame)
    return b"".join(content)


def frames_of(content: bytes) -> list[bytes]:
    """The frames of such a file."""
    at, found = 24, []
    while at < len(content):
        (length,) = struct.unpack_from("<I", content, at + 8)
        found.append(content[at + 16 : at + 16 + length])
        at += 16 + length
    return found


def run(scripts: list[list[bytes]], *settings: str) -> list[list[Merged]]:
    """What the host is handed of each script's frames, which arrive one after the other."""
    result = _run(scripts, *settings)
    handed = frames_of(result.output_capture())
    rows = pa.record_batch(result.table("handed"))
    columns = (rows.column(name).to_pylist() for name in ("frame", "gso_bytes"))
    merged = [(number, Merged(frame, size)) for frame, number, size in zip(handed, *columns, strict=True)]
    return _by_script(scripts, merged)


def delivered(scripts: list[list[bytes]], *settings: str) -> list[list[tuple[int, int]]]:
    """Payload and segments of what sockets get of each script's frames, in order."""
    rows = pa.record_batch(_run(scripts, *settings).table("delivered"))
    columns = (rows.column(name).to_pylist() for name in ("frame", "payload_bytes", "segments"))
    got = [(number, (size, count)) for number, size, count in zip(*columns, strict=True)]
    return _by_script(scripts, got)


def _run(scripts: list[list[bytes]], *settings: str) -> Result:
    duration_ns = (APART_S * len(scripts) + 1) * 1_000_000_000
    scenario = Scenario().with_(
        *SETTINGS,
        f"duration_ns={duration_ns}",
        traffic=Traffic(streams=(Capture(file="frames"),)),
    )
    result = execute(scenario.with_(*settings), captured={"frames": capture(scripts)})
    stats = result.stats
    assert (stats["rx"], stats["pending"]) == (sum(map(len, scripts)), 0)
    return result


def _by_script(scripts: list[list[bytes]], rows: list[tuple[int, T]]) -> list[list[T]]:
    script_of = [number for number, frames in enumerate(scripts) for _ in frames]
    found: list[list[T]] = [[] for _ in scripts]
    for frame, row in rows:
        found[script_of[frame]].append(row)
    return found
