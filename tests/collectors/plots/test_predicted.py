"""Figures of predictions say what they are of, and mark what calibrated them."""

import pandas as pd

from collectors import plots
from collectors.validate.anchors.rows import COLUMNS as PUBLISHED
from collectors.validate.validation import COLUMNS, Validation


def made():
    rows = [
        ("a", "throughput_pps", float("nan"), False, 1.1e6, 1.0e6, 0.9e6, 1.2e6, 3, False, 0.1),
        ("b", "throughput_pps", float("nan"), True, 2.0e6, 2.0e6, 1.9e6, 2.1e6, 4, False, 0.0),
    ]
    return Validation(pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS))


def test_prediction_beside_measurement():
    svg = plots.prediction(made()).svg()
    for told in ("calibrated on", "predicted", "measured", "n = 3 to 4", "engine beside model"):
        assert told in svg, told


def test_a_metric_nobody_measured_is_an_empty_figure():
    assert "<svg" in plots.prediction(made(), "latency_p50_ns").svg()


def test_published_tables():
    rows = [("C1", "x", "Gb/s", 1.0, 1.0, True, ""), ("C1", "y", "Gb/s", 2.0, 3.0, False, "why")]
    table = pd.DataFrame(rows, columns=list(PUBLISHED)).astype(PUBLISHED)
    svg = plots.anchors(table, "C1").svg()
    assert "published" in svg
    assert "calibrated on" in svg


def test_frames_measured_and_fitted():
    names = ["64 B", "64 B: softirq"]
    residuals = pd.DataFrame({"equation": names, "measured_ns": [90.0, 50.0], "fitted_ns": [91.0, 49.0]})
    svg = plots.frame_costs(residuals).svg()
    assert "fitted" in svg
    assert "64 B: softirq" not in svg
