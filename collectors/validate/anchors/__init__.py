"""Virtual time beside published tables: shapes, never other machines' absolute numbers.

Each check is calibrated on a table's two extreme rows and predicts the others; ratios are predicted without.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from collectors.validate.anchors import (
    arfs,
    attack,
    cpu_shares,
    forwarding,
    interrupts,
    pages,
    per_core,
    redirect,
    zero_copy,
)
from collectors.validate.anchors.missing import MISSING
from collectors.validate.anchors.rows import COLUMNS, Row

FOLDER = Path(__file__).resolve().parents[3] / "datasets" / "anchors"
"""The published tables, in the source tree."""

CHECKS: dict[str, Callable[[Path], list[Row]]] = {
    "C1": per_core.rows,
    "C2": cpu_shares.rows,
    "C12": forwarding.rows,
    "C13": redirect.rows,
    "C14": attack.rows,
    "C15": interrupts.rows,
    "C16": pages.rows,
    "C18": zero_copy.rows,
}
"""By the table's number in datasets/anchors/manifest.toml."""

RATIOS: dict[str, Callable[[Path], list[Row]]] = {"C1": arfs.rows, "C18": zero_copy.ratios}
"""Ratios of a table's rows, for which nothing is calibrated."""


def compare(folder: Path = FOLDER) -> pd.DataFrame:
    """Published beside predicted, a row per row of a table. Columns `COLUMNS`.

    Raises
    ------
    FileNotFoundError : the published tables are not there.
    """
    checks = [*CHECKS.items(), *RATIOS.items()]
    rows = [(anchor, *row) for anchor, check in checks for row in check(folder)]
    table = pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)
    table["residual"] = table["predicted"] / table["published"] - 1.0
    return table


def missing() -> pd.DataFrame:
    """Published tables no check can be made of yet, and what is missing: `anchor`, `table`, `why`."""
    return pd.DataFrame(MISSING, columns=["anchor", "table", "why"])


__all__ = ["CHECKS", "COLUMNS", "FOLDER", "RATIOS", "compare", "missing"]
