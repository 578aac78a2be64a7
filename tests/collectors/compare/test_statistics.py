"""Intervals and tests: coverage, false alarms, planted effects, degenerate input."""

import numpy as np
import pytest

from collectors.compare.effect import effect
from collectors.compare.statistics import difference_interval, mean_interval, rank_test, ratio_interval

RNG = np.random.default_rng(20261)
RUNS = 8
TRIALS = 2000


def per_run(mean=100.0, noise=2.0, trials=TRIALS):
    return RNG.normal(mean, noise, (trials, RUNS))


def test_the_t_interval_covers_the_mean_as_often_as_it_says():
    covered = [i.low <= 100 <= i.high for i in map(mean_interval, per_run())]
    # 95 %, four standard errors of 2,000 trials either way.
    assert np.mean(covered) == pytest.approx(0.95, abs=4 * np.sqrt(0.95 * 0.05 / TRIALS))


@pytest.mark.parametrize("method", ["welch", "paired"])
def test_a_against_a_raises_no_more_false_alarms_than_it_says(method):
    alarms = [
        effect("delivered_pps", ("a", a), ("b", b), method=method).found
        for a, b in zip(per_run(), per_run(), strict=True)
    ]
    assert np.mean(alarms) <= 0.05 + 4 * np.sqrt(0.05 * 0.95 / TRIALS)


def test_a_planted_slowdown_of_five_percent_is_found():
    found = [
        effect("delivered_pps", ("a", a), ("b", b)).found
        for a, b in zip(per_run(trials=400), per_run(mean=95.0, trials=400), strict=True)
    ]
    assert np.mean(found) >= 0.95


def test_the_ratio_is_that_of_the_means():
    interval = ratio_interval(per_run(100, 1, 1)[0], per_run(200, 1, 1)[0])
    assert interval.low < 2 < interval.high
    assert interval.high - interval.low < 0.1


def test_values_that_do_not_move_give_a_certain_answer():
    same, other = np.full(8, 3.0), np.full(8, 4.0)
    interval, p = difference_interval(same, same)
    assert (interval.low, interval.high, p) == (0, 0, 1)
    assert not effect("x", ("a", same), ("b", same)).found
    interval, p = difference_interval(same, other)
    assert (interval.low, interval.high, p) == (1, 1, 0)
    assert effect("x", ("a", same), ("b", other)).found


def test_ratios_of_zero_are_not_invented():
    assert np.isnan(ratio_interval(np.zeros(8), np.ones(8)).estimate)


def test_cliffs_delta():
    p, delta = rank_test(np.arange(8.0), np.arange(8.0) + 100)
    assert delta == 1
    assert p < 0.001
    assert rank_test(np.arange(8.0), np.arange(8.0))[1] == 0


def test_bootstrap_agrees_with_t_and_repeats():
    a, b = per_run(100, 2, 1)[0], per_run(110, 2, 1)[0]
    one, two = (difference_interval(a, b, method="bootstrap")[0] for _ in range(2))
    assert one == two
    welch, _ = difference_interval(a, b)
    assert one.low == pytest.approx(welch.low, abs=2)
    assert one.high == pytest.approx(welch.high, abs=2)


@pytest.mark.parametrize("values", [[1.0], [], [1.0, float("nan")]])
def test_too_little_is_refused(values):
    with pytest.raises(ValueError, match="at least two runs"):
        effect("x", ("a", np.array(values)), ("b", np.ones(8)))
    assert np.isnan(mean_interval(values).low)
