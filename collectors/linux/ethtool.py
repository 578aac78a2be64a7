"""A driver's own statistics and offloads, by the SIOCETHTOOL ioctl (linux/ethtool.h).

Reading needs no right, changing CAP_NET_ADMIN.
"""

from __future__ import annotations

import array
import fcntl
import re
import socket
import struct
from pathlib import Path

SIOCETHTOOL = 0x8946
GSTRINGS, GSTATS, GSSET_INFO = 0x1B, 0x1D, 0x37
STXCSUM, STSO, SGSO = 0x17, 0x1F, 0x24
SET_STATISTICS = 1
STRING_BYTES = 32

QUEUE_OF = (
    re.compile(r"^(?:rx|tx)_?queue_?(?P<queue>\d+)_"),
    re.compile(r"^(?:rx|tx)[-_](?P<queue>\d+)[-_.](?!bytes?_packets|to_)"),
    # but not the sizes of frames: rx_64_byte_packets, rx_65_to_127_bytes
    re.compile(r"^(?:rx|tx)(?P<queue>\d+)_"),
    re.compile(r"^queue_(?P<queue>\d+)_"),
    re.compile(r"^(?:ch|channel)(?P<queue>\d+)_"),
)
"""How drivers write a queue's number: igb, ixgbe and virtio; i40e and ice; mlx5; ena; mlx5's channels."""


def devices() -> list[str]:
    """Interfaces of this thread's network namespace, the loopback left out."""
    lines = Path("/proc/thread-self/net/dev").read_text().splitlines()[2:]
    return [name for name in (line.partition(":")[0].strip() for line in lines) if name != "lo"]


def _ask(control: socket.socket, device: str, request: array.array[int]) -> bool:
    address, _ = request.buffer_info()
    try:
        fcntl.ioctl(control, SIOCETHTOOL, struct.pack("16sP16x", device.encode(), address))
    except OSError:
        return False
    return True


def statistics(device: str) -> dict[str, int]:
    """Values by the driver's names; empty where the driver has none, or the interface is gone."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        # struct ethtool_sset_info: cmd, reserved, u64 sset_mask, data[].
        asked = array.array("I", [GSSET_INFO, 0, 1 << SET_STATISTICS, 0, 0])
        if not _ask(control, device, asked) or not asked[2]:
            return {}
        count = asked[4]
        # struct ethtool_gstrings: cmd, string_set, len, then 32 bytes a name.
        names = array.array("I", [GSTRINGS, SET_STATISTICS, count, *([0] * (count * STRING_BYTES // 4))])
        # struct ethtool_stats: cmd, n_stats, then a u64 each.
        values = array.array("I", [GSTATS, count, *([0] * (count * 2))])
        if not (_ask(control, device, names) and _ask(control, device, values)):
            return {}
    texts = names.tobytes()[12:]
    numbers = struct.unpack_from(f"={count}Q", values.tobytes(), 8)
    cut = [texts[at : at + STRING_BYTES].split(b"\0")[0] for at in range(0, len(texts), STRING_BYTES)]
    return {name.decode("ascii", "replace").strip(): value for name, value in zip(cut, numbers, strict=True)}


def without_offloads(device: str) -> None:
    """Let the device's sender make every frame and checksum itself. Raises OSError."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        for command in (STSO, SGSO, STXCSUM):
            # struct ethtool_value: cmd, data.
            if not _ask(control, device, array.array("I", [command, 0])):
                raise OSError(0, f"{device}: offloads cannot be switched off")


def queue_of(counter: str) -> int:
    """The queue a statistic's name speaks of; -1: none."""
    for pattern in QUEUE_OF:
        if found := pattern.match(counter):
            return int(found["queue"])
    return -1
