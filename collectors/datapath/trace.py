"""The way of single frames."""

from __future__ import annotations

import pandas as pd


def steps(trace: pd.DataFrame) -> pd.DataFrame:
    """The trace with `since_ns` (int64, from the frame's first point) and `step_ns` (from the point
    before).
    """
    time = trace["time_ns"].astype("int64")
    first = time.groupby(trace["frame"]).transform("min")
    step = time.groupby(trace["frame"]).diff().fillna(0).astype("int64")
    return trace.assign(since_ns=time - first, step_ns=step)
