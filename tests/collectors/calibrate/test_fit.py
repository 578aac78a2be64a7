"""Least squares that must find what was hidden, and say what it cannot use."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.calibrate.fit import Equation, Guess, fit

KEYS = ["a", "b", "c", "d"]
costs = st.lists(st.floats(0.01, 1000.0), min_size=len(KEYS), max_size=len(KEYS))


def system(true, rows, seed, noise=0.0):
    """So many random equations that the costs fulfil, give or take `noise` of each."""
    generator = np.random.default_rng(seed)
    made = []
    for i in range(rows):
        amounts = dict(zip(KEYS, generator.uniform(0.0, 5.0, len(KEYS)).tolist(), strict=True))
        ns = sum(amounts[key] * true[key] for key in KEYS)
        made.append(Equation(str(i), amounts, ns * (1.0 + noise * generator.standard_normal()), 0.02 * ns))
    return made


@settings(deadline=None)
@given(costs, st.integers(0, 10_000))
def test_hidden_costs_are_found(values, seed):
    true = dict(zip(KEYS, values, strict=True))
    found = fit(system(true, 12, seed), {})
    assert found == pytest.approx(true, rel=1e-5, abs=1e-5 * max(values))


@settings(deadline=None)
@given(costs, st.integers(0, 10_000))
def test_noise_of_the_measurements_is_noise_of_the_predictions(values, seed):
    true = dict(zip(KEYS, values, strict=True))
    found = fit(system(true, 60, seed, noise=0.02), {})
    for each in system(true, 20, seed + 1):
        assert each.predicted_ns(found) == pytest.approx(each.ns, rel=0.06)


@settings(deadline=None)
@given(st.integers(0, 1000))
def test_no_cost_is_below_zero(seed):
    generator = np.random.default_rng(seed)
    rows = [
        Equation(
            str(i), dict(zip(KEYS, generator.uniform(0, 3, 4), strict=True)), generator.uniform(0, 9), 1.0
        )
        for i in range(8)
    ]
    assert all(ns >= 0.0 for ns in fit(rows, {}).values())


def test_what_no_equation_settles_stays_where_it_was_guessed():
    found = fit([Equation("x", {"a": 2.0}, 10.0, 0.1)], {"a": Guess(100.0, 1e6), "far": Guess(7.0, 7.0)})
    assert found["a"] == pytest.approx(5.0, rel=1e-3)
    assert found["far"] == pytest.approx(7.0)


def test_a_surer_equation_counts_more():
    rows = [Equation("sure", {"a": 1.0}, 10.0, 0.1), Equation("vague", {"a": 1.0}, 20.0, 10.0)]
    assert fit(rows, {})["a"] == pytest.approx(10.0, rel=0.01)


@pytest.mark.parametrize(
    ("ns", "sigma", "message"),
    [(math.nan, 1.0, "nan"), (1.0, 0.0, "above 0"), (1.0, -1.0, "above 0"), (math.inf, 1.0, "inf")],
)
def test_what_is_no_measurement_is_refused_by_name(ns, sigma, message):
    with pytest.raises(ValueError, match=message) as refused:
        fit([Equation("point 7", {"a": 1.0}, ns, sigma)], {})
    assert "point 7" in str(refused.value)


def test_nothing_cannot_be_fitted():
    with pytest.raises(ValueError, match="at least one"):
        fit([], {})
