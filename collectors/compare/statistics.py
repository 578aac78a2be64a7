"""Intervals and tests over runs.

The run is the unit: packets of one run are not independent of each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import stats

Method = Literal["welch", "paired", "bootstrap"]
Values = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its interval, in the unit of the values."""

    estimate: float
    low: float
    high: float


def mean_interval(values: Sequence[float] | Values, level: float = 0.95, method: str = "t") -> Interval:
    """Mean over runs with a t interval, or a bootstrap percentile interval (`method="bootstrap"`, seeded).

    One run, or none that is a number, gives an interval of NaN.
    """
    sample = np.asarray(values, dtype=np.float64)
    mean = float(sample.mean()) if len(sample) else float("nan")
    if len(sample) < 2 or not np.isfinite(sample).all():
        return Interval(mean, float("nan"), float("nan"))
    if method == "bootstrap":
        low, high = _percentile_interval(_resample(sample, 1).mean(axis=1), level)
        return Interval(mean, low, high)
    half = float(stats.t.ppf((1 + level) / 2, len(sample) - 1) * sample.std(ddof=1) / np.sqrt(len(sample)))
    return Interval(mean, mean - half, mean + half)


def difference_interval(
    a: Values, b: Values, level: float = 0.95, method: Method = "welch"
) -> tuple[Interval, float]:
    """`mean(b) - mean(a)` with its interval, and the p-value of no difference.

    `welch` for independent runs, `paired` where run i of both had the same seed, `bootstrap` without assuming
    a shape (its p-value is Welch's).
    """
    if method == "paired":
        if len(a) != len(b):
            raise ValueError(f"paired: {len(a)} and {len(b)} runs; must be as many on both sides")
        interval = mean_interval(b - a, level)
        return interval, _p_value(interval.estimate, float((b - a).std(ddof=1) / np.sqrt(len(a))), len(a) - 1)
    variance_a, variance_b = a.var(ddof=1) / len(a), b.var(ddof=1) / len(b)
    difference, spread = float(b.mean() - a.mean()), float(np.sqrt(variance_a + variance_b))
    freedom = _welch_freedom(variance_a, variance_b, len(a), len(b))
    p = _p_value(difference, spread, freedom)
    if method == "bootstrap":
        low, high = _percentile_interval(_resample(b, 2).mean(axis=1) - _resample(a, 1).mean(axis=1), level)
        return Interval(difference, low, high), p
    half = float(stats.t.ppf((1 + level) / 2, freedom)) * spread
    return Interval(difference, difference - half, difference + half), p


def ratio_interval(a: Values, b: Values, level: float = 0.95, method: Method = "welch") -> Interval:
    """Ratio of the geometric means, b over a, from the difference of logarithms.

    NaN unless all values are above 0.
    """
    if not ((a > 0).all() and (b > 0).all()):
        return Interval(float("nan"), float("nan"), float("nan"))
    logs, _ = difference_interval(np.log(a), np.log(b), level, method)
    return Interval(float(np.exp(logs.estimate)), float(np.exp(logs.low)), float(np.exp(logs.high)))


def rank_test(a: Values, b: Values) -> tuple[float, float]:
    """Mann–Whitney p-value and Cliff's delta (-1 to 1: share of pairs with b above a less those below)."""
    result = stats.mannwhitneyu(b, a, alternative="two-sided")
    return float(result.pvalue), float(2 * result.statistic / (len(a) * len(b)) - 1)


def _welch_freedom(variance_a: float, variance_b: float, n_a: int, n_b: int) -> float:
    total = variance_a + variance_b
    if total == 0:
        return float(n_a + n_b - 2)
    return float(total**2 / (variance_a**2 / (n_a - 1) + variance_b**2 / (n_b - 1)))


def _p_value(difference: float, spread: float, freedom: float) -> float:
    if spread == 0:
        return 1.0 if difference == 0 else 0.0
    return float(2 * stats.t.sf(abs(difference) / spread, freedom))


def _resample(sample: Values, stream: int, resamples: int = 9999) -> Values:
    generator = np.random.default_rng([20251, stream])
    return sample[generator.integers(0, len(sample), (resamples, len(sample)))]


def _percentile_interval(estimates: Values, level: float) -> tuple[float, float]:
    low, high = np.quantile(estimates, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
