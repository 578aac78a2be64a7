"""Whether the machine is in the state it was in: a virtual machine's CPUs are moved about beneath it.

Seen on one such machine: for half a minute at a time a line written by the other CPU takes twice as long, as
though the two had come to lie on different dies; work within a CPU takes as long as ever. A calibration is of
one such state, and what is to be compared with it must be measured in the same. What tells them apart is how
long the card's thread takes to hand a small frame over, measured before and after each run within a few
milliseconds.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median
from typing import TypeVar

from collectors.calibrate.points import PREPARED_FRAMES, own_host, traffic
from collectors.calibrate.precedence import first_if_granted
from collectors.live_run import run_live

T = TypeVar("T")

FRAMES = 20_000
"""Of one look: some milliseconds."""
TOLERANCE = 0.15
"""Share by which a look may differ from what is wanted; states differ by far more."""
LOOKS = 5
"""Of which the median tells a state."""
PAUSE_S = 0.5
PATIENCE_S = 240.0
"""Seconds waited in all for the state to come back."""


def look_ns() -> float:
    """What the card's thread takes for a small frame now, in ns: median over its batches."""
    with first_if_granted():
        scenario = own_host(FRAMES, **traffic(64, 1))
        run = run_live(scenario, pacing="lossless", prepared_frames=PREPARED_FRAMES, meter_ops=True)
    rounds = run.table("rounds")
    of_card = rounds[rounds["cpu"] < 0].nlargest(1, "rounds")
    return float((of_card["p50_ns"] / of_card["frames"]).iloc[0])


class Pace:
    """Lets runs count only while the machine is in one state.

    Parameters
    ----------
    wanted_ns : the state; None: the quickest of the next `scan_s` seconds, or the one it is in now.
    patience_s : seconds waited in all; once they are over, runs are taken as they come, and said not to be
        steady.
    look : how the state is told.
    """

    def __init__(
        self,
        wanted_ns: float | None = None,
        patience_s: float = PATIENCE_S,
        scan_s: float = 0.0,
        *,
        look: Callable[[], float] = look_ns,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._look, self._sleep = look, sleep
        self.wanted_ns = self._quickest_ns(scan_s) if wanted_ns is None else wanted_ns
        """Of a small frame, by the card's thread."""
        self.left_s = patience_s
        """Seconds of patience left."""

    def _quickest_ns(self, scan_s: float) -> float:
        quickest = float("inf")
        for left in range(round(scan_s / PAUSE_S), -1, -1):
            quickest = min(quickest, median(self._look() for _ in range(LOOKS)))
            if left:
                self._sleep(PAUSE_S)
        return quickest

    def holds(self) -> bool:
        """Whether the machine is in the wanted state now."""
        return abs(self._look() / self.wanted_ns - 1.0) <= TOLERANCE

    def steadily(self, run: Callable[[], T]) -> tuple[T, bool]:
        """What `run` gives, repeated until the state held before and after; and whether it did."""
        while True:
            while not self.holds():
                if self.left_s <= 0.0:
                    return run(), False
                self.left_s -= PAUSE_S
                self._sleep(PAUSE_S)
            done = run()
            if self.holds():
                return done, True
            if self.left_s <= 0.0:
                return done, False
            self.left_s -= PAUSE_S
