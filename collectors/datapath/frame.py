"""Arrow record batches as DataFrames that fit `collectors.columns`.

Numeric columns share the memory the core wrote (int64, uint64, float64: every one of them, in every table).
Name columns are dictionary-encoded in Arrow and become categoricals; address and detail columns become `str`.
No Python runs per row.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
import pandas as pd
import pyarrow as pa

from collectors.columns import CLOCKS, RENAMED, SOURCES, TABLES, Clock, Source, TableSpec

BASIC = ("cpu", "timeline", "queues", "drops", "cache", "latency", "ledger", "flows", "events", "counters")
"""The tables every run has; the others must be asked for in `observe`."""


class ArrowTable(Protocol):
    """Whatever offers one record batch through the Arrow PyCapsule interface."""

    def __arrow_c_array__(self, requested_schema: object | None = None) -> tuple[object, object]:
        """Schema and array capsules."""


def frame(
    name: str, table: ArrowTable, *, clock: Clock = "virtual", source: Source | None = None
) -> pd.DataFrame:
    """A table of the core as a DataFrame: columns, dtypes and units as `collectors.columns.TABLES[name]`.

    Parameters
    ----------
    name : one of `collectors.columns.TABLES`.
    source : where the figures come from; default as the table's declaration.

    Raises
    ------
    TypeError : the table's columns or types are not the declared ones.
    """
    spec = TABLES[name]
    batch = pa.record_batch(table)
    renamed = RENAMED.get(name, {})
    batch = batch.rename_columns([renamed.get(column, column) for column in batch.schema.names])
    _check_names(spec, batch.schema.names)
    encoded = [
        batch.column(i).dictionary_encode() if column.dtype == "category" else batch.column(i)
        for i, column in enumerate(spec.columns)
    ]
    data: pd.DataFrame = pa.table(encoded, names=[column.name for column in spec.columns]).to_pandas(
        split_blocks=True
    )
    origin = {"clock": (CLOCKS, clock), "source": (SOURCES, source or spec.source)}
    for column, (allowed, value) in origin.items():
        codes = np.full(len(data), allowed.index(value), dtype=np.int8)
        data[column] = pd.Categorical.from_codes(codes, categories=pd.Index(list(allowed), dtype="str"))
    check(spec, data)
    return data


def check(spec: TableSpec, data: pd.DataFrame) -> None:
    """Raise TypeError unless `data` has exactly the declared columns, in order, with the declared dtypes."""
    _check_names(spec, [name for name in data.columns if name not in ("clock", "source")])
    for column in spec.columns:
        found = str(data[column.name].dtype)
        if found != column.dtype:
            raise TypeError(f"{spec.name}.{column.name} is {found}, declared as {column.dtype}")


def _check_names(spec: TableSpec, names: list[str]) -> None:
    expected = [column.name for column in spec.columns]
    if names != expected:
        raise TypeError(f"table {spec.name} has {', '.join(names)}; declared are {', '.join(expected)}")
