"""Files of /proc that are opened once and read again.

A file of /proc/net belongs to the network namespace of the thread that opened it, for as long as it is open.
"""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType

NET = Path("/proc/thread-self/net")


class Reread:
    """A file whose content is made anew at each read from offset 0."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)

    def text(self) -> str:
        """What it says now."""
        parts = []
        offset = 0
        while part := os.pread(self._descriptor, 1 << 16, offset):
            parts.append(part)
            offset += len(part)
        return b"".join(parts).decode("ascii", "replace")

    def close(self) -> None:
        """Close it; safe to call twice."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> Reread:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def cpu_list(text: str) -> list[int]:
    """CPUs of a list as sysfs writes it: `0-3,6`."""
    found: list[int] = []
    for part in text.strip().split(","):
        low, _, high = part.partition("-")
        if low:
            found += range(int(low), int(high or low) + 1)
    return found


def cpus(which: str = "online") -> list[int]:
    """The machine's CPUs: online or possible."""
    return cpu_list(Path(f"/sys/devices/system/cpu/{which}").read_text())
