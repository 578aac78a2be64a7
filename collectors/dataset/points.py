"""A sweep's store: one file per run, written whole or not at all, its name says what its bytes must hash to.

STORE/sweep.json                 version, the plans with the keys of their runs, volatile provenance
STORE/lock                       held, with the holder's process number, while a sweep writes
STORE/points/KK/KEY-DIGEST.parquet
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from collectors.columns import Clock
from collectors.dataset.errors import DatasetError
from collectors.metrics import METRICS
from collectors.provenance import capture
from engine import _core

SCHEMA_VERSION = 1
"""Version of the store's layout; another one is refused by name."""
VOLATILE = ("attempt", "began", "seconds", "process")
"""Columns in which two equal runs may differ."""
LAW = ("rx", "delivered", "dropped", "pending", "consumed")
_FILE, _LOCK, _POINTS = "sweep.json", "lock", "points"

Row = Mapping[str, Any]


class Store:
    """The folder of a sweep. Reading needs no lock; writing is `locked()`'s."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)

    def open(self, plan: str, document: Mapping[str, Any], keys: Sequence[str]) -> None:
        """Make the folder where it is not there, and note the plan and its runs' keys, in order, in it.

        Raises
        ------
        DatasetError : a folder that holds something else, or another version.
        OSError : it cannot be written.
        """
        path = self.folder / _FILE
        if not path.exists():
            others = {one.name for one in self.folder.iterdir()} if self.folder.exists() else set()
            if others - {_LOCK, _POINTS}:
                raise DatasetError(f"{self.folder}: holds files that are not a sweep's; choose a new folder")
            (self.folder / _POINTS).mkdir(parents=True, exist_ok=True)
            content: dict[str, Any] = {"schema_version": SCHEMA_VERSION, "plans": {}}
        else:
            content = self.manifest()
        content["plans"][plan] = {"plan": dict(document), "keys": list(keys)}
        content["volatile"] = {
            "written": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "build": dict(_core.build()),
            "provenance": capture().as_dict(),
        }
        text = json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
        _write(path, text.encode())

    def manifest(self) -> dict[str, Any]:
        """The content of sweep.json. Raises DatasetError naming the file or the version."""
        path = self.folder / _FILE
        try:
            content: Any = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise DatasetError(f"{self.folder}: no {_FILE}; not a sweep's store") from None
        except ValueError as cause:
            raise DatasetError(f"{path}: not readable as JSON: {cause}") from None
        version = content.get("schema_version") if isinstance(content, dict) else None
        if version != SCHEMA_VERSION:
            raise DatasetError(f"{path}: schema version {version!r}; this build reads {SCHEMA_VERSION}")
        found: dict[str, Any] = content
        return found

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the store for writing. The kernel releases the lock of a process that was killed.

        Raises
        ------
        DatasetError : another process is writing; names it.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / _LOCK).open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.seek(0)
                holder = file.read().strip() or "unknown"
                raise DatasetError(f"{self.folder}: process {holder} is running a sweep here") from None
            file.truncate(0)
            file.write(f"{os.getpid()}\n")
            file.flush()
            yield

    def files(self) -> dict[str, Path]:
        """The stored runs' files by key."""
        return {path.name.partition("-")[0]: path for path in (self.folder / _POINTS).glob("??/*.parquet")}

    def put(self, key: str, row: Row) -> None:
        """Store one run's row, in place of an earlier one. Raises OSError; nothing is changed then."""
        sink = pa.BufferOutputStream()
        pq.write_table(pa.Table.from_pylist([dict(row)]), sink, compression="zstd")
        content = sink.getvalue().to_pybytes()
        shard = self.folder / _POINTS / key[:2]
        shard.mkdir(parents=True, exist_ok=True)
        earlier = set(shard.glob(f"{key}-*.parquet"))
        path = shard / f"{key}-{hashlib.sha256(content).hexdigest()}.parquet"
        _write(path, content)
        for other in earlier - {path}:
            other.unlink()

    def sweep_out(self) -> None:
        """Remove what a killed writer left half-written."""
        for path in self.folder.rglob(".*.partial"):
            with suppress(FileNotFoundError):
                path.unlink()


def read_point(path: Path) -> dict[str, Any]:
    """One stored row. Raises DatasetError when its bytes are not what was written."""
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != path.stem.partition("-")[2]:
        raise DatasetError(f"{path}: its SHA-256 is not the one in its name; run the sweep again")
    row: dict[str, Any] = pq.read_table(pa.BufferReader(content)).to_pylist()[0]
    return row


def load_sweep(store: str | Path, plan: str | None = None) -> pd.DataFrame:
    """The stored runs as one tidy DataFrame.

    Parameters
    ----------
    plan : a plan's key, where the store has several.

    Returns
    -------
    One row per run, in the order of the plan: `key` (str), the plan's parameters under their dotted keys,
    `repeat`, `seed` (int64), `status` (ok, error), `error` (str), the law's terms (Int64), every metric
    (float64), `clock`, and the `VOLATILE` columns. `attrs["provenance"]` is sweep.json.

    Raises
    ------
    DatasetError : no store, another version, changed bytes, frames that do not add up, an unknown plan.
    """
    found = Store(store)
    manifest = found.manifest()
    plans = manifest["plans"]
    if plan is None and len(plans) != 1:
        raise DatasetError(f"{store}: holds {len(plans)} plans; name one of {', '.join(sorted(plans))}")
    chosen = plan if plan is not None else next(iter(plans))
    if chosen not in plans:
        raise DatasetError(f"{store}: no plan {chosen}; there are {', '.join(sorted(plans))}")
    files = found.files()
    return tidy([read_point(files[key]) for key in plans[chosen]["keys"] if key in files], manifest)


def tidy(rows: list[dict[str, Any]], manifest: Mapping[str, Any], clock: Clock = "virtual") -> pd.DataFrame:
    """Rows as `load_sweep` gives them, in the given order. Raises DatasetError where frames do not add up."""
    for row in rows:
        if row["status"] == "ok" and row["rx"] != sum(row[term] for term in LAW[1:]):
            raise DatasetError(f"run {row['key']}: the ends of its {row['rx']} frames do not add up")
    parameters = list(dict.fromkeys(name for row in rows for name in json.loads(row["parameters"])))
    table = pd.DataFrame(
        {
            "key": pd.Series([row["key"] for row in rows], dtype="str"),
            **{name: [json.loads(row["parameters"]).get(name) for row in rows] for name in parameters},
            "repeat": pd.Series([row["repeat"] for row in rows], dtype="int64"),
            "seed": pd.Series([row["seed"] for row in rows], dtype="int64"),
            "status": pd.Series([row["status"] for row in rows], dtype="category"),
            "error": pd.Series([row["error"] for row in rows], dtype="str"),
            **{term: pd.Series([row.get(term) for row in rows], dtype="Int64") for term in LAW},
            **{name: pd.Series([row.get(name) for row in rows], dtype="float64") for name in METRICS},
            "clock": pd.Series([clock] * len(rows), dtype="category"),
            **{name: [row[name] for row in rows] for name in VOLATILE},
        }
    )
    table.attrs["provenance"] = dict(manifest)
    return table


def _write(path: Path, content: bytes) -> None:
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.rename(path)
    except BaseException:
        with suppress(OSError):
            partial.unlink()
        raise
