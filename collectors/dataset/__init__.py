"""Runs and comparisons as folders: one Parquet file per table and a manifest. The only writer of datasets.

Calibrations and validations, which people read, are folders of text files.
"""

from collectors.dataset.calibration import (
    load_observations,
    load_validation,
    save_calibration,
    save_validation,
)
from collectors.dataset.errors import DatasetError
from collectors.dataset.load import load
from collectors.dataset.save import save

__all__ = [
    "DatasetError",
    "load",
    "load_observations",
    "load_validation",
    "save",
    "save_calibration",
    "save_validation",
]
