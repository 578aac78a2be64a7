"""Runs and comparisons as folders: one Parquet file per table and a manifest. The only writer of datasets."""

from collectors.dataset.errors import DatasetError
from collectors.dataset.load import load
from collectors.dataset.save import save

__all__ = ["DatasetError", "load", "save"]
