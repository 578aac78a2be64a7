"""Calibrations and validations as folders of text files."""

from __future__ import annotations

import io
from pathlib import Path

import pandas as pd

from collectors.calibrate.measure import COLUMNS as OBSERVED
from collectors.calibrate.own_host import Calibrated
from collectors.dataset.tables import load_text, save_tables
from collectors.validate.validation import COLUMNS as VALIDATED
from collectors.validate.validation import Validation
from engine.calibration import Calibration

COSTS = "costs.toml"
"""The calibration itself, which a scenario may name."""

_ABOUT = {
    COSTS: "Costs of one machine, for a scenario's `costs`; each row with its uncertainty and source.",
    "observations.csv": "What was measured: a row per point, repeat and operation, in ns per frame.",
    "residuals.csv": "Each equation of the fit: measured, fitted, give or take, in ns.",
    "validation.csv": "Prediction beside measurement, a row per case and metric.",
    "pairs.csv": "Cases whose measured throughputs differ beyond noise, and whether the order was predicted.",
}


def save_calibration(made: Calibrated, folder: str | Path, *, replace: bool = False) -> Path:
    """Write a calibration, what it was made from and how well it fits. Raises as `save_tables`."""
    files: dict[str, str | pd.DataFrame] = {
        COSTS: made.calibration.to_toml(),
        "observations.csv": made.observations.round(4),
        "residuals.csv": made.residuals.round(4),
    }
    about = {file: _ABOUT[file] for file in files}
    calibration = made.calibration
    return save_tables(folder, calibration.name, files, about, calibration.provenance, replace=replace)


def load_observations(folder: str | Path) -> pd.DataFrame:
    """What a calibration was made from, as `collectors.calibrate.measure` gave it. Raises DatasetError."""
    return pd.read_csv(io.StringIO(load_text(folder, "observations.csv")), dtype=OBSERVED)


def save_validation(
    made: Validation, calibration: Calibration, folder: str | Path, *, replace: bool = False
) -> Path:
    """Write a validation. Raises as `save_tables`."""
    files = {"validation.csv": made.table.round(6), "pairs.csv": made.pairs.round(6)}
    about = {file: _ABOUT[file] for file in files}
    provenance = {"calibration": calibration.name, **calibration.provenance}
    return save_tables(folder, f"validation of {calibration.name}", files, about, provenance, replace=replace)


def load_validation(folder: str | Path) -> Validation:
    """A validation read back. Raises DatasetError."""
    text = load_text(folder, "validation.csv")
    return Validation(pd.read_csv(io.StringIO(text), dtype=VALIDATED))
