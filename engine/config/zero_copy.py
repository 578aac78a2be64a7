"""Reading without copying."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ZeroCopy:
    """TCP sockets are read by mapping the pages their payload fills; the rest is copied.

    It needs pages to map: `nic.buffer_bytes = 4096`, and `nic.tcp_data_split`.
    """

    enabled: bool = False
    window_bytes: int = 524_288
    """Of the address range, and so of a call: a multiple of 4096."""
    keep_calls: int = 0
    """How many more calls a call's pages stay mapped for; 0: they are unmapped after it."""
