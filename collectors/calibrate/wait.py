"""The time from the wire to where the host sees a frame: what is left of a lone frame's latency."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from collectors.calibrate.equations import calm
from collectors.calibrate.points import Point
from collectors.datapath import Datapath
from collectors.datapath.latency import percentile
from engine.calibration import Row
from engine.config import Cost
from engine.run import execute
from engine.scenario import Scenario

FRAMES = 2_000


def dma(chosen: Sequence[Point], observations: pd.DataFrame, costs: tuple[Cost, ...]) -> Row:
    """Row `latency.dma`: mean over the points with lone frames; uncertain by how far these are apart."""
    measured = calm(observations[observations["what"] == "latency"])["ns"].droplevel("what")
    none = Cost("latency.dma", 0.0, "assumed: nothing, to see what is left")
    left = pd.Series(
        {
            point.name: measured[point.name] - _median_latency_ns(point.scenario, (*costs, none))
            for point in chosen
            if point.name in measured.index
        }
    )
    source = "fitted: what the modelled path leaves of a lone frame's median latency"
    apart = float(left.max() - left.min()) / 2.0
    return Row("latency.dma", float(max(round(float(left.mean())), 0)), round(apart, 1), source)


def _median_latency_ns(scenario: Scenario, costs: tuple[Cost, ...]) -> float:
    few = scenario.with_(costs=costs, **{"traffic.frames": FRAMES})
    return float(percentile(Datapath(execute(few)).table("latency"), 50)[0])
