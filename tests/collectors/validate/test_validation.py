"""Prediction beside measurement: what is counted, what is marked, and that both ways are run."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.calibrate.points import frames_of, points
from collectors.validate import BAR, Validation, validate
from collectors.validate.measure import COLUMNS as MEASURED
from collectors.validate.predict import predict
from collectors.validate.scenarios import Case, paced_cases, throughput_cases
from collectors.validate.validation import APART, COLUMNS, MOST_LOST, compared, quantile_interval
from engine import Scenario
from engine.calibration import Calibration, NicThread, Row

NIC = NicThread(50.0, 0.05, 30.0, 0.0, "assumed: a test")
MACHINE = Calibration("a machine", (Row("driver.receive", 100.0, 1.0, "assumed: a test"),), NIC)


def case(name, used=False):
    return Case(name, Scenario(), None, used)


def measured(values, lost=0.0, steady=True):
    rows = [
        (name, repeat, "throughput_pps", value, lost, steady)
        for name, runs in values.items()
        for repeat, value in enumerate(runs)
    ]
    return pd.DataFrame(rows, columns=list(MEASURED)).astype(MEASURED)


def validation(predicted, values, used=(), lost=0.0):
    cases = [case(name, name in used) for name in values]
    return compared(cases, {n: {"throughput_pps": p} for n, p in predicted.items()}, measured(values, lost))


def test_residuals_score_and_order():
    made = validation(
        {"a": 110.0, "b": 210.0, "c": 150.0, "d": 1.0},
        {"a": [99.0, 100.0, 100.0], "b": [199.0, 200.0, 200.0], "c": [290.0, 300.0, 300.0], "d": [5.0, 5.0]},
        used={"d"},
    )
    assert list(made.table.columns) == list(COLUMNS)
    assert made.table.set_index("case")["residual"].to_dict() == pytest.approx(
        {"a": 0.1, "b": 0.05, "c": -0.5, "d": -0.8}
    )
    assert set(made.judged["case"]) == {"a", "b", "c"}
    score = made.score
    assert score["cases"] == 3
    assert score["within_bar"] == pytest.approx(2 / 3)
    assert score["worst_residual"] == pytest.approx(0.5)
    # a < b as predicted; c is fastest, and was predicted between them.
    pairs = made.pairs.set_index(["faster", "slower"])["agree"]
    assert pairs.to_dict() == {("b", "a"): True, ("c", "a"): True, ("c", "b"): False}
    assert score["pairs_in_order"] == pytest.approx(2 / 3)
    assert not made.in_order


def test_only_far_pairs_decide():
    near = validation({"a": 2.0, "b": 1.0}, {"a": [100.0] * 3, "b": [100.0 * (1.0 + BAR) - 1.0] * 3})
    assert list(near.pairs["agree"]) == [False]
    assert near.far.empty
    assert near.in_order
    far = validation({"a": 2.0, "b": 1.0}, {"a": [100.0] * 3, "b": [100.0 * (1.0 + BAR) + 1.0] * 3})
    assert not far.in_order
    assert far.score["far_in_order"] == 0.0


def test_differences_within_noise_order_nothing():
    made = validation({"a": 1.0, "b": 2.0}, {"a": [90.0, 100.0, 110.0], "b": [95.0, 99.0, 108.0]})
    assert made.pairs.empty
    assert made.in_order
    near = {"a": [100.0] * 3, "b": [100.0 * (1.0 + APART / 2)] * 3}
    assert validation({"a": 2.0, "b": 1.0}, near).pairs.empty
    assert np.isnan(made.score["pairs_in_order"])


def test_runs_others_disturbed_do_not_count_unless_all_are():
    calm = measured({"a": [100.0] * 4})
    predicted = {"a": {"throughput_pps": 100.0}}
    for bad in (
        measured({"a": [1.0] * 3}, lost=2 * MOST_LOST),
        measured({"a": [1.0] * 3}, steady=False),
    ):
        row = compared([case("a")], predicted, pd.concat([calm, bad])).table.iloc[0]
        assert (row["measured"], row["runs"], row["disturbed"]) == (100.0, 4, False)
        alone = compared([case("a")], predicted, bad).table.iloc[0]
        assert (alone["measured"], alone["runs"], alone["disturbed"]) == (1.0, 3, True)


def test_of_a_throughput_the_upper_of_a_time_the_lower_quantile_counts():
    rates = measured({"a": [1.0, 2.0, 3.0, 4.0, 5.0]})
    times = rates.assign(metric="busy_ns_per_frame")
    predicted = {"a": {"throughput_pps": 1.0, "busy_ns_per_frame": 1.0}}
    table = compared([case("a")], predicted, pd.concat([rates, times])).table.set_index("metric")
    assert table["measured"].to_dict() == {"throughput_pps": 4.0, "busy_ns_per_frame": 2.0}


@given(st.lists(st.floats(1.0, 1e6), min_size=2, max_size=30))
def test_a_quantile_lies_in_its_interval(values):
    middle, low, high = quantile_interval(np.array(values), 0.75)
    assert min(values) <= low <= high <= max(values)
    assert low <= middle <= high


def test_cases_whose_frames_were_calibrated_on_are_marked():
    calibrated = {frames_of(point.scenario) for point in points()}
    cases = throughput_cases()
    assert {c.name for c in cases if c.used} == {
        name for name in (c.name for c in cases) if name in {point.name for point in points()}
    }
    assert all((frames_of(c.scenario) in calibrated) == c.used for c in cases)
    assert sum(not c.used for c in cases) >= 12
    assert len({c.name for c in cases}) == len(cases)


def test_the_path_or_the_card_is_the_limit():
    (small,) = (c for c in throughput_cases(20_000) if c.name == "64 B, 16 flows")
    host = predict(small, MACHINE)
    dear = Calibration("dear", (Row("driver.receive", 400.0, 1.0, "assumed: a test"),), NIC)
    longer_ns = 1e9 / predict(small, dear)["throughput_pps"] - 1e9 / host["throughput_pps"]
    assert longer_ns == pytest.approx(300.0, rel=0.05)
    slow = Calibration("slow card", MACHINE.rows, NicThread(5_000.0, 0.0, 0.0, 0.0, "assumed: a test"))
    card = predict(small, slow)
    assert card["throughput_pps"] == pytest.approx(1e9 / 5_000.0, rel=0.01)


def test_paced_cases_offer_their_share():
    (small,) = (c for c in throughput_cases(20_000) if c.name == "64 B, 16 flows")
    (half,) = paced_cases([(small, 200_000.0)], loads=(0.5,), seconds=0.05)
    offered = half.scenario["traffic.streams.0.generated.offered"]
    assert offered == {"frames_per_second": 100_000}
    figures = predict(half, MACHINE)
    assert set(figures) == {"busy_ns_per_frame", "latency_p50_ns"}


def test_without_a_card_nothing_is_predicted():
    bare = Calibration("bare", MACHINE.rows)
    with pytest.raises(ValueError, match=r"has no \[nic\]"):
        predict(throughput_cases(1_000)[0], bare)
    with pytest.raises(ValueError, match="repeats = 1"):
        validate(MACHINE, repeats=1)


def test_both_ways_are_run():
    settings = {"repeats": 2, "frames": 8_000, "loads": (0.05,), "quick": True, "patience_s": 0.0}
    made = validate(MACHINE, **settings, progress=False)
    assert isinstance(made, Validation)
    cases = {c.name for c in throughput_cases(quick=True)}
    assert cases < set(made.table["case"])
    assert set(made.table["metric"]) == {"throughput_pps", "busy_ns_per_frame", "latency_p50_ns"}
    assert (made.table[["predicted", "measured", "low", "high"]] > 0.0).all(axis=None)
    assert (made.table["low"] <= made.table["measured"]).all()
    assert set(made.judged["case"]) == {c.name for c in throughput_cases(quick=True) if not c.used}
    assert 0.0 < BAR < 1.0
