"""Read a dataset back: bytes verified, types checked, the conservation law asserted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from collectors.columns import TABLES, TableSpec
from collectors.compare.comparison import Comparison
from collectors.compare.record import RunRecord
from collectors.datapath.frame import check
from collectors.dataset.errors import DatasetError
from collectors.dataset.manifest import Manifest, read
from collectors.law import assert_conserved
from collectors.live_run import LiveRun, RealTime
from collectors.run import Run
from engine.errors import ConservationError
from engine.scenario import Scenario

if TYPE_CHECKING:
    from collectors.linux.columns import HostTable


def load(folder: str | Path, *, accept_broken_law: bool = False) -> Run | LiveRun | Comparison:
    """The run or comparison saved in a folder.

    Parameters
    ----------
    accept_broken_law : look at a dataset whose frames do not add up.

    Raises
    ------
    DatasetError : no dataset, another version, changed bytes, wrong types, or frames that do not add up.
    OSError
    """
    folder = Path(folder)
    manifest = read(folder)
    if manifest["kind"] == "target":
        return _target(folder, manifest, accept_broken_law)
    frames = _frames(folder, manifest, TABLES)
    scenarios = {name: Scenario.from_json(json.dumps(text)) for name, text in manifest["scenarios"].items()}
    if manifest["kind"] == "comparison":
        return _comparison(manifest, frames, scenarios, accept_broken_law)
    if manifest["kind"] != "run":
        raise DatasetError(f"{folder}: kind {manifest['kind']!r}; known are run, comparison and target")
    for name, data in frames.items():
        try:
            check(TABLES[name], data)
        except (KeyError, TypeError) as cause:
            raise DatasetError(f"{folder / name}.parquet: {cause}") from None
    stats: Any = manifest["stats"]
    _law(folder, accept_broken_law, stats, frames)
    (scenario,) = scenarios.values()
    environment = manifest["volatile"]["provenance"]["environment"]
    real = manifest.get("real_time")
    if real is not None:
        how = RealTime(**real["how"])
        took = {"elapsed_ns": int(real["elapsed_ns"]), "lost_ns": int(real["lost_ns"])}
        return LiveRun(scenario, stats, frames.__getitem__, how, **took, provenance=environment)
    return Run(
        scenario,
        stats,
        frames.__getitem__,
        tuple(name for name in TABLES if name in frames),
        provenance=environment,
    )


def _frames(
    folder: Path, manifest: Manifest, tables: Mapping[str, TableSpec] | Mapping[str, HostTable]
) -> dict[str, pd.DataFrame]:
    return {Path(name).stem: _frame(folder / name, tables.get(Path(name).stem)) for name in manifest["files"]}


def _frame(path: Path, table: TableSpec | HostTable | None) -> pd.DataFrame:
    try:
        data: pd.DataFrame = pq.read_table(path).to_pandas()
    except pa.ArrowException as cause:
        raise DatasetError(f"{path}: not readable as Parquet: {cause}") from None
    declared = table.columns if table is not None else ()
    names = {column.name for column in declared if column.dtype == "category"} | {"clock", "source"}
    # A column without rows forgets that it holds names.
    return data.astype(dict.fromkeys(names.intersection(data.columns), "category"))


def _law(folder: Path, accept: bool, stats: Any, frames: dict[str, pd.DataFrame]) -> None:  # noqa: ANN401 - JSON
    try:
        assert_conserved(stats, frames["queues"], frames["drops"])
    except ConservationError as cause:
        if not accept:
            raise DatasetError(f"{folder}: {cause}") from None


def _comparison(
    manifest: Manifest, frames: dict[str, pd.DataFrame], scenarios: dict[str, Scenario], accept: bool
) -> Comparison:
    real = manifest.get("real_time")
    lost = {} if real is None else real["lost_share"]
    runs = _runs(manifest, frames, lost)
    for run in runs:
        _law(Path(run.name), accept, run.stats, dict(run.tables))
    return Comparison(scenarios, runs, None if real is None else RealTime(**real["how"]))


def _target(folder: Path, manifest: Manifest, accept: bool) -> Comparison:
    # pyroute2 and more, which other datasets need not load
    from collectors.linux.columns import TABLES as HOST
    from collectors.target.compare import TargetComparison

    frames = _frames(folder, manifest, HOST)
    runs = _runs(manifest, frames, {})
    for run in runs:
        ended = run.stats["delivered"] + sum(run.stats["dropped"].values())
        if run.stats["rx"] != ended and not accept:
            raise DatasetError(f"{folder}: {run.name}: {run.stats['rx']} frames, {ended} of them ended")
    return TargetComparison.from_target(manifest["target"], runs)


def _runs(
    manifest: Manifest, frames: dict[str, pd.DataFrame], lost: Mapping[str, float]
) -> tuple[RunRecord, ...]:
    rows = frames.pop("runs")
    split = {
        name: dict(list(data.groupby(["name", "repeat"], observed=True))) for name, data in frames.items()
    }
    runs = []
    for row in rows.to_dict(orient="records"):
        name, repeat, seed = str(row.pop("name")), int(row.pop("repeat")), int(row.pop("seed"))
        own = {
            table: parts.get((name, repeat), frames[table].iloc[:0])
            .drop(columns=["name", "repeat"])
            .reset_index(drop=True)
            for table, parts in split.items()
        }
        stats = manifest["stats"][f"{name}/{repeat}"]
        figures = {str(metric): float(value) for metric, value in row.items()}
        share = float(lost.get(f"{name}/{repeat}", "nan"))
        runs.append(RunRecord(name, repeat, seed, stats, figures, own, share))
    return tuple(runs)
