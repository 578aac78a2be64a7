"""Interrupts, wake-ups and migrations."""

from __future__ import annotations

import pandas as pd


def counts(events: pd.DataFrame) -> pd.Series:
    """How often each event was recorded, int64; a run records at most `observe.max_events` of them."""
    return events["event"].value_counts(sort=False).astype("int64")
