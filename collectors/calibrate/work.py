"""What virtual time charges a frame of a point for: units of operations, accesses by who answers.

The cost table's two halves, operations and stalls, cannot be measured apart without a processor's counters.
They need not be: a calibration must make their sum right, and the sum is linear in the costs, so that the
counts are all there is to know.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from collectors.calibrate.points import Point
from collectors.datapath.frame import frame
from engine import _core
from engine.config import Cost

LEVELS = ("memory.l2", "memory.llc", "memory.dram", "memory.remote")
FRAMES = 40_000
"""Frames by which is counted, after as many."""
STEP_NS = 100_000
"""Virtual time between two looks at how many there were."""


@dataclass(frozen=True, slots=True)
class Work:
    """Of one frame."""

    units: Mapping[str, float]
    """Of each operation."""
    accesses: Mapping[str, Mapping[str, float]]
    """Of each operation, by the level that answered; those behind a stream's first count in part."""

    def ns(self, costs: Mapping[str, float]) -> float:
        """What it takes at these costs, in ns; what `costs` does not have costs nothing."""
        operations = sum(units * costs.get(op, 0.0) for op, units in self.units.items())
        stalls = (
            count * costs.get(level, 0.0)
            for of_op in self.accesses.values()
            for level, count in of_op.items()
        )
        return operations + sum(stalls)


def work(point: Point, costs: Sequence[Cost]) -> Work:
    """Count in virtual time, without the first half of the run, in which caches fill.

    Parameters
    ----------
    costs : what work is supposed to cost; of little influence, since a round's frames are given.
    """
    kept = tuple(cost for cost in costs if cost.op not in LEVELS)
    units: dict[str, float] = {}
    accesses: dict[str, dict[str, float]] = {}
    for level in LEVELS:
        # Each access this level answers costs a nanosecond, all others nothing: stalls are counts.
        only = tuple(Cost(other, float(other == level), "assumed: a unit") for other in LEVELS)
        sums = _second_half(point, (*kept, *only))
        units = dict(zip(sums.index, sums["count"], strict=True))
        for op, stalled in sums["cache_ns"].items():
            if stalled > 0.0:
                accesses.setdefault(str(op), {})[level] = float(stalled)
    return Work({str(op): float(count) for op, count in units.items() if count > 0.0}, accesses)


def charged(point: Point, costs: Sequence[Cost]) -> tuple[Mapping[str, float], Mapping[str, float]]:
    """Of a frame, by operation: units, and ns it waits for memory at these costs."""
    sums = _second_half(point, costs)
    units = dict(zip(sums.index.map(str), sums["count"], strict=True))
    waits = dict(zip(sums.index.map(str), sums["cache_ns"], strict=True))
    return units, waits


def _second_half(point: Point, costs: Sequence[Cost]) -> pd.DataFrame:
    """`count` and `cache_ns` per delivered frame, by operation."""
    scenario = point.scenario.with_(costs=costs, **{"traffic.frames": 2 * FRAMES})
    engine = _core.Engine(scenario.resolved(), {}, lossless=point.load == "full")
    reached: list[tuple[pd.DataFrame, int]] = []
    while engine.offered_frames < FRAMES:
        engine.advance(engine.now_ns + STEP_NS)
    reached.append((_sums(engine), json.loads(engine.stats())["delivered"]))
    engine.finish()
    reached.append((_sums(engine), json.loads(engine.stats())["delivered"]))
    (first, before), (second, after) = reached
    return second.sub(first, fill_value=0.0) / max(after - before, 1)


def _sums(engine: _core.Engine) -> pd.DataFrame:
    ledger = frame("ledger", engine.table("ledger"))
    sums: pd.DataFrame = ledger.groupby("op", observed=True)[["count", "cache_ns"]].sum().astype("float64")
    return sums
