"""Write a dataset: into a folder beside the target, then renamed, so that a reader never sees half of one."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from collectors.columns import Clock
from collectors.compare.comparison import Comparison
from collectors.dataset.manifest import FILE, SCHEMA_VERSION, Kind, Manifest, digest, write
from collectors.live_run import LiveRun, RealTime
from collectors.outcome import Outcome
from collectors.provenance import capture
from engine import _core
from engine.run import captures
from engine.scenario import Scenario


def save(what: Outcome | Comparison, folder: str | Path) -> Path:
    """Write a run, or a comparison of scenarios or of an interface's settings, as a new folder.

    Returns its path.
    Equal runs in virtual time give equal bytes but for manifest.json's `volatile`.

    Raises
    ------
    FileExistsError : the folder is there already; nothing is changed.
    OSError : it cannot be written; nothing is left behind.
    """
    if isinstance(what, Outcome):
        frames = {name: what.table(name) for name in what.tables}
        scenarios = {what.scenario.name or "run": what.scenario}
        manifest = _manifest("run", what.clock, scenarios, dict(what.stats), dict(what.provenance))
        if isinstance(what, LiveRun):
            took = {"elapsed_ns": what.elapsed_ns, "lost_ns": what.lost_ns}
            manifest["real_time"] = _how(what.how) | took
    else:
        frames = {"runs": what.table, **what.tables}
        stats = {f"{r.name}/{r.repeat}": dict(r.stats) for r in what.runs}
        kind: Kind = "comparison" if what.target is None else "target"
        scenarios = dict(what.scenarios) if what.target is None else {}
        manifest = _manifest(kind, what.clock, scenarios, stats, capture().as_dict())
        if what.target is not None:
            manifest["target"] = dict(what.target)
        if what.how is not None:
            lost = {f"{r.name}/{r.repeat}": r.lost_share for r in what.runs}
            manifest["real_time"] = _how(what.how) | {"lost_share": lost}
    return _write(Path(folder), frames, manifest)


def _how(how: RealTime) -> dict[str, Any]:
    return {"how": dict(how.arguments())}


def _manifest(
    kind: Kind,
    clock: Clock,
    scenarios: Mapping[str, Scenario],
    stats: dict[str, Any],
    provenance: dict[str, Any],
) -> Manifest:
    contents = {name: blob for each in scenarios.values() for name, blob in captures(each).items()}
    return {
        "schema_version": SCHEMA_VERSION,
        "kind": kind,
        "clock": clock,
        "scenarios": {name: each.document() for name, each in scenarios.items()},
        "stats": stats,
        "build": dict(_core.build()),
        "captures": {name: hashlib.sha256(blob).hexdigest() for name, blob in contents.items()},
        "files": {},
        "volatile": {
            "written": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "provenance": provenance,
        },
    }


def _write(folder: Path, frames: Mapping[str, pd.DataFrame], manifest: Manifest) -> Path:
    if folder.exists():
        raise FileExistsError(f"{folder}: already there; datasets are not overwritten")
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        for name, data in frames.items():
            path = partial / f"{name}.parquet"
            pq.write_table(pa.Table.from_pandas(data, preserve_index=False), path, compression="zstd")
            manifest["files"][path.name] = digest(path)
        write(partial, manifest)
        _flush(partial)
        partial.chmod(0o755)
        partial.rename(folder)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return folder


def _flush(folder: Path) -> None:
    for path in (*folder.glob("*.parquet"), folder / FILE):
        with path.open("rb") as file:
            os.fsync(file.fileno())
