"""What the CPUs did, over time."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd


def heat(timeline: pd.DataFrame, contexts: Sequence[str] = ("softirq", "ksoftirqd")) -> pd.DataFrame:
    """Share of each bin spent in `contexts`.

    One row per CPU, one column per bin start in ns, float64, 0 to 1.
    """
    chosen = timeline[timeline["context"].isin(list(contexts))]
    wide = chosen.pivot_table(index="cpu", columns="bin_start_ns", values="ns", aggfunc="sum", observed=True)
    bins = sorted(timeline["bin_start_ns"].unique())
    cpus = sorted(timeline["cpu"].unique())
    width = float(timeline["bin_ns"].max()) if len(timeline) else 1.0
    return wide.reindex(index=cpus, columns=bins).fillna(0.0) / width
