"""What the receive queues carried."""

from __future__ import annotations

import pandas as pd


def chosen(queues: pd.DataFrame) -> pd.DataFrame:
    """The rows of real queues; frames dropped before one was chosen are on the row of queue -1."""
    return queues[queues["queue"] >= 0]


def jain(values: pd.Series) -> float:
    """Jain's fairness index: 1 when all are equal, 1/n when one has everything; NaN when there is nothing."""
    total = float(values.astype("float64").sum())
    squares = float((values.astype("float64") ** 2).sum())
    return total**2 / (len(values) * squares) if squares else float("nan")


def imbalance(queues: pd.DataFrame) -> float:
    """Frames of the fullest queue over the mean of all queues: 1 when even."""
    frames = chosen(queues)["rx_frames"].astype("float64")
    return float(frames.max() / frames.mean()) if frames.sum() else float("nan")
