"""Latency distributions from log-linear buckets: 128 per power of two, so that a bucket is within 0.8 % of
its values.

Buckets of several runs or queues add up: merge first, then ask. Nothing is interpolated between runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

PERCENTILES = (50.0, 90.0, 99.0, 99.9, 99.99)


def merge(tables: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Buckets of several latency tables or rows added up.

    Returns
    -------
    Columns part (category), low_ns, high_ns, frames (uint64), sorted by part and bucket.
    """
    rows = pd.concat([table[["part", "low_ns", "high_ns", "frames"]] for table in tables], ignore_index=True)
    rows["part"] = rows["part"].astype("str")
    merged = rows.groupby(["part", "low_ns", "high_ns"])[["frames"]].sum().reset_index()
    return merged.astype({"part": "category"})


def part(latency: pd.DataFrame, name: str = "total") -> pd.DataFrame:
    """Buckets of one part of the way over all queues, by value: low_ns, high_ns, frames."""
    rows = latency[latency["part"] == name]
    return rows.groupby(["low_ns", "high_ns"])[["frames"]].sum().reset_index()


def percentile(
    latency: pd.DataFrame, percent: float | Sequence[float] | npt.NDArray[np.float64], name: str = "total"
) -> npt.NDArray[np.float64]:
    """Nearest-rank percentiles in ns, one per entry of `percent`: the middle of the bucket the rank falls
    into.

    NaN where nothing was measured. Raises ValueError for a percentage outside 0 to 100.
    """
    percents = np.atleast_1d(np.asarray(percent, dtype=np.float64))
    if ((percents < 0) | (percents > 100)).any():
        raise ValueError(f"percent = {percent}: must be 0 to 100")
    buckets = part(latency, name)
    counts = np.cumsum(buckets["frames"].to_numpy(dtype=np.int64))
    if not len(counts) or counts[-1] == 0:
        return np.full(len(percents), np.nan)
    # 99.9 % of 1000 must be rank 999, not 1000: the product carries a rounding error.
    ranks = np.maximum(np.ceil(percents / 100 * counts[-1] - 1e-9), 1)
    index = np.searchsorted(counts, ranks)
    low = buckets["low_ns"].to_numpy(dtype=np.float64)[index]
    high = buckets["high_ns"].to_numpy(dtype=np.float64)[index]
    return np.asarray((low + high - 1) / 2, dtype=np.float64)


def curve(latency: pd.DataFrame, name: str = "total", nines: float = 5.0, points: int = 200) -> pd.DataFrame:
    """The percentile curve on an axis of nines: columns percent, ns (float64), up to `nines` nines."""
    percent = 100 * (1 - np.logspace(0, -nines, points))
    frames = int(part(latency, name)["frames"].sum())
    seen = percent[percent <= 100 * (1 - 1 / frames)] if frames else percent[:0]
    return pd.DataFrame({"percent": seen, "ns": percentile(latency, seen, name)})


def ccdf(latency: pd.DataFrame, name: str = "total") -> pd.DataFrame:
    """Share of frames slower than a value.

    Columns ns (upper end of a bucket), share (float64), ending at 0.
    """
    buckets = part(latency, name)
    frames = buckets["frames"].to_numpy(dtype=np.float64)
    total = frames.sum()
    share = 1 - np.cumsum(frames) / total if total else frames
    return pd.DataFrame(
        {"ns": buckets["high_ns"].to_numpy(dtype=np.float64), "share": np.maximum(share, 0.0)}
    )


def worst_queue(latency: pd.DataFrame, percent: float = 99.0, name: str = "total") -> tuple[int, float]:
    """The queue whose percentile is highest, and that percentile in ns.

    (-1, NaN) where nothing was measured.
    """
    rows = latency[latency["part"] == name]
    worst = (-1, float("nan"))
    for queue in sorted(rows["queue"].unique()):
        value = float(percentile(rows[rows["queue"] == queue], percent, name)[0])
        if not worst[1] >= value:
            worst = (int(queue), value)
    return worst
