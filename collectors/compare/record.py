"""One run of a comparison: its figures and the small tables, light enough to cross a process border."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from collectors.law import assert_conserved
from collectors.metrics import metrics
from collectors.run import Run
from engine.run import Stats

KEPT = ("cpu", "timeline", "queues", "drops", "cache", "latency", "ledger")
"""The tables a comparison keeps of each run."""


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
    """`KEPT`, as `collectors.columns` describes them."""


def record(name: str, repeat: int, run: Run) -> RunRecord:
    """What a comparison keeps of a run. Raises ConservationError where its frames do not add up."""
    tables = {table: run.table(table) for table in KEPT}
    assert_conserved(run.stats, tables["queues"], tables["drops"])
    figures = metrics(tables, run.stats, run.scenario.duration_ns)
    return RunRecord(name, repeat, run.scenario.seed, run.stats, figures, tables)
