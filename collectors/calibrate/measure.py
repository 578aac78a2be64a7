"""Run the points in real time, round after round, and say what a frame took.

What is read off are medians over a thread's rounds, a few microseconds each: a round in which something else
had the CPU is one in thousands, so that the medians hold on a machine that is not quite idle. Points are run
in turn, at real-time priority where that is allowed (`precedence`), and only while the machine is in one
state (`pace`). Caches are shared with whatever else runs, and that nothing holds off: of the repeats a low
quantile counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import pandas as pd

from collectors.calibrate.pace import Pace
from collectors.calibrate.points import FULL_FRAMES, Point
from collectors.calibrate.precedence import first_if_granted
from collectors.live_run import LiveRun, run_live
from collectors.progress import steps

COLUMNS = {
    "point": "str",
    "load": "str",
    "repeat": "int64",
    "what": "str",
    "frames": "int64",
    "rounds": "int64",
    "ns": "float64",
    "units": "float64",
    "laps": "float64",
    "lost_share": "float64",
    "steady": "bool",
}
"""Of what `measure` gives, a row per point, repeat and `what`:

`whole`: a run at full load in which nothing was timed, per frame; `round`: a host thread's round of `frames`
frames, median of `rounds`, per frame; `nic`: the same of a batch
of the card's thread; `latency`: median from the intended send time to the read; else an operation, all its
laps together with the clock's own cost in them, per frame, and how many units and laps a frame had.
`lost_share`: of the time a thread wanted a CPU; `steady`: the machine was in the wanted state before the run
and after.
"""

LEAST_ROUNDS = 50
"""Rounds a median needs."""


def measure(points: Sequence[Point], repeats: int, pace: Pace, *, progress: bool = True) -> pd.DataFrame:
    """Every point `repeats` times, in turn: what changes with time meets all alike. Columns `COLUMNS`.

    Raises
    ------
    ScenarioError : the machine has too few CPUs.
    """
    rows: list[dict[str, Any]] = []
    with steps("calibrate", len(points) * repeats, "run", progress) as stepped:
        for repeat in range(repeats):
            for point in points:
                runs, steady = pace.steadily(partial(both, point))
                rows += [row | {"steady": steady} for row in observe(point, repeat, *runs)]
                stepped()
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)


def both(point: Point) -> tuple[LiveRun, LiveRun | None]:
    """A metered run, and at full load one in which nothing is timed: what is timed takes longer."""
    return once(point), once(point, meter_ops=False) if point.load == "full" else None


def once(point: Point, *, meter_ops: bool = True) -> LiveRun:
    """One run of a point."""
    with first_if_granted():
        return run_live(
            point.scenario,
            pacing="lossless" if point.load == "full" else "paced",
            prepared_frames=point.prepared_frames,
            meter_ops=meter_ops,
        )


def observe(point: Point, repeat: int, run: LiveRun, untimed: LiveRun | None = None) -> list[dict[str, Any]]:
    """What a metered run says, nothing of what has too few rounds; and one in which nothing was timed."""
    common = {
        "point": point.name,
        "load": point.load,
        "repeat": repeat,
        "frames": 0,
        "rounds": 0,
        "units": 0.0,
        "laps": 0.0,
        "lost_share": run.lost_ns / run.elapsed_ns,
    }
    rows: list[dict[str, Any]] = []
    if untimed is not None:
        delivered = untimed.stats["delivered"]
        rows.append(common | {"what": "whole", "frames": delivered, "ns": untimed.elapsed_ns / delivered})
    rounds = run.table("rounds")
    enough = rounds[rounds["rounds"] >= LEAST_ROUNDS]
    of_host = enough[enough["cpu"] >= 0]
    if point.load == "full":
        # The fullest: what a round costs whatever it holds, weighs least there.
        of_host = of_host[of_host["frames"] >= FULL_FRAMES].nlargest(1, "frames")
    else:
        of_host = of_host[of_host["frames"] == 1]
    for what, found in (("round", of_host), ("nic", enough[enough["cpu"] < 0].nlargest(1, "rounds"))):
        for one in found.to_dict(orient="records"):
            ns = one["p50_ns"] / one["frames"]
            rows.append(common | {"what": what, "frames": one["frames"], "rounds": one["rounds"], "ns": ns})
    if point.load == "sparse":
        rows.append(common | {"what": "latency", "frames": 1, "ns": float(run.percentile(50)[0])})
    for one in run.table("op_times").to_dict(orient="records"):
        of_frame = {key: one[key] / one["frames"] for key in ("ns", "units", "laps")}
        rows.append(common | {"what": one["op"], "frames": one["frames"]} | of_frame)
    return rows
