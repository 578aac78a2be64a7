"""What a run came to, whichever ground it ran on: one shape for virtual and for real time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from collectors.columns import Clock
from collectors.datapath import latency as latencies
from collectors.metrics import NEEDED, metrics
from collectors.provenance import Environment, capture
from collectors.show import run_html, run_text
from engine import _core
from engine.run import Stats
from engine.scenario import Scenario

TableSource = Callable[[str], pd.DataFrame]


class Outcome(ABC):
    """What a scenario did. Every table is described in `collectors.columns.TABLES`."""

    clock: Clock
    """Whose time it is."""

    def __init__(
        self,
        scenario: Scenario,
        stats: Stats,
        source: TableSource,
        tables: Sequence[str],
        provenance: Environment | Mapping[str, object] | None = None,
    ) -> None:
        self.scenario = scenario
        self.stats: Stats = stats
        """Where every frame ended: rx = delivered + dropped + pending + consumed."""
        self.tables = tuple(tables)
        """Names of the tables this run has."""
        self._source = source
        self._provenance = provenance
        self._frames: dict[str, pd.DataFrame] = {}

    @property
    @abstractmethod
    def rated_ns(self) -> int:
        """The time its rates are taken over."""

    @property
    def loop(self) -> str:
        """How the load was offered."""
        return "open loop"

    @property
    def note(self) -> str:
        """What whoever reads the figures must know besides, or nothing."""
        return ""

    def table(self, name: str) -> pd.DataFrame:
        """A table by name. Raises KeyError for one this run does not have."""
        if name not in self._frames:
            if name not in self.tables:
                raise KeyError(f"{name}: this run has {', '.join(self.tables)}")
            self._frames[name] = self._source(name)
        return self._frames[name]

    @property
    def cpu(self) -> pd.DataFrame:
        """ns and share per CPU and context; adds up to the elapsed time."""
        return self.table("cpu")

    @property
    def queues(self) -> pd.DataFrame:
        """Frames per receive queue, with the law's terms as columns."""
        return self.table("queues")

    @property
    def latency(self) -> pd.DataFrame:
        """Buckets per part of the way and queue."""
        return self.table("latency")

    @property
    def drops(self) -> pd.DataFrame:
        """Frames per queue, layer and reason."""
        return self.table("drops")

    @property
    def flows(self) -> pd.DataFrame:
        """One row per flow."""
        return self.table("flows")

    @property
    def events(self) -> pd.DataFrame:
        """Interrupts, IPIs, wake-ups, migrations, in order of time."""
        return self.table("events")

    @property
    def counters(self) -> pd.DataFrame:
        """Every declared counter."""
        return self.table("counters")

    @cached_property
    def summary(self) -> pd.Series:
        """Every metric of `collectors.metrics.METRICS`, float64, by name; NaN where this ground has none."""
        tables = {name: self.table(name) for name in NEEDED if name in self.tables}
        values = metrics(tables, self.stats, self.rated_ns)
        return pd.Series(values, name=self.scenario.name or "run", dtype="float64")

    def percentile(self, percent: float | Sequence[float], part: str = "total") -> npt.NDArray[np.float64]:
        """Latency percentiles in ns, one per entry of `percent`; parts: nic, ring, stack, socket, total."""
        return latencies.percentile(self.latency, percent, part)

    @cached_property
    def provenance(self) -> Mapping[str, object]:
        """Scenario, seed, build and environment, as plain data."""
        environment = capture() if self._provenance is None else self._provenance
        return {
            "scenario_key": self.scenario.key(),
            "seed": self.scenario.seed,
            "build": _core.build(),
            "environment": environment.as_dict()
            if isinstance(environment, Environment)
            else dict(environment),
        }

    def __repr__(self) -> str:
        return run_text(self)

    def _repr_html_(self) -> str:
        return run_html(self)
