"""C1: throughput per core of one TCP flow (Cai et al., SIGCOMM 2021) by what is optimised.

Two factors are calibrated, on operations and on what moving bytes costs (the copy and all stalls), on the row
without optimisations and the one with all; the rows between are predicted.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from collectors.validate.anchors.cai import CONFIGS, EXTREMES, SEGMENT_BYTES, per_segment
from collectors.validate.anchors.rows import Row

REMARKS = {
    "tsogro+jumbo": "published, GRO hardly helps jumbo frames where the interrupt is on another node",
    "tsogro+arfs": "without aRFS frames lay in the memory of the interrupt's node; here in the NIC's LLC",
    "jumbo+arfs": "as tsogro+arfs",
}
"""Why a row does not come out."""


def _parts(name: str) -> tuple[float, float]:
    """ns per segment: operations but the copy, and the copy with all stalls."""
    work = per_segment(CONFIGS[name])
    copy_ns = float(work["op_ns"]["copy.payload"])
    return float(work["op_ns"].sum()) - copy_ns, float(work["cache_ns"].sum()) + copy_ns


def rows(folder: Path) -> list[Row]:
    """Gb/s per core."""
    published = pd.read_csv(folder / "cai_sigcomm21_throughput_per_core.csv").set_index("config")
    wanted = published.loc[list(CONFIGS), "gbps_per_core"].astype("float64")
    parts = {name: _parts(name) for name in CONFIGS}
    left = np.array([parts[name] for name in EXTREMES])
    right = np.array([8.0 * SEGMENT_BYTES / wanted[name] for name in EXTREMES])
    operations, bytes_ = np.linalg.solve(left, right)
    return [
        Row(
            name,
            "Gb/s per core",
            float(wanted[name]),
            float(8.0 * SEGMENT_BYTES / (operations * ops_ns + bytes_ * bytes_ns)),
            name in EXTREMES,
            REMARKS.get(name, ""),
        )
        for name, (ops_ns, bytes_ns) in parts.items()
    ]
