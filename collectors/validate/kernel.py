"""`validate_kernel(calibration)`: the kernel's path predicted and measured, at sizes and sockets between."""

from __future__ import annotations

import numpy as np
import pandas as pd

from collectors.calibrate.equations import CALM
from collectors.calibrate.kernel import POINTS, scenario_point
from collectors.calibrate.kernel_path import Traffic, medians
from collectors.progress import steps
from collectors.validate.validation import COLUMNS, Validation, quantile_interval
from engine.calibration import Calibration
from engine.run import execute

TRAFFIC = tuple(Traffic(size, sockets) for sockets in (1, 16, 64) for size in (64, 128, 256, 512, 1024, 1518))
"""What is run both ways; what the calibration was made from is among it, and marked."""


def validate_kernel(
    calibration: Calibration,
    *,
    repeats: int = 5,
    rounds: int = 400,
    quick: bool = False,
    progress: bool = True,
) -> Validation:
    """Frames per second when frames are written and read in turn by one thread.

    Parameters
    ----------
    repeats : of each traffic, in turn, each time behind a new device.
    rounds : of 64 frames, of which the median counts.
    quick : only traffic that was not used for the calibration, and one of each.

    Raises
    ------
    OSError : no right to make a network namespace, or no /dev/net/tun, naming what is needed.
    """
    chosen = [each for each in TRAFFIC if each not in POINTS][::3] if quick else list(TRAFFIC)
    found: dict[Traffic, list[float]] = {each: [] for each in chosen}
    with steps("validate", len(chosen) * repeats, "device", progress) as stepped:
        for _ in range(repeats):
            for each in chosen:
                taken = medians(each, rounds)
                found[each].append(1e9 / (taken["written"] + taken["read"]))
                stepped()
    rows = []
    for each, rates in found.items():
        middle, low, high = quantile_interval(np.array(rates), 1.0 - CALM)
        expected = predicted_pps(each, calibration)
        found_here = (middle, low, high, len(rates), False, expected / middle - 1.0)
        rows.append(
            (f"TAP, {each.name}", "throughput_pps", float("nan"), each in POINTS, expected, *found_here)
        )
    return Validation(pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS))


def predicted_pps(each: Traffic, calibration: Calibration) -> float:
    """What virtual time makes of it: a CPU that polls, frames that wait for room."""
    scenario = scenario_point(each).scenario.with_(costs=calibration.costs())
    done = execute(scenario, lossless=True)
    return done.stats["delivered"] / done.elapsed_ns * 1e9
