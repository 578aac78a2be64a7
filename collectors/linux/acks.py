"""How often this machine's kernel acknowledges frames that were merged on their way to it.

Frames of so many TCP segments are written to a TAP device, with their `gso_size` in the header before them,
as a card with LRO hands them over; the kernel's own TCP receives them and a program reads them. What comes
back is counted at the TAP: that is every acknowledgement. The writer sends as much as the window lets it, so
that the receiver is busy; other work on the machine moves the figures, hence rounds in turn, and a spread.
"""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from engine.linux.measure import merged_tcp

KERNEL_COLUMNS = {
    "segments_per_frame": "int64",
    "acks_per_frame": "float64",
    "least": "float64",
    "most": "float64",
    "segments_per_ack": "float64",
    "gbps": "float64",
    "source": "str",
}
"""`least`, `most`: acknowledgements per frame over the rounds, of which `acks_per_frame` is the median."""

MOST_SEGMENTS = 44
"""Of 1,448 bytes: what the window holds that a kernel offers first, 64,240 bytes."""


def kernel_acks(segments: Iterable[int], *, rounds: int = 3, seconds: float = 0.3) -> pd.DataFrame:
    """Acknowledgements of the kernel by segments per frame, `rounds` of each in turn: `KERNEL_COLUMNS`.

    Raises
    ------
    ValueError : more segments than `MOST_SEGMENTS`.
    OSError : no right to make a namespace or a TAP device; each with what is needed.
    """
    sizes = list(segments)
    if not all(1 <= size <= MOST_SEGMENTS for size in sizes):
        raise ValueError(f"segments = {sizes}: must be 1 to {MOST_SEGMENTS}, what the first window holds")
    found: dict[int, list[dict[str, float]]] = {size: [] for size in sizes}
    for _ in range(rounds):
        for size in sizes:
            found[size].append(merged_tcp(seconds, segments=size))
    rows = []
    for size, measured in found.items():
        per_frame = pd.Series([one["acks"] / one["frames"] for one in measured])
        gbps = pd.Series([one["gbps"] for one in measured])
        rows.append(
            (
                size,
                per_frame.median(),
                per_frame.min(),
                per_frame.max(),
                size / per_frame.median(),
                gbps.median(),
                f"kernel, counted at the TAP, {rounds} rounds of {seconds:g} s",
            )
        )
    return pd.DataFrame(rows, columns=list(KERNEL_COLUMNS)).astype(KERNEL_COLUMNS)
