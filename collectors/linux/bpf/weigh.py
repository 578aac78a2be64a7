"""What BPF programs cost, as the kernel itself measures it: calls and nanoseconds of each.

BPF_ENABLE_STATS counts as long as its descriptor is open (bpf(2), Linux 5.8), so that nothing stays switched
on behind; /proc/self/fdinfo shows the figures. Measuring adds two clock reads to a call that are not in them.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
from collections.abc import Mapping
from pathlib import Path

BPF_SYSCALL = {"x86_64": 321, "aarch64": 280}
BPF_ENABLE_STATS = 32
BPF_STATS_RUN_TIME = 0


class Scales:
    """Switches the kernel's accounting of BPF programs on while open; does nothing where it may not."""

    def __init__(self) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        attr = ctypes.create_string_buffer(struct.pack("<I", BPF_STATS_RUN_TIME))
        number = BPF_SYSCALL.get(platform.machine())
        self._descriptor = -1 if number is None else int(libc.syscall(number, BPF_ENABLE_STATS, attr, 4))

    @property
    def working(self) -> bool:
        """Whether the kernel counts."""
        return self._descriptor >= 0

    def close(self) -> None:
        """Switch it off again; safe to call twice."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def weights(descriptors: Mapping[str, int]) -> dict[str, tuple[int, int]]:
    """Calls and nanoseconds of each program so far, by name."""
    found = {}
    for name, descriptor in descriptors.items():
        lines = Path(f"/proc/self/fdinfo/{descriptor}").read_text().splitlines()
        values = dict(line.split(":", 1) for line in lines if ":" in line)
        found[name] = (int(values.get("run_cnt", 0)), int(values.get("run_time_ns", 0)))
    return found
