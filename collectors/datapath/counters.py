"""Declared counters."""

from __future__ import annotations

import pandas as pd


def total(counters: pd.DataFrame, stage: str, name: str) -> int:
    """A counter summed over its queues or CPUs. Raises KeyError for one that no stage declares."""
    rows = counters[(counters["stage"] == stage) & (counters["name"] == name)]
    if rows.empty:
        raise KeyError(f"{stage}.{name}")
    return int(rows["value"].sum())
