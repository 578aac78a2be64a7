"""What a run records beyond its counters."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Observe:
    """Resolution and extent of what is recorded."""

    bin_ns: int = 100_000
    """Width of a bin of the timeline."""
    max_events: int = 100_000
    verdicts: bool = False
    """One row per frame: its verdict."""
    frames: bool = False
    """Keep the bytes of what the host is handed."""
    trace_frames: tuple[int, ...] = ()
    """Frames (from 0) whose way is recorded point by point."""
