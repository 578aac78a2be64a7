"""What every operation cost."""

from __future__ import annotations

import pandas as pd


def per_frame(ledger: pd.DataFrame, delivered: int) -> pd.DataFrame:
    """ns per delivered frame.

    One row per operation, float64 columns `op_ns`, `cache_ns`, `ns`, dearest first.
    """
    sums = ledger.groupby("op", observed=True)[["op_ns", "cache_ns", "ns"]].sum()
    return (sums / max(delivered, 1)).sort_values("ns", ascending=False, kind="stable")


def busy_ns(ledger: pd.DataFrame) -> pd.Series:
    """Time per CPU as the ledger has it, float64; equals the CPU table's busy time."""
    return ledger.groupby("cpu")["ns"].sum()
