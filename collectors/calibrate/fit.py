"""Costs from measurements: least squares with no cost below zero.

Each equation says: so many units of these operations and so many accesses of these levels took so long, give
or take `sigma_ns`. What no equation settles, stays near a guess that is given with its own give or take.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls


@dataclass(frozen=True, slots=True)
class Equation:
    """One measurement: `sum(amounts[key] * cost[key]) = ns`, give or take `sigma_ns`."""

    name: str
    amounts: Mapping[str, float]
    ns: float
    sigma_ns: float

    def predicted_ns(self, costs: Mapping[str, float]) -> float:
        """What the left side comes to."""
        return sum(amount * costs.get(key, 0.0) for key, amount in self.amounts.items())


@dataclass(frozen=True, slots=True)
class Guess:
    """What a cost is about, before any equation is looked at."""

    ns: float
    sigma_ns: float


def fit(equations: Sequence[Equation], guesses: Mapping[str, Guess]) -> dict[str, float]:
    """The costs, in ns, of everything the equations or the guesses name, that come nearest to all of them.

    Raises
    ------
    ValueError : nothing to fit, a sigma that is not above 0, or a number that is none.
    """
    keys = sorted({key for each in equations for key in each.amounts} | set(guesses))
    if not keys:
        raise ValueError("fit: no equations and no guesses; give at least one")
    column = {key: i for i, key in enumerate(keys)}
    left = np.zeros((len(equations) + len(guesses), len(keys)))
    right = np.zeros(len(left))
    for i, each in enumerate(equations):
        _sound(each.name, each.ns, each.sigma_ns)
        for key, amount in each.amounts.items():
            left[i, column[key]] = amount / each.sigma_ns
        right[i] = each.ns / each.sigma_ns
    for i, (key, guess) in enumerate(guesses.items(), len(equations)):
        _sound(key, guess.ns, guess.sigma_ns)
        left[i, column[key]] = 1.0 / guess.sigma_ns
        right[i] = guess.ns / guess.sigma_ns
    # Costs of bytes are thousands of times smaller than others: columns of equal length keep the problem well
    # posed.
    scale = np.linalg.norm(left, axis=0)
    scale[scale == 0.0] = 1.0
    found, _ = nnls(left / scale, right)
    return {key: float(found[i] / scale[i]) for key, i in column.items()}


def _sound(name: str, ns: float, sigma_ns: float) -> None:
    if not (np.isfinite(ns) and np.isfinite(sigma_ns) and sigma_ns > 0.0):
        raise ValueError(f"{name}: {ns} ns give or take {sigma_ns}; must be finite, the latter above 0")
