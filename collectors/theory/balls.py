"""Balls into bins: how unevenly a few flows fall on the queues, exactly."""

from __future__ import annotations

import numpy as np
from scipy import stats


def expected_fullest(balls: int, bins: int) -> float:
    """E[largest number of balls in one bin], each of `balls` thrown into one of `bins` bins, all alike.

    With independent Poisson variables conditioned on their sum, P(max <= m) is the coefficient of x^balls in
    (sum over j <= m of p_j x^j)^bins over P(sum = balls); E[max] is the sum of P(max > m).
    """
    if balls < 0 or bins < 1:
        raise ValueError(f"balls = {balls}, bins = {bins}: must be at least 0 and 1")
    mean = balls / bins
    weights = stats.poisson.pmf(np.arange(balls + 1), mean)
    whole = float(stats.poisson.pmf(balls, balls))
    expected = 0.0
    for most in range(balls):
        bounded = np.where(np.arange(balls + 1) <= most, weights, 0.0)
        power = np.zeros(balls + 1)
        power[0] = 1.0
        for _ in range(bins):
            power = np.convolve(power, bounded)[: balls + 1]
        expected += 1 - float(power[balls]) / whole
    return expected


def expected_occupied(balls: int, bins: int) -> float:
    """E[bins that hold at least one ball]."""
    return bins * (1 - (1 - 1 / bins) ** balls)
