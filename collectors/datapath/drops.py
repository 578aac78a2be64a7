"""Frames that were dropped, and why."""

from __future__ import annotations

import pandas as pd


def by_reason(drops: pd.DataFrame) -> pd.Series:
    """Frames dropped per reason, int64, most first; reasons that did not occur are left out."""
    frames = drops.groupby("reason", observed=True)["frames"].sum().astype("int64")
    return frames[frames > 0].sort_values(ascending=False, kind="stable")
