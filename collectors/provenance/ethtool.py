"""What ethtool shows of a device, by the SIOCETHTOOL ioctl (linux/ethtool.h). Reading needs no right."""

from __future__ import annotations

import array
import fcntl
import socket
import struct

SIOCETHTOOL = 0x8946
GCOALESCE, GRINGPARAM, GCHANNELS = 0x0000000E, 0x00000010, 0x0000003C
SWITCHES = {
    "rx_checksum": 0x00000014,
    "tx_checksum": 0x00000016,
    "tso": 0x0000001E,
    "gso": 0x00000023,
    "gro": 0x0000002B,
}
GFLAGS = 0x00000025
FLAGS = {"lro": 1 << 15, "ntuple": 1 << 27, "rxhash": 1 << 28}

# struct ethtool_coalesce, ethtool_ringparam and ethtool_channels: a command, then unsigned 32-bit fields.
COALESCE_FIELDS = 22
COALESCE = {"rx_usecs": 0, "rx_max_coalesced_frames": 1, "use_adaptive_rx": 9}
RING_FIELDS = 8
RING = {"rx_max_pending": 0, "rx_pending": 4}
CHANNEL_FIELDS = 8
CHANNELS = {"max_rx": 0, "max_combined": 3, "rx": 4, "combined": 7}


def _ask(control: socket.socket, device: str, command: int, fields: int) -> tuple[int, ...] | None:
    """The fields that follow the command in the kernel's answer; None where the driver has none."""
    answer = array.array("I", [command, *([0] * fields)])
    address, _ = answer.buffer_info()
    request = struct.pack("16sP16x", device.encode(), address)
    try:
        fcntl.ioctl(control, SIOCETHTOOL, request)
    except OSError:
        return None
    return tuple(answer[1:])


def state(device: str) -> dict[str, int]:
    """Offload switches (0 or 1), coalescing, ring and channel settings of `device`, as its driver answers."""
    found: dict[str, int] = {}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        for name, command in SWITCHES.items():
            if answer := _ask(control, device, command, 1):
                found[name] = answer[0]
        if answer := _ask(control, device, GFLAGS, 1):
            found |= {name: int(bool(answer[0] & bit)) for name, bit in FLAGS.items()}
        for command, fields, wanted in (
            (GCOALESCE, COALESCE_FIELDS, COALESCE),
            (GRINGPARAM, RING_FIELDS, RING),
            (GCHANNELS, CHANNEL_FIELDS, CHANNELS),
        ):
            if answer := _ask(control, device, command, fields):
                found |= {name: answer[at] for name, at in wanted.items()}
    return found
