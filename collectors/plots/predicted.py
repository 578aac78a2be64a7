"""Prediction beside measurement."""

from __future__ import annotations

import numpy as np
import pandas as pd

from collectors.plots.drawing import Drawing, styled
from collectors.plots.style import BLUE, GREY, ORANGE, VERMILION
from collectors.validate.validation import BAR, Validation

LABELS = {
    "throughput_pps": "throughput, million frames/s",
    "busy_ns_per_frame": "CPU's work, ns per frame",
    "latency_p50_ns": "median latency, ns",
}
SCALES = {"throughput_pps": 1e-6}


@styled
def prediction(made: Validation, metric: str = "throughput_pps", title: str = "") -> Drawing:
    """One line per case: what was measured with its interval, what was predicted, and the bar around it.

    Hollow: the calibration was made from these frames.
    """
    rows = made.table[made.table["metric"] == metric].reset_index(drop=True)
    scale = SCALES.get(metric, 1.0)
    drawing = Drawing(height=1.0 + 0.22 * max(len(rows), 1))
    axes = drawing.axes[0]
    place = np.arange(len(rows))
    middle, low, high, expected = (
        rows[column].to_numpy(dtype=np.float64) * scale for column in ("measured", "low", "high", "predicted")
    )
    axes.hlines(place, middle / (1 + BAR), middle * (1 + BAR), color=GREY, lw=5, alpha=0.5)
    around = [middle - low, high - middle]
    axes.errorbar(middle, place, xerr=around, fmt="|", ms=7, color=BLUE, label="measured")
    for used, filled in ((False, VERMILION), (True, "none")):
        of = rows["used"].to_numpy(dtype=bool) == used
        label = "calibrated on" if used else "predicted"
        if of.any():
            axes.plot(expected[of], place[of], "o", ms=5, mfc=filled, mec=VERMILION, label=label)
    axes.set(xscale="log", yticks=place, yticklabels=rows["case"], xlabel=LABELS.get(metric, metric))
    axes.invert_yaxis()
    axes.legend(loc="best")
    axes.set_title(title or "Virtual time's prediction beside real time")
    runs = f"{int(rows['runs'].min())} to {int(rows['runs'].max())}" if len(rows) else "0"
    extra = f"medians with {0.9:.0%} intervals; band: {BAR:.0%}"
    return drawing.note(runs, "engine beside model", clock="real and virtual", loop="see case", extra=extra)


@styled
def anchors(table: pd.DataFrame, anchor: str, title: str = "") -> Drawing:
    """A published table's rows beside what virtual time says; hollow rows calibrated the check."""
    rows = table[table["anchor"] == anchor].reset_index(drop=True)
    drawing = Drawing(height=2.6)
    axes = drawing.axes[0]
    place = np.arange(len(rows))
    axes.plot(place, rows["published"], "-", color=GREY, marker="s", ms=5, label="published")
    used = rows["used"].to_numpy(dtype=bool)
    axes.plot(place[~used], rows["predicted"][~used], "o", color=ORANGE, label="predicted")
    axes.plot(place[used], rows["predicted"][used], "o", mfc="none", mec=ORANGE, label="calibrated on")
    axes.set_xticks(place, rows["row"], rotation=30 if len(rows) > 6 else 0)
    axes.set_ylabel(str(rows["unit"].iloc[0]) if len(rows) else "")
    axes.set_ylim(bottom=0)
    axes.legend(loc="best")
    axes.set_title(title or f"{anchor}: published and predicted")
    return drawing.note(1, "model beside a publication", extra="calibrated on the two extreme rows")


@styled
def frame_costs(residuals: pd.DataFrame, title: str = "") -> Drawing:
    """What a frame took at each point of a calibration, and what the fit makes of it."""
    whole = residuals[~residuals["equation"].str.contains(": ")].reset_index(drop=True)
    drawing = Drawing(height=1.0 + 0.3 * max(len(whole), 1))
    axes = drawing.axes[0]
    place = np.arange(len(whole))
    axes.barh(place - 0.18, whole["measured_ns"], height=0.34, color=BLUE, label="measured")
    axes.barh(place + 0.18, whole["fitted_ns"], height=0.34, color=ORANGE, label="fitted")
    axes.set(yticks=place, yticklabels=whole["equation"], xlabel="ns of the host's CPU per frame")
    axes.invert_yaxis()
    axes.legend(loc="best")
    axes.set_title(title or "What a frame takes, and what the costs add up to")
    return drawing.note(len(whole), "engine beside fit", clock="real", loop="lossless and paced")
