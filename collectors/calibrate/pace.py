"""Whether the machine is in the state it was in: a virtual machine's CPUs are moved about beneath it.

Seen on one such machine: for parts of a second or many seconds, on either CPU by itself, what L2 answers
takes twice as long, as though someone else used the core's other hardware thread; arithmetic takes as ever.
The card's thread then takes 1.6 times as long for a frame, the host's 1.4 times. A calibration is of one such
state, and what is to be compared with it must be measured in the same. What tells them apart is how long each
of the two threads takes for a small frame, measured before and after each run within a few milliseconds.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median
from typing import NamedTuple, TypeVar

import pandas as pd

from collectors.calibrate.points import FULL_FRAMES, PREPARED_FRAMES, own_host, traffic
from collectors.calibrate.precedence import first_if_granted
from collectors.live_run import run_live

T = TypeVar("T")

FRAMES = 20_000
"""Of one look: some milliseconds."""
TOLERANCE = 0.15
"""Share by which a look may differ from what is wanted; states differ by far more."""
LOOKS = 5
"""Of which the median tells a state."""
PAUSE_S = 0.02
PATIENCE_S = 600.0
"""Seconds waited in all for the state to come back."""


class State(NamedTuple):
    """What two threads take for a small frame, in ns."""

    card_ns: float
    host_ns: float

    def like(self, other: State) -> bool:
        """Whether both threads are within `TOLERANCE` of the other state's."""
        return all(abs(one / of_other - 1.0) <= TOLERANCE for one, of_other in zip(self, other, strict=True))


def look() -> State:
    """The state now: medians over the threads' rounds."""
    with first_if_granted():
        scenario = own_host(FRAMES, **traffic(64, 1))
        run = run_live(scenario, pacing="lossless", prepared_frames=PREPARED_FRAMES, meter_ops=True)
    rounds = run.table("rounds")
    of_host = rounds["cpu"] >= 0
    return State(_frame_ns(rounds[~of_host]), _frame_ns(rounds[of_host & (rounds["frames"] >= FULL_FRAMES)]))


def _frame_ns(rounds: pd.DataFrame) -> float:
    """Of the most usual round."""
    usual = rounds.nlargest(1, "rounds")
    return float((usual["p50_ns"] / usual["frames"]).iloc[0])


class Pace:
    """Lets runs count only while the machine is in one state.

    Parameters
    ----------
    wanted : the state; None: the quickest of the next `scan_s` seconds, or the one it is in now.
    patience_s : seconds waited in all; once they are over, runs are taken as they come, and said not to be
        steady.
    look : how the state is told.
    """

    def __init__(
        self,
        wanted: State | None = None,
        patience_s: float = PATIENCE_S,
        scan_s: float = 0.0,
        *,
        look: Callable[[], State] = look,
        sleep: Callable[[float], None] = time.sleep,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._look, self._sleep, self._clock_s = look, sleep, clock_s
        self.wanted = self._quickest(scan_s) if wanted is None else wanted
        self.left_s = patience_s
        """Seconds of patience left."""

    def _quickest(self, scan_s: float) -> State:
        seen: list[State] = []
        until_s = self._clock_s() + scan_s
        while not seen or self._clock_s() < until_s:
            looks = [self._look() for _ in range(LOOKS)]
            seen.append(State(*(median(of_thread) for of_thread in zip(*looks, strict=True))))
            self._sleep(PAUSE_S)
        return min(seen, key=sum)

    def holds(self) -> bool:
        """Whether the machine is in the wanted state now."""
        return self._look().like(self.wanted)

    def steadily(self, run: Callable[[], T]) -> tuple[T, bool]:
        """What `run` gives, repeated until the state held before and after; and whether it did."""
        while True:
            began_s = self._clock_s()
            if self.holds():
                done = run()
                if self.holds():
                    return done, True
            else:
                self._sleep(PAUSE_S)
            self.left_s -= self._clock_s() - began_s
            if self.left_s <= 0.0:
                return run(), False
