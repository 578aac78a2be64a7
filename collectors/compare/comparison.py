"""The runs of several scenarios, and what can be asked of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from collectors.columns import Clock
from collectors.compare.effect import Effect, effect
from collectors.compare.explain import Explanation, explain
from collectors.compare.record import KEPT, RunRecord
from collectors.compare.statistics import Interval, Method, Values, mean_interval
from collectors.datapath import latency as latencies
from collectors.live_run import DISTURBED, RealTime, loop
from collectors.metrics import METRICS, source
from engine.scenario import Scenario


@dataclass(frozen=True)
class Comparison:
    """Every scenario with every seed; the run is the unit of all statistics."""

    scenarios: Mapping[str, Scenario]
    runs: tuple[RunRecord, ...]
    """In the order of the scenarios, then of the repeats."""
    how: RealTime | None = None
    """How they were run in real time, if they were."""

    @property
    def clock(self) -> Clock:
        """Whose time it is."""
        return "virtual" if self.how is None else "real"

    @property
    def source(self) -> str:
        """Where figures that depend on time come from."""
        return self.source_of("delivered_pps")

    def source_of(self, metric: str) -> str:
        """Where a metric comes from. Raises KeyError."""
        return source(metric, self.clock)

    @property
    def loop(self) -> str:
        """How the load was offered."""
        return "open loop" if self.how is None else loop(self.how)

    @property
    def disturbed(self) -> tuple[RunRecord, ...]:
        """The runs in real time that lost more than a hundredth of their time to other work."""
        return tuple(run for run in self.runs if run.lost_share > DISTURBED)

    @property
    def said(self) -> str:
        """What goes with every figure: clock, load, and how many runs were disturbed."""
        marks = f", {len(self.disturbed)} of {len(self.runs)} runs disturbed" if self.how is not None else ""
        return f"clock {self.clock}, {self.loop}{marks}"

    @property
    def target(self) -> Mapping[str, Any] | None:
        """Settings of an interface, and how they were compared, as plain data; None: it is of scenarios."""
        return None

    @property
    def names(self) -> tuple[str, ...]:
        """The scenarios' names, in order."""
        return tuple(self.scenarios)

    @property
    def repeats(self) -> int:
        """Runs per scenario."""
        return len(self.runs) // max(len(self.scenarios), 1)

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row per run: name (str), repeat, seed (int64), and every metric (float64)."""
        rows = [{"name": r.name, "repeat": r.repeat, "seed": r.seed, **r.metrics} for r in self.runs]
        return pd.DataFrame(rows, columns=["name", "repeat", "seed", *METRICS]).astype(
            {"name": "str", "repeat": "int64", "seed": "int64", **dict.fromkeys(METRICS, "float64")}
        )

    @cached_property
    def summary(self) -> pd.DataFrame:
        """`summarise()` with t intervals at 95 %."""
        return self.summarise()

    def summarise(self, level: float = 0.95, method: str = "t") -> pd.DataFrame:
        """Mean over runs with its interval.

        Parameters
        ----------
        method : `t` or `bootstrap`.

        Returns
        -------
        One row per (name, metric): mean, low, high (float64), n (int64), unit, clock, source (str).
        """
        rows = []
        for name in self.names:
            for metric in METRICS.values():
                values = self.values(metric.name, name)
                found = mean_interval(values, level, method)
                rows.append(
                    (
                        name,
                        metric.name,
                        found.estimate,
                        found.low,
                        found.high,
                        len(values),
                        metric.unit,
                        self.clock,
                        self.source_of(metric.name),
                    )
                )
        columns = ["name", "metric", "mean", "low", "high", "n", "unit", "clock", "source"]
        return pd.DataFrame(rows, columns=columns).set_index(["name", "metric"])

    def interval(self, metric: str, name: str) -> Interval:
        """Mean of a metric over one scenario's runs with its t interval at 95 %. Raises KeyError."""
        return mean_interval(self.values(metric, name))

    def of(self, name: str) -> tuple[RunRecord, ...]:
        """The runs of one scenario. Raises KeyError naming those there are."""
        if name not in self.scenarios:
            raise KeyError(f"{name}: there are {', '.join(self.names)}")
        return tuple(run for run in self.runs if run.name == name)

    def values(self, metric: str, name: str) -> Values:
        """A metric's value in each run of one scenario, float64. Raises KeyError."""
        if metric not in METRICS:
            raise KeyError(f"{metric}: there are {', '.join(METRICS)}")
        return np.array([run.metrics[metric] for run in self.of(name)], dtype=np.float64)

    def effect(self, metric: str, a: str, b: str, *, level: float = 0.95, method: Method = "welch") -> Effect:
        """What going from `a` to `b` does to a metric. Raises KeyError, ValueError."""
        return effect(metric, (a, self.values(metric, a)), (b, self.values(metric, b)), level, method)

    def effects(
        self, metrics: Sequence[str], a: str, *, level: float = 0.95, method: Method = "welch"
    ) -> pd.DataFrame:
        """One row per metric and other scenario: every field of `Effect`, from `a` to that scenario."""
        found = [
            self.effect(metric, a, b, level=level, method=method)
            for metric in metrics
            for b in self.names
            if b != a
        ]
        return pd.DataFrame([{field: getattr(one, field) for field in Effect.__slots__} for one in found])

    def explain(self, a: str, b: str) -> Explanation:
        """Where the difference in CPU time per delivered frame, and so in delivered rate, comes from.

        Raises
        ------
        KeyError : no such scenario.
        ValueError : runs in real time have no ledger.
        """
        self.modelled("a ledger")
        return explain(self.of(a), self.of(b), names=(a, b))

    def modelled(self, what: str) -> None:
        """Raises ValueError for runs in real time: what a model knows they do not have."""
        if self.how is not None:
            raise ValueError(f"clock = real: must be virtual, whose model alone has {what}")

    @cached_property
    def tables(self) -> dict[str, pd.DataFrame]:
        """The kept tables of all runs, with columns name (str) and repeat (int64) in front."""
        kept = self.runs[0].tables if self.runs else KEPT
        return {table: self._stacked(table) for table in KEPT if table in kept}

    def _stacked(self, table: str) -> pd.DataFrame:
        parts = []
        for run in self.runs:
            part = run.tables[table]
            plain = part.astype(
                {c: "str" for c in part.columns if isinstance(part[c].dtype, pd.CategoricalDtype)}
            )
            plain.insert(0, "repeat", run.repeat)
            plain.insert(0, "name", run.name)
            parts.append(plain)
        stacked = pd.concat(parts, ignore_index=True)
        text = [c for c in stacked.columns if stacked[c].dtype == "str" and c != "name"]
        return stacked.astype(dict.fromkeys(text, "category") | {"name": "str", "repeat": "int64"})

    def latency(self, name: str) -> pd.DataFrame:
        """Latency buckets of all runs of one scenario added up: part, low_ns, high_ns, frames."""
        return latencies.merge(run.tables["latency"] for run in self.of(name))

    def __repr__(self) -> str:
        return f"<Comparison of {', '.join(self.names)}: {self.repeats} runs each, {self.said}>"

    def _repr_html_(self) -> str:
        shown = [
            "delivered_pps",
            "loss_ratio",
            "latency_p50_ns",
            "latency_p99_ns",
            "cpu_ns_per_frame",
            "busiest_cpu_share",
        ]
        wide = self.table.groupby("name", sort=False)[shown].mean()
        body: str = wide.to_html(float_format=lambda value: f"{value:,.4g}")
        said = self.said.replace(", ", " · ")
        return f"<div>{body}<small>means of {self.repeats} runs each · {said}</small></div>"
