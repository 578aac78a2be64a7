"""Latency from buckets, judged by exact values."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.datapath import latency

SUB_BITS = 7


def bucket(value):
    magnitude = max(int(value).bit_length() - 1 - SUB_BITS, 0)
    low = value >> magnitude << magnitude
    return low, low + (1 << magnitude)


def table(values, part="total", queue=0):
    rows = pd.DataFrame(
        [(part, queue, *bucket(value), 1) for value in values],
        columns=["part", "queue", "low_ns", "high_ns", "frames"],
    )
    rows = rows.groupby(["part", "queue", "low_ns", "high_ns"], as_index=False)["frames"].sum()
    return rows.astype({"part": "category", "low_ns": "uint64", "high_ns": "uint64", "frames": "uint64"})


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=300), st.floats(0, 100))
def test_percentiles_are_nearest_ranks_within_a_bucket(values, percent):
    rank = max(int(np.ceil(percent / 100 * len(values) - 1e-9)), 1)
    exact = sorted(values)[rank - 1]
    found = latency.percentile(table(values), percent)[0]
    assert abs(found - exact) <= max(exact / 128, 0)


@given(
    st.lists(st.integers(0, 10**7), min_size=1, max_size=50),
    st.lists(st.integers(0, 10**7), min_size=1, max_size=50),
)
def test_merging_is_adding(a, b):
    merged = latency.merge([table(a), table(b, queue=1)])
    whole = latency.merge([table(a + b)])
    pd.testing.assert_frame_equal(merged, whole)


def test_ccdf_ends_at_nothing_and_falls():
    points = latency.ccdf(table([10, 20, 20, 30]))
    assert points["share"].tolist() == pytest.approx([0.75, 0.25, 0.0])
    assert points["share"].is_monotonic_decreasing


def test_the_curve_stops_where_no_frame_is_left():
    curve = latency.curve(table(range(1000)))
    assert curve["percent"].max() <= 99.9 + 1e-9
    assert curve["ns"].is_monotonic_increasing


def test_nothing_measured_is_not_zero():
    empty = table([1]).iloc[:0]
    assert np.isnan(latency.percentile(empty, [50, 99])).all()
    assert latency.worst_queue(empty)[0] == -1


def test_the_worst_queue():
    rows = pd.concat([table([10] * 9, queue=0), table([10] * 8 + [5000], queue=3)])
    queue, value = latency.worst_queue(rows, 99)
    assert queue == 3
    assert value == pytest.approx(5000, rel=0.01)


@pytest.mark.parametrize("percent", [-1, 101, [50, 200]])
def test_percentages_out_of_range(percent):
    with pytest.raises(ValueError, match="must be 0 to 100"):
        latency.percentile(table([1]), percent)
