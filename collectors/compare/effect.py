"""What changing from one scenario to another does to a metric."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from collectors.compare.statistics import (
    Method,
    Values,
    difference_interval,
    mean_interval,
    rank_test,
    ratio_interval,
)


@dataclass(frozen=True, slots=True)
class Effect:
    """b against a over runs; intervals at `level`."""

    metric: str
    a: str
    b: str
    mean_a: float
    mean_b: float
    difference: float
    difference_low: float
    difference_high: float
    ratio: float
    """b over a; NaN where a value is not above 0."""
    ratio_low: float
    ratio_high: float
    p: float
    """Of no difference in the mean."""
    p_rank: float
    """Mann–Whitney's."""
    cliffs_delta: float
    """-1 to 1: share of pairs of runs with b above a, less those with b below."""
    n_a: int
    n_b: int
    level: float
    method: Method

    @property
    def found(self) -> bool:
        """The interval of the difference leaves zero out."""
        return not self.difference_low <= 0 <= self.difference_high


def effect(
    metric: str, a: tuple[str, Values], b: tuple[str, Values], level: float = 0.95, method: Method = "welch"
) -> Effect:
    """The effect on a metric from its per-run values on both sides, each at least two and finite.

    Raises
    ------
    ValueError : too few runs, or figures that were not measured.
    """
    for name, values in (a, b):
        if len(values) < 2 or not np.isfinite(values).all():
            raise ValueError(
                f"{metric} of {name}: needs at least two runs, all measured; has {values.tolist()}"
            )
    difference, p = difference_interval(a[1], b[1], level, method)
    ratio = ratio_interval(a[1], b[1], level, method)
    p_rank, delta = rank_test(a[1], b[1])
    return Effect(
        metric,
        a[0],
        b[0],
        mean_interval(a[1], level).estimate,
        mean_interval(b[1], level).estimate,
        difference.estimate,
        difference.low,
        difference.high,
        ratio.estimate,
        ratio.low,
        ratio.high,
        p,
        p_rank,
        delta,
        len(a[1]),
        len(b[1]),
        level,
        method,
    )
