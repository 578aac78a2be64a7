"""Settings that are files of /sys and /proc (Documentation/networking/scaling.rst, napi.rst)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

SOCK_FLOW_ENTRIES = Path("/proc/sys/net/core/rps_sock_flow_entries")


def of_device(device: str, name: str) -> Path:
    """A file of an interface."""
    return Path("/sys/class/net", device, name)


def of_queues(device: str, name: str) -> list[Path]:
    """A file of each receive queue, by number."""
    folders = Path("/sys/class/net", device, "queues").glob("rx-*")
    return [each / name for each in sorted(folders, key=lambda each: int(each.name[3:]))]


def read(path: Path) -> str:
    """What a file says. Raises OSError."""
    return path.read_text().strip()


def write(path: Path, value: str) -> None:
    """Write a file. Raises OSError with its name, in the kernel's words."""
    try:
        path.write_text(value)
    except OSError as cause:
        raise OSError(cause.errno, f"cannot be set to {value}: {cause.strerror}", str(path)) from None


def cpu_mask(cpus: Iterable[int], width: int) -> str:
    """CPUs as the kernel's bitmaps are written: words of 32 bits in hexadecimal, the highest first."""
    bits = sum(1 << cpu for cpu in cpus)
    words = max((max(width, bits.bit_length()) + 31) // 32, 1)
    return ",".join(f"{bits >> 32 * at & 0xFFFF_FFFF:08x}" for at in reversed(range(words)))
