"""Cache accesses and misses."""

from __future__ import annotations

import pandas as pd

LEVELS = ("l1d", "l2", "llc")


def misses_per_frame(cache: pd.DataFrame, frames: int) -> pd.DataFrame:
    """Misses of the CPUs per frame: one row per layer, one float64 column per level in the order of `LEVELS`.

    The interface's own writes (cpu -1) are not misses of anybody's program and are left out.
    """
    cpus = cache[cache["cpu"] >= 0]
    wide = cpus.pivot_table(index="layer", columns="level", values="misses", aggfunc="sum", observed=True)
    return wide.reindex(columns=list(LEVELS)).fillna(0.0).astype("float64") / max(frames, 1)


def remote_per_frame(cache: pd.DataFrame, frames: int) -> float:
    """Lines fetched from another CPU's private cache, per frame."""
    return float(cache.loc[cache["cpu"] >= 0, "remote"].sum()) / max(frames, 1)
