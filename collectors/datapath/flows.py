"""The flows of a run."""

from __future__ import annotations

import pandas as pd


def per_queue(flows: pd.DataFrame, queues: int) -> pd.Series:
    """How many flows each queue holds, int64, one entry per queue from 0."""
    counts = flows.loc[flows["queue"] >= 0, "queue"].value_counts()
    return counts.reindex(range(queues), fill_value=0).astype("int64").sort_index()
