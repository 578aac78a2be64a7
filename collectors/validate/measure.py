"""What a case does in real time on the own host."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import pandas as pd

from collectors.calibrate.pace import Pace
from collectors.calibrate.precedence import first_if_granted
from collectors.live_run import LiveRun, run_live
from collectors.progress import steps
from collectors.validate.scenarios import Case

COLUMNS = {
    "case": "str",
    "repeat": "int64",
    "metric": "str",
    "value": "float64",
    "lost_share": "float64",
    "steady": "bool",
}
"""Of what `measure` gives: a row per case, repeat and metric of `collectors.validate.predict.METRICS`;
`lost_share`: of the time a thread wanted a CPU; `steady`: the machine was in the calibration's state."""


def measure(cases: Sequence[Case], repeats: int, pace: Pace, *, progress: bool = True) -> pd.DataFrame:
    """Every case `repeats` times, in turn: what changes with time meets all alike. Columns `COLUMNS`."""
    rows = []
    with steps("validate", len(cases) * repeats, "run", progress) as stepped:
        for repeat in range(repeats):
            for case in cases:
                run, steady = pace.steadily(partial(once, case))
                rows += [
                    (case.name, repeat, metric, value, run.lost_share, steady)
                    for metric, value in figures(case, run).items()
                ]
                stepped()
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)


def once(case: Case) -> LiveRun:
    """One run; its rounds are metered where it is paced."""
    with first_if_granted():
        return run_live(
            case.scenario,
            pacing="lossless" if case.load is None else "paced",
            prepared_frames=case.prepared_frames,
            meter_ops=case.load is not None,
        )


def figures(case: Case, run: LiveRun) -> dict[str, float]:
    """The run's figures by metric."""
    if case.load is None:
        return {"throughput_pps": run.stats["delivered"] / run.elapsed_ns * 1e9}
    rounds = run.table("rounds")
    of_host = rounds[rounds["cpu"] >= 0]
    # Medians by the number of frames: a round in which something else had the CPU does not move them.
    busy_ns = float((of_host["p50_ns"] * of_host["rounds"]).sum())
    frames = float((of_host["frames"] * of_host["rounds"]).sum())
    return {"busy_ns_per_frame": busy_ns / frames, "latency_p50_ns": float(run.percentile(50)[0])}
