"""The programs that read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Apps:
    """Tasks that sleep, wake and read."""

    count: int = 0
    """0: one per CPU."""
    cpus: tuple[int, ...] = ()
    """App i runs on cpus[i modulo their number]; empty: on CPU i."""
    pinned: bool = True
    work_per_message: int = 1
    """Units of work after each message read."""
