"""Arrow to DataFrame: types as declared, numeric columns without a copy."""

import numpy as np
import pyarrow as pa
import pytest

from collectors.columns import CLOCKS, SOURCES, TABLES
from collectors.datapath.frame import check, frame

ARROW = {
    "int64": pa.int64(),
    "uint64": pa.uint64(),
    "float64": pa.float64(),
    "category": pa.string(),
    "str": pa.string(),
}
VALUES = {
    "int64": [3, -1],
    "uint64": [3, 1],
    "float64": [0.5, 2.0],
    "category": ["b", "a"],
    "str": ["x", "y"],
}


def batch(name):
    spec = TABLES[name]
    arrays = [pa.array(VALUES[column.dtype], ARROW[column.dtype]) for column in spec.columns]
    names = ["source" if column.name == "source_address" else column.name for column in spec.columns]
    return pa.record_batch(arrays, names=names)


@pytest.mark.parametrize("name", TABLES)
def test_every_table_has_its_declared_columns(name):
    data = frame(name, batch(name))
    check(TABLES[name], data)
    assert list(data.columns[-2:]) == ["clock", "source"]
    assert data["clock"].astype(str).unique().tolist() == ["virtual"]
    assert data["source"].astype(str).unique().tolist() == [TABLES[name].source]
    assert tuple(data["clock"].cat.categories) == CLOCKS
    assert tuple(data["source"].cat.categories) == SOURCES


@pytest.mark.parametrize("name", TABLES)
def test_numeric_columns_share_the_memory_of_the_core(name):
    table = batch(name)
    data = frame(name, table)
    for i, column in enumerate(TABLES[name].columns):
        if column.dtype in ("int64", "uint64", "float64"):
            buffer = table.column(i).buffers()[1]
            theirs = np.frombuffer(buffer, dtype=column.dtype)
            assert np.shares_memory(theirs, data[column.name].to_numpy()), column.name


def test_an_empty_table_keeps_its_types():
    data = frame("drops", batch("drops").slice(0, 0))
    check(TABLES["drops"], data)
    assert len(data) == 0


@pytest.mark.parametrize("change", ["missing", "renamed", "retyped"])
def test_what_is_not_declared_is_refused(change):
    table = batch("cpu")
    if change == "missing":
        table = table.select(["cpu", "context", "ns"])
    elif change == "renamed":
        table = table.rename_columns(["cpu", "context", "nanoseconds", "share"])
    else:
        table = table.set_column(2, "ns", pa.array([1, 2], pa.int64()))
    with pytest.raises(TypeError, match="cpu"):
        frame("cpu", table)


def test_every_column_is_explained():
    for spec in TABLES.values():
        assert spec.row
        for column in spec.columns:
            assert column.meaning, f"{spec.name}.{column.name}"
        assert len({column.name for column in spec.columns}) == len(spec.columns)


def test_counts_are_the_engine_s_and_times_the_model_s():
    sources = {name: spec.source for name, spec in TABLES.items()}
    assert {sources[name] for name in ("queues", "drops", "flows", "counters", "verdicts")} == {"engine"}
    assert {sources[name] for name in ("cpu", "timeline", "cache", "latency", "ledger")} == {"model"}


def test_the_memory_of_the_core_cannot_be_written_through_a_frame():
    table = batch("cpu")
    data = frame("cpu", table)
    with pytest.raises(ValueError, match="read-only"):
        data.loc[0, "ns"] = 99.0
    changed = data.copy()
    changed.loc[0, "ns"] = 99.0
    assert table.column(2).to_pylist() == VALUES["float64"]
