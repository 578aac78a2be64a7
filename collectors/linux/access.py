"""What one memory access takes on this machine: timed one by one with the processor's cycle counter.

Where there is no PMU this is what can be measured of caches. It is a figure of its own under a name of its
own, `measured-latency`; how often the receive path misses it does not tell.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np
import pandas as pd

from collectors.linux.columns import TABLES
from collectors.linux.frame import frame
from collectors.linux.unavailable import Unavailable
from engine import _core

PERCENTILES = (10, 50, 90)
NAN = float("nan")


def access_latency(cpu: int | None = None, other_cpu: int | None = None, rounds: int = 40) -> pd.DataFrame:
    """Table access_latency: accesses on one CPU to memory that another CPU writes.

    Parameters
    ----------
    cpu, other_cpu : None: the first two this process may use.
    rounds : 256 accesses of each kind in one.

    Raises
    ------
    Unavailable : one CPU alone, or a processor whose counter cannot be used (it is, on x86-64).
    ValueError : a CPU this process may not use, or a number out of range.
    """
    return frame(TABLES["access_latency"], rows(cpu, other_cpu, rounds), "measured-latency")


def rows(cpu: int | None = None, other_cpu: int | None = None, rounds: int = 40) -> list[tuple[object, ...]]:
    """Rows of the table, the quickest first; raises as `access_latency`."""
    if not 1 <= rounds <= 10_000:
        raise ValueError(f"rounds = {rounds}: must be between 1 and 10000")
    usable = sorted(os.sched_getaffinity(0))
    here = usable[0] if cpu is None else cpu
    others = [each for each in usable if each != here]
    if other_cpu is None and not others:
        raise Unavailable("one CPU alone: none writes what another reads", "allow this process two CPUs")
    there = others[0] if other_cpu is None else other_cpu
    try:
        samples, ns_per_cycle = _core.access_latency(here, there, rounds)
    except OSError as cause:
        raise Unavailable(str(cause)) from cause
    made = [_row(access, here, there, cycles, ns_per_cycle) for access, cycles in samples.items()]
    return sorted(made, key=lambda row: (row[5], row[0]))


def unavailable() -> list[tuple[object, ...]]:
    """The one row of a machine that cannot tell."""
    return [("nothing", -1, -1, 0, *([NAN] * (len(PERCENTILES) + 1)))]


def _row(
    access: str, cpu: int, other_cpu: int, cycles: Sequence[int], ns_per_cycle: float
) -> tuple[str, int, int, int, float, float, float, float]:
    low, middle, high = (float(value) for value in np.percentile(cycles, PERCENTILES))
    return (access, cpu, other_cpu, len(cycles), low, middle, high, middle * ns_per_cycle)
