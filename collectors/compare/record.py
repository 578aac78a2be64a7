"""One run of a comparison: its figures and the small tables, light enough to cross a process border."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from collectors.law import assert_conserved
from collectors.live_run import LiveRun
from collectors.outcome import Outcome
from engine.run import Stats

KEPT = ("cpu", "timeline", "queues", "drops", "cache", "latency", "ledger")
"""The tables a comparison keeps of each run, of those it has."""


@dataclass(frozen=True, slots=True)
class RunRecord:
    """What a comparison keeps of one run."""

    name: str
    repeat: int
    seed: int
    stats: Stats
    metrics: Mapping[str, float]
    """As `collectors.metrics.METRICS`."""
    tables: Mapping[str, pd.DataFrame]
    """Of `KEPT`, as `collectors.columns` describes them."""
    lost_share: float = float("nan")
    """In real time: share of the time that a thread wanted a CPU and other work had it."""


def record(name: str, repeat: int, run: Outcome) -> RunRecord:
    """What a comparison keeps of a run. Raises ConservationError where its frames do not add up."""
    tables = {table: run.table(table) for table in KEPT if table in run.tables}
    assert_conserved(run.stats, tables["queues"], tables["drops"])
    figures = {str(metric): float(value) for metric, value in run.summary.items()}
    lost = run.lost_share if isinstance(run, LiveRun) else float("nan")
    return RunRecord(name, repeat, run.scenario.seed, run.stats, figures, tables, lost)
