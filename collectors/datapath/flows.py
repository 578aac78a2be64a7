"""The flows of a run."""

from __future__ import annotations

import pandas as pd


def per_queue(flows: pd.DataFrame, queues: int) -> pd.Series:
    """How many flows each queue holds, int64, one entry per queue from 0."""
    counts = flows.loc[flows["queue"] >= 0, "queue"].value_counts()
    return counts.reindex(range(queues), fill_value=0).astype("int64").sort_index()


def most_important(flows: pd.DataFrame) -> pd.DataFrame:
    """The flows whose sockets have the highest SO_PRIORITY among them."""
    highest: pd.DataFrame = flows[flows["priority"] == flows["priority"].max()]
    return highest


def ratio(flows: pd.DataFrame, column: str) -> float:
    """A column of frames over the frames delivered, over all flows together; NaN where there were none."""
    delivered = int(flows["delivered"].sum())
    return int(flows[column].sum()) / delivered if delivered else float("nan")
