"""Rows of counters as DataFrames that fit `collectors.linux.columns`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from collectors.columns import CLOCKS, SOURCES, Source
from collectors.linux.columns import HostTable


def frame(spec: HostTable, rows: Sequence[tuple[object, ...]], source: Source) -> pd.DataFrame:
    """Rows of (start_ns, interval_ns,) keys and values as a DataFrame of the declared columns and dtypes.

    Raises ValueError when a row has another width than declared.
    """
    given = [column for column in spec.columns if column.name not in {r.column.name for r in spec.rates}]
    if any(len(row) != len(given) for row in rows):
        raise ValueError(f"table {spec.name} takes rows of {', '.join(column.name for column in given)}")
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(given)
    data = pd.DataFrame(
        {
            column.name: pd.Series(list(values), dtype="str" if column.dtype == "category" else column.dtype)
            for column, values in zip(given, columns, strict=True)
        }
    )
    for rate in spec.rates:
        interval = data["interval_ns"].to_numpy(dtype=np.float64)
        moved = data[rate.of].to_numpy(dtype=np.float64)
        per_ns = np.divide(moved, interval, out=np.full(len(data), np.nan), where=interval > 0)
        data[rate.column.name] = per_ns * rate.scale
    for column in spec.columns:
        if column.dtype == "category":
            data[column.name] = data[column.name].astype("category")
    for name, allowed, value in (("clock", CLOCKS, "real"), ("source", SOURCES, source)):
        codes = np.full(len(data), allowed.index(value), dtype=np.int8)
        data[name] = pd.Categorical.from_codes(codes, categories=pd.Index(list(allowed), dtype="str"))
    return data
