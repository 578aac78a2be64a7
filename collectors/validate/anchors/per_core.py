"""C1: throughput per core of one TCP flow (Cai et al., SIGCOMM 2021), without GRO, which has no stage yet.

Two numbers are calibrated, a factor on every operation but the copy and the copy's cost of a byte, on the
dearest row and the cheapest without GRO; the row between them is predicted.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from collectors.datapath import Datapath
from collectors.validate.anchors.rows import Row
from engine.run import execute
from engine.scenario import Scenario

CONFIGS = {
    "no-opts": {"bytes": 1518, "app_cpu": 1},
    "jumbo": {"bytes": 9018, "app_cpu": 1},
    "jumbo+arfs": {"bytes": 9018, "app_cpu": 0},
}
"""Frame and the CPU that reads; interrupts are CPU 0's, which aRFS makes the reader's too."""
EXTREMES = ("no-opts", "jumbo+arfs")
OFFERED_BPS = {1518: 3_000_000_000, 9018: 10_000_000_000}
"""Well within what the path takes: work per byte is asked for, not the most that goes."""


def scenario(bytes_: int, app_cpu: int) -> Scenario:
    """One TCP flow on one queue."""
    stream = "traffic.streams.0.generated"
    per_second = OFFERED_BPS[bytes_] // (8 * bytes_)
    return Scenario().with_(
        **{
            "duration_ns": 20_000_000,
            "drain_ns": 5_000_000,
            "traffic.rate_bps": 100_000_000_000,
            f"{stream}.offered": {"frames_per_second": per_second},
            f"{stream}.sizes": {"fixed": {"bytes": bytes_}},
            f"{stream}.flows": {"count": 1, "tcp_share": 1.0},
            "nic.queues": 1,
            "host.cpus": 2,
            "host.apps.count": 1,
            "host.apps.cpus": [app_cpu],
        }
    )


def _per_byte(bytes_: int, app_cpu: int) -> tuple[float, float]:
    """ns per byte of payload: operations but the copy, and stalls."""
    done = execute(scenario(bytes_, app_cpu))
    ledger = Datapath(done).table("ledger")
    copy = ledger["op"] == "copy.payload"
    payload = float(ledger.loc[copy, "count"].sum())
    return float(ledger.loc[~copy, "op_ns"].sum()) / payload, float(ledger["cache_ns"].sum()) / payload


def rows(folder: Path) -> list[Row]:
    """Gb/s per core."""
    published = pd.read_csv(folder / "cai_sigcomm21_throughput_per_core.csv").set_index("config")
    wanted = published.loc[list(CONFIGS), "gbps_per_core"].astype("float64")
    parts = {name: _per_byte(config["bytes"], config["app_cpu"]) for name, config in CONFIGS.items()}
    left = np.array([[parts[name][0], 1.0] for name in EXTREMES])
    right = np.array([8.0 / wanted[name] - parts[name][1] for name in EXTREMES])
    factor, copy_ns = np.linalg.solve(left, right)
    predicted = {name: 8.0 / (factor * ops + copy_ns + stalls) for name, (ops, stalls) in parts.items()}
    return [
        Row(name, "Gb/s per core", float(wanted[name]), float(predicted[name]), name in EXTREMES)
        for name in CONFIGS
    ]
