"""`validate(calibration)`: prediction beside measurement, with residuals, and what they are worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from collectors.calibrate.equations import CALM
from collectors.calibrate.pace import PATIENCE_S, Pace, State
from collectors.calibrate.points import flows, mean_bytes
from collectors.validate.measure import measure
from collectors.validate.predict import predict
from collectors.validate.scenarios import LOADS, Case, paced_cases, throughput_cases
from engine.calibration import Calibration

BAR = 0.15
"""Throughput is to be predicted this well where it was not used for the calibration."""
PACED = ("64 B, 16 flows", "512 B, 16 flows", "1518 B, 16 flows")
"""Cases that are also run paced."""
APART = 0.05
"""Configurations whose throughputs differ by less are called equal: no pair."""
LEVEL = 0.9
"""Of the interval of what was measured."""
MOST_LOST = 0.02
"""Share of the time it wanted a CPU that a thread may have had none: a run that lost more is not counted."""
LEAST_ALONE = 2
"""Runs left alone without which all count."""
HIGHER_IS_CALMER = frozenset({"throughput_pps"})
"""Of other metrics the lower value is that of the calmer run."""

COLUMNS = {
    "case": "str",
    "metric": "str",
    "load": "float64",
    "used": "bool",
    "predicted": "float64",
    "measured": "float64",
    "low": "float64",
    "high": "float64",
    "runs": "int64",
    "disturbed": "bool",
    "residual": "float64",
}
"""`load`: share of the predicted most, NaN as fast as it goes; `used`: for the calibration, so not counted;
`measured`: of `runs` the quantile `CALM` from the calm end, `low` and `high` its interval; `disturbed`: too
few runs were left alone, so that all count; `residual`: predicted / measured - 1."""


@dataclass(frozen=True)
class Validation:
    """Prediction beside measurement. `table` has `COLUMNS`."""

    table: pd.DataFrame

    @property
    def judged(self) -> pd.DataFrame:
        """Throughputs that were not used for the calibration."""
        return self.table[(self.table["metric"] == "throughput_pps") & ~self.table["used"]]

    @property
    def pairs(self) -> pd.DataFrame:
        """Pairs of judged cases that are `APART` and whose intervals do not touch: was their order predicted?

        Columns `faster`, `slower` (as measured), `measured_ratio`, `predicted_ratio`, `agree`.
        """
        rows = []
        for one, other in combinations(self.judged.to_dict(orient="records"), 2):
            fast, slow = (one, other) if one["measured"] > other["measured"] else (other, one)
            ratio = fast["measured"] / slow["measured"]
            if ratio > 1.0 + APART and fast["low"] > slow["high"]:
                predicted = fast["predicted"] / slow["predicted"]
                rows.append((fast["case"], slow["case"], ratio, predicted, predicted > 1.0))
        return pd.DataFrame(
            rows, columns=["faster", "slower", "measured_ratio", "predicted_ratio", "agree"]
        ).astype({"measured_ratio": "float64", "predicted_ratio": "float64", "agree": "bool"})

    @property
    def far(self) -> pd.DataFrame:
        """Pairs further apart than `BAR`: nearer ones a prediction that good does not tell apart."""
        return self.pairs[self.pairs["measured_ratio"] > 1.0 + BAR]

    @property
    def in_order(self) -> bool:
        """Whether every far pair was put in the right order."""
        return bool(self.far["agree"].all())

    @property
    def score(self) -> pd.Series:
        """How well it went, float64, by name; NaN where there was nothing to judge."""
        residuals, pairs = self.judged["residual"].abs(), self.pairs
        return pd.Series(
            {
                "cases": float(len(residuals)),
                "within_bar": float((residuals <= BAR).mean()),
                "median_residual": float(residuals.median()),
                "worst_residual": float(residuals.max()),
                "pairs": float(len(pairs)),
                "pairs_in_order": float(pairs["agree"].mean()),
                "far_pairs": float(len(self.far)),
                "far_in_order": float(self.far["agree"].mean()),
                "disturbed": float(self.judged["disturbed"].mean()),
            },
            dtype="float64",
        )


def validate(
    calibration: Calibration,
    *,
    repeats: int = 9,
    frames: int = 200_000,
    loads: Sequence[float] = LOADS,
    quick: bool = False,
    patience_s: float = PATIENCE_S,
    progress: bool = True,
) -> Validation:
    """Run the fixed set of cases both ways.

    Parameters
    ----------
    repeats : runs of each case in real time, in turn.
    frames : of a run as fast as it goes.
    loads : shares of the predicted most at which some cases are paced.
    quick : a few cases.
    patience_s : seconds waited in all for the machine to be as it was when it was calibrated.

    Raises
    ------
    ValueError : fewer than 2 repeats, or a calibration without `[nic]`.
    ScenarioError : this machine has one CPU.
    """
    if repeats < 2:
        raise ValueError(f"repeats = {repeats}: must be 2 or more, an interval needs them")
    cases = throughput_cases(frames, quick=quick)
    predicted = {case.name: predict(case, calibration) for case in cases}
    capacities = [
        (case, _made_pps(case, predicted[case.name], calibration)) for case in cases if case.name in PACED
    ]
    paced = paced_cases(capacities, loads)
    predicted |= {case.name: predict(case, calibration) for case in paced}
    pace = Pace(_state(calibration), patience_s)
    return compared((*cases, *paced), predicted, measure((*cases, *paced), repeats, pace, progress=progress))


def _state(calibration: Calibration) -> State | None:
    """The state the machine was in; None if the calibration does not say."""
    told = calibration.provenance.get("pace")
    return State(**told) if isinstance(told, dict) else None


def _made_pps(case: Case, predicted: Mapping[str, float], calibration: Calibration) -> float:
    """What the path takes of frames that are made as they are due."""
    assert calibration.nic is not None
    made_ns = calibration.nic.ns(mean_bytes(case.scenario), flows(case.scenario), made=True)
    return min(predicted["throughput_pps"], 1e9 / made_ns)


def compared(
    cases: Sequence[Case], predicted: Mapping[str, Mapping[str, float]], measured: pd.DataFrame
) -> Validation:
    """Predictions by case and metric beside what `collectors.validate.measure` gives."""
    rows = []
    of_case = {str(name): rows for name, rows in measured.groupby("case")}
    for case in cases:
        for metric, runs in of_case[case.name].groupby("metric"):
            alone = runs[(runs["lost_share"] <= MOST_LOST) & runs["steady"]]
            disturbed = len(alone) < LEAST_ALONE
            counted = runs if disturbed else alone
            share = 1.0 - CALM if metric in HIGHER_IS_CALMER else CALM
            middle, low, high = quantile_interval(counted["value"].to_numpy(), share)
            expected = predicted[case.name][str(metric)]
            load = float("nan") if case.load is None else case.load
            found = (middle, low, high, len(counted), disturbed, expected / middle - 1.0)
            rows.append((case.name, metric, load, case.used, expected, *found))
    return Validation(pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS))


def quantile_interval(values: np.ndarray, share: float, level: float = LEVEL) -> tuple[float, float, float]:
    """A quantile, and the interval of that of resamples (seeded)."""
    generator = np.random.default_rng(1)
    drawn = values[generator.integers(0, len(values), (2000, len(values)))]
    low, high = np.quantile(np.quantile(drawn, share, axis=1), [(1 - level) / 2, (1 + level) / 2])
    middle = float(np.quantile(values, share))
    return middle, min(float(low), middle), max(float(high), middle)
