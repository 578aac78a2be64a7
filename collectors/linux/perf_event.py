"""One hardware counter through perf_event_open(2), read as a number scaled for the time it was on the PMU."""

from __future__ import annotations

import ctypes
import os
import platform
import struct

SYSCALL = {"x86_64": 298, "aarch64": 241}
ATTR_SIZE_VER0 = 64
FORMAT_TIMES = 0x1 | 0x2  # PERF_FORMAT_TOTAL_TIME_ENABLED, _RUNNING
EXCLUDE_KERNEL, EXCLUDE_HV = 1 << 5, 1 << 6
FLAG_FD_CLOEXEC = 8

HARDWARE, HW_CACHE = 0, 3
LL, OP_READ, ACCESS, MISS = 2, 0, 0, 1


def _cache(cache: int, operation: int, result: int) -> int:
    return cache | operation << 8 | result << 16


EVENTS: dict[str, tuple[int, int]] = {
    "cycles": (HARDWARE, 0),
    "instructions": (HARDWARE, 1),
    "cache-references": (HARDWARE, 2),
    "cache-misses": (HARDWARE, 3),
    "LLC-loads": (HW_CACHE, _cache(LL, OP_READ, ACCESS)),
    "LLC-load-misses": (HW_CACHE, _cache(LL, OP_READ, MISS)),
}
"""perf's names, as type and config of include/uapi/linux/perf_event.h."""


class Counter:
    """One event on one CPU (every task there), or of the calling thread's user code wherever it runs.

    Raises OSError where it cannot be opened: ENOENT without a PMU, EACCES without the right.
    """

    def __init__(self, event: str, *, cpu: int | None, user_only: bool = False) -> None:
        kind, config = EVENTS[event]
        flags = EXCLUDE_KERNEL | EXCLUDE_HV if user_only else 0
        attr = struct.pack("<IIQQQQQ", kind, ATTR_SIZE_VER0, config, 0, 0, FORMAT_TIMES, flags)
        number = SYSCALL.get(platform.machine())
        if number is None:
            raise OSError(0, f"perf_event_open is not known on {platform.machine()}")
        libc = ctypes.CDLL(None, use_errno=True)
        pid, on = (0, -1) if cpu is None else (-1, cpu)
        opened = libc.syscall(number, attr.ljust(ATTR_SIZE_VER0, b"\0"), pid, on, -1, FLAG_FD_CLOEXEC)
        if opened < 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code))
        self._descriptor = int(opened)

    def value(self) -> float:
        """Events so far; NaN where it never got onto the PMU."""
        count, enabled_ns, running_ns = struct.unpack("<QQQ", os.read(self._descriptor, 24))
        return count * enabled_ns / running_ns if running_ns else float("nan")

    def close(self) -> None:
        """Close it; safe to call twice."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
